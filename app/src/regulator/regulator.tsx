// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The regulator's view: verify one attestation, or look at a subject's whole record; all verification happens in this page.
 *
 * @module
 */

import { inputError } from "@keel/verifier";
import type { JSX } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import type { PublicClient } from "viem";
import { BasisWords } from "../basis.js";
import { readsOf } from "../chain.js";
import { hasDevelopmentKeys } from "../circuits.js";
import type { ConsoleConfig } from "../config.js";
import { FileDrop, OpenList } from "../drop.js";
import type { NamedText } from "../named.js";
import type { PageProps } from "../page-props.js";
import {
  AllowInsecure,
  DevelopmentKey,
  DoesNotSay,
  Facts,
  Field,
  FoldOnPhone,
  Hash,
  PolicyWords,
  Problem,
  Section,
  Verdict,
} from "../parts.js";
import { readAddresses } from "../read.js";
import { linkTo } from "../route.js";
import { chooseWallet, chosenNode, chosenWallet, nodeKey } from "../session.js";
import { useWallets, WalletChoice } from "../wallets.js";
import { LookProgress, MOST_FUNDS, Records, useLook } from "./funds.js";
import {
  closeEvidence,
  EVIDENCE_KINDS,
  type Evidence,
  type EvidenceKind,
  type Finding,
  openEvidence,
  verifyEvidence,
} from "./verify.js";

/** The view. */
export function Regulator({ config }: Pick<PageProps, "config">): JSX.Element {
  const wallets = useWallets(config);
  const wallet = chosenWallet.useValue();
  const node = nodeKey(chosenNode.useValue());
  const client = useMemo(() => readsOf(config, wallet), [config, wallet, node]);
  const looking = useLook();
  return (
    <>
      {config === undefined && wallets.length > 0 ? (
        <Section title="Which chain" class="no-print">
          <p>This host knows no chain. Files are verified without one; a wallet can reach one.</p>
          <WalletChoice wallets={wallets} chosen={wallet} onChoose={chooseWallet} />
        </Section>
      ) : null}
      <OneAttestation
        client={client}
        home={config}
        isFolded={looking.step !== undefined || looking.found.length > 0}
      />
      <Look client={client} config={config} looking={looking} />
    </>
  );
}

function OneAttestation(props: {
  readonly client: PublicClient | undefined;
  readonly home: ConsoleConfig | undefined;
  /** On a phone, where a record stands below. */
  readonly isFolded: boolean;
}): JSX.Element {
  const { client, home, isFolded } = props;
  const id = useId();
  const [evidence, setEvidence] = useState<Evidence>({});
  const [pasted, setPasted] = useState("");
  const [allowInsecure, setAllowInsecure] = useState(false);
  const [busy, setBusy] = useState(false);
  const [finding, setFinding] = useState<Finding | undefined>();
  const [error, setError] = useState<unknown>();
  /** What was found out is about what was there then. */
  const forget = (): void => {
    setFinding(undefined);
    setError(undefined);
  };
  const add = (texts: readonly NamedText[]): void => {
    forget();
    try {
      setEvidence(openEvidence(evidence, texts));
    } catch (reason) {
      setError(reason);
    }
  };
  const verify = async (): Promise<void> => {
    forget();
    setBusy(true);
    try {
      const all = pasted.trim() === "" ? evidence : openEvidence(evidence, [{ name: "", text: pasted }]);
      setFinding(await verifyEvidence(all, { client, home, allowInsecure }));
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Section title="One attestation" class="no-print">
      <FoldOnPhone title="Paste or open it, and verify" open={!isFolded}>
        <div class="open-row">
          <div class="field">
            <label for={id}>Paste an attestation</label>
            <textarea
              id={id}
              value={pasted}
              spellcheck={false}
              onInput={(event) => {
                forget();
                setPasted(event.currentTarget.value);
              }}
            />
          </div>
          <FileDrop
            label="Or drop or open files"
            hint={`The attestation; your own policy, market and tables${client === undefined ? "" : ", or the registry's are used"}. They are read here and go nowhere.`}
            onTexts={add}
            onError={(reason) => {
              forget();
              setError(reason);
            }}
            isAnywhere
          />
        </div>
        <OpenList
          files={listed(evidence)}
          onClose={(kind) => {
            forget();
            setEvidence(closeEvidence(evidence, kind as EvidenceKind));
          }}
        />
        <div class="actions">
          <button type="button" class="primary" disabled={busy} onClick={() => void verify()}>
            {busy ? "Verifying…" : "Verify"}
          </button>
          {hasDevelopmentKeys() ? (
            <AllowInsecure checked={allowInsecure} onChange={setAllowInsecure} />
          ) : null}
        </div>
        <Problem error={error} />
        {finding === undefined ? null : <FindingText finding={finding} />}
      </FoldOnPhone>
    </Section>
  );
}

function listed(evidence: Evidence) {
  const open = EVIDENCE_KINDS.filter((kind) => evidence[kind] !== undefined);
  return open.map((kind) => ({ key: kind, name: evidence.names?.[kind] || kind, says: kind }));
}

function FindingText({ finding }: { readonly finding: Finding }): JSX.Element {
  const { verified, lead, limits, evidence, basis, where, until } = finding;
  return (
    <div class="result" role="status">
      {verified.insecure ? <DevelopmentKey /> : null}
      <p>
        <Word finding={finding} /> Verified in this page.
      </p>
      <p class="says">{lead}</p>
      <FoldOnPhone title={`The ${limits.length} limits, each a sentence`}>
        <PolicyWords lines={limits} />
      </FoldOnPhone>
      <FoldOnPhone title="By whose word they are judged">
        <PolicyWords lines={evidence} />
        <BasisWords basis={basis} />
      </FoldOnPhone>
      <Facts
        rows={[
          [
            "Policy id",
            <span key="policy">
              <Hash value={verified.policyId} />{" "}
              <a href={linkTo({ name: "policy", id: verified.policyId })}>The policy</a>
            </span>,
          ],
          [
            "Manager",
            <span key="subject">
              <Hash value={verified.subject} what="address" />{" "}
              <a href={linkTo({ name: "subject", address: verified.subject })}>The record</a>
            </span>,
          ],
          ["Where", where],
          ["Until", until],
        ]}
      />
      <DoesNotSay verified={verified} />
    </div>
  );
}

/** "VALID" only by tables that were published: who chooses the prices chooses what can be proven. */
function Word({ finding: { published, expired, verified } }: { readonly finding: Finding }): JSX.Element {
  if (!published) {
    return (
      <Verdict>
        The proof holds, by the market you gave. Whether anybody published that market only the chain knows.
      </Verdict>
    );
  }
  return (
    <Verdict ok={!expired} insecure={verified.insecure}>
      {expired ? "VALID, but expired" : "VALID"}
    </Verdict>
  );
}

function Look(props: {
  readonly client: PublicClient | undefined;
  readonly config: ConsoleConfig | undefined;
  readonly looking: ReturnType<typeof useLook>;
}): JSX.Element {
  const { client, config, looking } = props;
  const [registry, setRegistry] = useState<string>(config?.registry ?? "");
  const [subjects, setSubjects] = useState<string>(config?.subject ?? "");
  const [problem, setProblem] = useState<unknown>();
  const { step, found, error, look, cancel } = looking;
  const begin = (): void => {
    setProblem(undefined);
    try {
      void look({ client: client!, config, registry, subjects: readSubjects(subjects) });
    } catch (reason) {
      setProblem(reason);
    }
  };
  return (
    <>
      <Section title="Managers' records" class="no-print">
        {client === undefined ? (
          <p class="empty">
            No chain can be reached from here: this host knows none, and no wallet is chosen.
          </p>
        ) : (
          <form
            class="actions"
            onSubmit={(event) => {
              event.preventDefault();
              begin();
            }}
          >
            <Field label="Registry" value={registry} onInput={setRegistry} mono class="wide" />
            <Field
              label="Subject"
              value={subjects}
              onInput={setSubjects}
              hint={`A manager's address; up to ${MOST_FUNDS}, apart by spaces, are put side by side`}
              mono
              class="wide"
            />
            <button type="submit" class="primary" disabled={step !== undefined}>
              Look
            </button>
          </form>
        )}
        <LookProgress step={step} onCancel={cancel} />
        <Problem error={problem ?? error} />
      </Section>
      <Records found={found} />
    </>
  );
}

/** @throws KeelError `input.address`, `input.checksum`, `look.many` */
function readSubjects(text: string): ReturnType<typeof readAddresses> {
  const found = readAddresses(text, "subject");
  if (found.length <= MOST_FUNDS) return found;
  throw inputError("look.many", "subject", `at most ${MOST_FUNDS} addresses`, `${found.length}`);
}
