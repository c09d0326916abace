// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The subject's declared accounts at the registry: whether it knows them, and declaring them. What is sent is a commitment
 * that hides the list; the list and its salt are saved first, for without them no proof can follow.
 *
 * @module
 */

import { type Enrolment, enrolmentCommitment, formatEnrolment, newEnrolment, randomSalt } from "@keel/prover";
import { inputError } from "@keel/verifier";
import { enrol } from "@keel/verifier/chain";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { hostRegistry, walletOn } from "../chain.js";
import type { ConsoleConfig } from "../config.js";
import { Problem, useWork } from "../parts.js";
import { chooseWallet, chosenWallet } from "../session.js";
import { useWallets, WalletChoice } from "../wallets.js";
import type { Book } from "./book.js";
import { Keep } from "./keep.js";
import { type RegistryFacts, standingOf, standingText } from "./preflight.js";

/** Whose accounts, and where. */
export interface DeclareProps {
  readonly book: Book;
  readonly config: ConsoleConfig;
  /** What the registry knows; absent while it is asked. */
  readonly facts: RegistryFacts | undefined;
  /** It did not answer, and its error stands above. */
  readonly isSilent: boolean;
  /** A list was made to be declared, and saved. */
  readonly onEnrolment: (enrolment: Enrolment) => void;
  /** Another list was declared. */
  readonly onDeclared: () => void;
}

/** The part of the view. */
export function Declare(props: DeclareProps): JSX.Element {
  const { facts, isSilent } = props;
  if (facts === undefined) return <p role="status">{isSilent ? "" : "Asking the registry…"}</p>;
  const standing = standingOf(facts.status, facts.roots.enrolment);
  const isSettled = standing === "declared" || standing === "announced";
  return (
    <>
      <p role="status">{standingText(standing, facts.status)}</p>
      {isSettled ? null : <DeclareForm {...props} isFirst={standing === "none"} />}
    </>
  );
}

function DeclareForm(props: DeclareProps & { readonly isFirst: boolean }): JSX.Element {
  const { book, config, isFirst, onEnrolment, onDeclared } = props;
  const { snapshot, enrolment, policy } = book;
  const { accounts } = enrolment ?? snapshot;
  const wallets = useWallets(config);
  const chosen = chosenWallet.useValue();
  const [fresh, setFresh] = useState<Enrolment | undefined>();
  useEffect(() => setFresh(undefined), [snapshot, policy]);
  const { busy, error, run } = useWork();
  const list = (): Enrolment => {
    if (enrolment !== undefined) return enrolment;
    const made = fresh ?? newEnrolment(snapshot, policy, randomSalt());
    setFresh(made);
    return made;
  };
  const declare = async (): Promise<void> => {
    if (chosen === undefined) throw inputError("wallet.none", "wallet", "the subject's wallet", "none");
    const registry = await hostRegistry(config);
    const wallet = await walletOn(chosen, registry.chainId);
    const { address } = wallet.account;
    if (address.toLowerCase() !== snapshot.subject)
      throw inputError("wallet.account", "wallet", `the subject, ${snapshot.subject}`, address);
    await enrol(registry, wallet, enrolmentCommitment(enrolment!));
    onDeclared();
  };
  return (
    <>
      <p>
        The subject's own wallet declares {accounts.map(({ id, source }) => `${id} at ${source}`).join(", ")}:
        no other source can sign for an account from then on. What is sent hides the list.{" "}
        {isFirst ? "" : "Another list than the first counts only after the registry's delay."}
      </p>
      {enrolment !== undefined ? null : (
        <Keep
          what="list of accounts (secret)"
          name={`enrolment-${snapshot.subject.slice(2, 10)}.json`}
          text={() => formatEnrolment(list())}
          why="The list is saved before it is declared: without it no proof can follow."
          isKept={false}
          onKept={(isKept) => {
            if (isKept) onEnrolment(list());
          }}
        />
      )}
      <div class="actions">
        <WalletChoice wallets={wallets} chosen={chosen} onChoose={chooseWallet} />
        <button
          type="button"
          class={isFirst ? "primary" : ""}
          disabled={busy || enrolment === undefined}
          data-act
          onClick={() => void run(declare)}
        >
          {busy ? "Declaring…" : "Declare"}
        </button>
      </div>
      <Problem error={error} />
    </>
  );
}
