// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A proof in the page's memory, and what has become of it: whether what the next proof needs is saved, and whether the registry
 * took it. Nothing of a proof for a registry leaves the page before its state is saved: with the attestation out, and the state lost,
 * the subject's drawdown chain could not go on.
 *
 * @module
 */

import type { ProvenAttestation } from "@keel/prover";
import type { Receipt } from "@keel/verifier/chain";

/** A proof, and what has become of it. */
export interface Made {
  readonly proven: ProvenAttestation;
  /** How long it took. */
  readonly ms: number;
  /** It counts at a registry. */
  readonly isBound: boolean;
  /** Its state follows from the seed that is open: the chain and the seed bring it back. */
  readonly isSeeded: boolean;
  /** The user has the state as a file. */
  readonly isKept: boolean;
  readonly receipt?: Receipt;
}

/** Whether its attestation may leave the page. */
export function mayLeave({ isBound, isSeeded, isKept }: Made): boolean {
  return !isBound || isSeeded || isKept;
}

/** Whether something is lost when the page is left now. */
export function isUnsaved(made: Made | undefined): boolean {
  return made !== undefined && !mayLeave(made);
}

/** A state's file: whose, and which step of the chain it is, so that the latest is found among many. */
export function stateFileName({ attestation, state }: ProvenAttestation): string {
  return `state-${attestation.subject.slice(2, 10)}-${state.epoch}.json`;
}

const warn = (event: BeforeUnloadEvent): void => {
  event.preventDefault();
  // Chrome before 119 and Safari ask only for this.
  event.returnValue = true;
};

/** Has the browser ask before the page is left; the same listener is never there twice. */
export function holdPage(isHeld: boolean): void {
  if (isHeld) window.addEventListener("beforeunload", warn);
  else window.removeEventListener("beforeunload", warn);
}
