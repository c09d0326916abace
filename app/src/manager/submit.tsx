// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A proof leaves the page: its state is saved first, then the attestation is saved or submitted.
 *
 * @module
 */

import { formatEnrolment, formatState } from "@keel/prover";
import { type Attestation, formatAttestation, inputError } from "@keel/verifier";
import { submitAttestation } from "@keel/verifier/chain";
import { span, utc } from "@keel/verifier/text";
import { formatOpening } from "keel/opening";
import type { JSX } from "preact";
import { BESIDE, BESIDE_WORDS } from "../beside.js";
import { hostRegistry, walletOn } from "../chain.js";
import type { ConsoleConfig } from "../config.js";
import { DevelopmentKey, Facts, Hash, Problem, saveText, useWork } from "../parts.js";
import { chooseWallet, chosenWallet } from "../session.js";
import { useWallets, WalletChoice } from "../wallets.js";
import type { Book } from "./book.js";
import { Keep } from "./keep.js";
import { type Made, mayLeave, stateFileName } from "./made.js";

/** A proof of a book, and what is done with it. */
export interface SubmitProps {
  readonly made: Made;
  readonly book: Book;
  readonly config: ConsoleConfig | undefined;
  readonly onMade: (made: Made) => void;
}

/** The part of the view. */
export function Submit({ made, book, config, onMade }: SubmitProps): JSX.Element {
  const { proven, isBound, isSeeded, isKept } = made;
  const { attestation, state } = proven;
  return (
    <div class="result" aria-live="polite">
      {isInsecure(attestation) ? <DevelopmentKey /> : null}
      <p>
        Proved in {(made.ms / 1000).toFixed(1)} s and verified
        {proofsText(attestation)}. {attestation.subject} respects policy “{book.policy.name}” as of{" "}
        {utc(attestation.asOf)}.
      </p>
      <Facts
        rows={[
          ["Policy id", <Hash key="policy" value={attestation.policyId} />],
          ["Expires", expiryOf(attestation, book)],
          ["Digest", <Hash key="digest" value={attestation.digest.toString()} />],
        ]}
      />
      {!isBound ? null : isSeeded ? (
        <p>The state follows from the seed that is open: the seed and the chain bring it back.</p>
      ) : (
        <Keep
          what="next state (secret)"
          name={stateFileName(proven)}
          text={() => formatState(state)}
          why="The next proof goes on from this state. It is saved before the attestation leaves the page: were the attestation out and the state lost, only a guardian could let the drawdown chain begin anew."
          isKept={isKept}
          onKept={(kept) => onMade({ ...made, isKept: kept })}
        />
      )}
      <Files made={made} />
      {config === undefined || !isBound ? null : <Send config={config} made={made} onMade={onMade} />}
    </div>
  );
}

function expiryOf({ asOf }: Attestation, { policy: { validity } }: Book): string {
  return `${utc(asOf + validity)}, ${span(validity)} after the snapshot`;
}

/** Which proofs it has, where they are several. */
function proofsText(attestation: Attestation): string {
  const beside = BESIDE.filter((name) => attestation[name] !== undefined);
  const all = ["a proof of health", ...beside.map((name) => `one of ${BESIDE_WORDS[name]}`)];
  return beside.length === 0 ? "" : `: ${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

function isInsecure(attestation: Attestation): boolean {
  return attestation.insecure || BESIDE.some((name) => attestation[name]?.insecure === true);
}

function Files({ made }: { readonly made: Made }): JSX.Element {
  const { proven, isBound } = made;
  const { attestation, enrolment, state } = proven;
  const mark = attestation.subject.slice(2, 10);
  return (
    <>
      <div class="actions">
        <button
          type="button"
          class={isBound ? "" : "primary"}
          disabled={!mayLeave(made)}
          data-act={isBound ? undefined : true}
          onClick={() => saveText(`attestation-${mark}-${state.epoch}.json`, formatAttestation(attestation))}
        >
          Save attestation
        </button>
        {isBound ? null : (
          <button type="button" onClick={() => saveText(stateFileName(proven), formatState(state))}>
            Save next state (secret)
          </button>
        )}
        <button type="button" onClick={() => saveText(`enrolment-${mark}.json`, formatEnrolment(enrolment))}>
          Save declared accounts (secret)
        </button>
        <button
          type="button"
          onClick={() => saveText(`opening-${mark}-${state.epoch}.json`, formatOpening(proven))}
        >
          Save opening (secret)
        </button>
      </div>
      <p class="note">
        The attestation is public. State and declared accounts are secret, and the next proof for the same
        registry needs them. The opening is secret: its salts open the attestation's two commitments, each its
        own.
      </p>
    </>
  );
}

function Send(props: {
  readonly config: ConsoleConfig;
  readonly made: Made;
  readonly onMade: SubmitProps["onMade"];
}): JSX.Element {
  const { config, made, onMade } = props;
  const { receipt, proven } = made;
  const wallets = useWallets(config);
  const chosen = chosenWallet.useValue();
  const { busy, error, run } = useWork();
  const submit = async (): Promise<void> => {
    if (chosen === undefined) throw inputError("wallet.none", "wallet", "a wallet to send with", "none");
    const registry = await hostRegistry(config);
    const wallet = await walletOn(chosen, registry.chainId);
    onMade({ ...made, receipt: await submitAttestation(registry, wallet, proven.attestation) });
  };
  const isReady = mayLeave(made);
  return (
    <div class="submit">
      <h3>Submit to the registry</h3>
      <p>
        Any account may send it: the proof is bound to its subject. What is sent is the attestation.
        {isReady ? "" : " First the state is saved."}
      </p>
      <div class="actions">
        <WalletChoice wallets={wallets} chosen={chosen} onChoose={chooseWallet} />
        <button
          type="button"
          class="primary"
          disabled={busy || receipt !== undefined || !isReady}
          data-act
          onClick={() => void run(submit)}
        >
          {busy ? "Submitting…" : "Submit"}
        </button>
      </div>
      <Problem error={error} />
      {receipt === undefined ? null : (
        <p role="status">
          {receipt.already === true ? "Attested by somebody else" : "Attested"}: the registry says healthy (
          {receipt.gasUsed.toString()} gas).
        </p>
      )}
    </div>
  );
}
