// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The subject's declared accounts at the registry: whether it knows them, and declaring them. What is sent is a commitment
 * that hides the list; the list and its salt are saved first, for without them no proof can follow.
 *
 * @module
 */

import { type Enrolment, enrolmentCommitment, formatEnrolment, newEnrolment, randomSalt } from "@keel/prover";
import { inputError, policyId, policyTerms } from "@keel/verifier";
import { enrol, type Status, statusOf } from "@keel/verifier/chain";
import { utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { hostRegistry, walletOn } from "../chain.js";
import type { ConsoleConfig } from "../config.js";
import { Problem, Section, saveText, useWork } from "../parts.js";
import { type InjectedWallet, useWallets, WalletChoice } from "../wallets.js";
import type { Book } from "./book.js";

/** Whose accounts, and where. */
export interface DeclareProps {
  readonly book: Book;
  readonly config: ConsoleConfig;
  /** A list was made to be declared. */
  readonly onEnrolment: (enrolment: Enrolment) => void;
}

/** The part of the view. */
export function Declare({ book, config, onEnrolment }: DeclareProps): JSX.Element {
  const { snapshot, policy, market, enrolment } = book;
  const [status, setStatus] = useState<Status | undefined>();
  const reading = useWork();
  const read = async (): Promise<void> => {
    const id = policyId(policyTerms(policy, market));
    setStatus(await statusOf(await hostRegistry(config), snapshot.subject, id));
  };
  useEffect(() => {
    setStatus(undefined);
    void reading.run(read);
  }, [config, snapshot.subject]);
  const standing = status === undefined ? undefined : standingOf(status, enrolment);
  return (
    <Section title="Declared accounts">
      <p role="status">{standing === undefined ? "Asking the registry…" : standingText(standing, status!)}</p>
      <Problem error={reading.error} />
      {standing === undefined || standing === "declared" || standing === "announced" ? null : (
        <DeclareForm
          book={book}
          config={config}
          isFirst={standing === "none"}
          onEnrolment={onEnrolment}
          onDeclared={read}
        />
      )}
    </Section>
  );
}

/** How the registry's list stands to the opened one. */
type Standing = "none" | "declared" | "announced" | "notOpened" | "another";

function standingOf({ enrolment, pendingEnrolment }: Status, opened: Enrolment | undefined): Standing {
  if (enrolment === undefined) return "none";
  if (opened === undefined) return "notOpened";
  const commitment = enrolmentCommitment(opened);
  if (commitment === enrolment) return "declared";
  return commitment === pendingEnrolment?.enrolment ? "announced" : "another";
}

function standingText(standing: Standing, { subject, pendingEnrolment }: Status): string {
  switch (standing) {
    case "none":
      return `The registry takes no attestation of ${subject} before it has declared its accounts.`;
    case "declared":
      return "The registry knows these accounts: every proof covers exactly them.";
    case "announced":
      return `The registry knows another list. This one counts from ${utc(pendingEnrolment!.liveAt)}.`;
    case "notOpened":
      return "The registry knows a list of accounts: open the enrolment file that was saved when it was declared.";
    case "another":
      return "The registry knows another list than the enrolment that is open, and refuses proofs of this one.";
  }
}

function DeclareForm(
  props: DeclareProps & { readonly isFirst: boolean; readonly onDeclared: () => Promise<void> },
): JSX.Element {
  const { book, config, isFirst, onEnrolment, onDeclared } = props;
  const { snapshot, enrolment } = book;
  const { accounts } = enrolment ?? snapshot;
  const wallets = useWallets(config);
  const [chosen, setChosen] = useState<InjectedWallet | undefined>();
  const { busy, error, run } = useWork();
  const declare = async (): Promise<void> => {
    if (chosen === undefined) throw inputError("wallet.none", "wallet", "the subject's wallet", "none");
    const registry = await hostRegistry(config);
    const wallet = await walletOn(chosen, registry.chainId);
    const { address } = wallet.account;
    if (address.toLowerCase() !== snapshot.subject)
      throw inputError("wallet.account", "wallet", `the subject, ${snapshot.subject}`, address);
    const list = enrolment ?? newEnrolment(snapshot, book.policy, randomSalt());
    if (enrolment === undefined) {
      saveText("enrolment.json", formatEnrolment(list));
      onEnrolment(list);
    }
    await enrol(registry, wallet, enrolmentCommitment(list));
    await onDeclared();
  };
  return (
    <>
      <p>
        The subject's own wallet declares {accounts.map(({ id, source }) => `${id} at ${source}`).join(", ")}:
        no other source can sign for an account from then on. What is sent hides the list.{" "}
        {enrolment === undefined ? "The list is saved first; keep it secret, and do not lose it. " : ""}
        {isFirst ? "" : "Another list than the first counts only after the registry's delay."}
      </p>
      <div class="actions">
        <WalletChoice wallets={wallets} chosen={chosen} onChoose={setChosen} />
        <button
          type="button"
          class={isFirst ? "primary" : ""}
          disabled={busy}
          onClick={() => void run(declare)}
        >
          {busy ? "Declaring…" : enrolment === undefined ? "Save and declare" : "Declare"}
        </button>
      </div>
      <Problem error={error} />
    </>
  );
}
