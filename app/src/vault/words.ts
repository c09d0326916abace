// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What went wrong, for somebody who deposits: what it means for his money, and what he can do.
 *
 * @module
 */

import { asKeelError } from "@keel/verifier/errors";

const WORDS: Readonly<Record<string, string>> = {
  "registry.notHealthy":
    "The vault takes no deposits now, because its manager has no live attestation. Nothing was sent. Withdrawals work.",
  "registry.depositsClosed":
    "The vault takes no deposit requests now. Nothing was sent. You can ask for your money back all the same.",
  "registry.windingDown":
    "The vault is being wound down: it takes no more requests. Give up your shares to be paid your part.",
  "registry.tooLateToCancel":
    "The period of this request is over, so it stands: it will be settled at the next proven value. Nothing was sent.",
  "registry.nothingPending": "This request was settled or taken back already. Nothing was sent.",
  "registry.noProvenValue":
    "Requests cannot be settled yet: the manager has no live proof of what the fund is worth. Nothing was sent.",
  "registry.unfitSnapshot":
    "Requests cannot be settled yet: the latest proof is of a time before they were asked for, or too old. Nothing was sent.",
  "registry.foreignUnits":
    "Requests cannot be settled: the proof counts other units than this vault's shares. Ask the vault's owner.",
  "registry.tooManyRequests":
    "You have as many open requests as one may have. Claim what was settled, or take one back.",
  "registry.moreThanClaimable": "There is less to claim than that. Nothing was sent.",
  "registry.nothingAsked": "An amount of zero asks for nothing. Enter how much.",
  "registry.foreign":
    "This vault asks another registry than the one you expect. What it says of its manager is worth nothing to you.",
  "registry.missing": "There is no registry at that address on this chain.",
  "vault.missing":
    "There is none of Keel's vaults at this address. Check it, and that the chain is the right one.",
  "vault.balance": "That is more than there is, or nothing at all. Nothing was sent.",
  "vault.asset": "The vault's asset says nonsense of itself. Do not use this vault.",
  "wallet.refused": "The wallet gave no account. Allow this page to see one, and try again.",
  "wallet.declined": "You declined in the wallet. Nothing was sent.",
  "wallet.none": "Choose a wallet first.",
  "chain.id": "The wallet is on another chain. Switch it, and try again. Nothing was sent.",
  "chain.call":
    "The chain did not answer. Nothing is known of what you asked: look again before you repeat it.",
  "chain.reverted": "The transaction was included and failed: your money is where it was, less the gas.",
  "chain.removed": "The chain took the transaction back. Look at your balance before you repeat it.",
  "chain.confirmations":
    "The transaction was sent, and is not confirmed yet. Look again before you repeat it.",
  "input.decimal": "This is no amount that can be sent. Write digits, with a point before the fraction.",
  "input.address": "This is no address: one is 0x and 40 hexadecimal digits.",
  "input.checksum":
    "A letter of this address is wrong or in the wrong case. Copy it again, from where you trust it.",
};

/** A contract's own refusal, where nothing more is known of it. */
const REFUSED = "The contract refused. Nothing was sent.";

/** What is said first. */
export interface DepositorWords {
  readonly says?: string;
  /** They say what to do as well. */
  readonly isWhole: boolean;
}

/** In words; nothing where the error's own text has to do. */
export function depositorWords(error: unknown): DepositorWords {
  const { code } = asKeelError(error);
  if (Object.hasOwn(WORDS, code)) return { says: WORDS[code]!, isWhole: true };
  return code.startsWith("registry.") ? { says: REFUSED, isWhole: false } : { isWhole: false };
}
