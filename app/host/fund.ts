// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A fund on the local chain whose strategy vault is settled by proofs of its value. The first value is proven while people look already:
 * a proof takes seconds.
 *
 * @module
 */

import { ensureCircuit } from "@keel/circuits";
import { createProver } from "@keel/engine";
import { formatEnrolment, formatSeed, newSeed } from "@keel/prover";
import { submitAttestation } from "@keel/verifier/chain";
import type { Address, Hex } from "viem";
import {
  addressOf,
  DISCLOSURE,
  FUND,
  type Fund,
  openFund,
  type Provers,
  proveFund,
  signFund,
} from "../../examples/demo/fund.js";
import { CAST, CIRCUIT, type World } from "../../examples/demo/world.js";

/** What its proofs are made with, the health proof's first. */
export const FUND_CIRCUITS = [CIRCUIT, DISCLOSURE] as const;

const HOUR = 3_600;
const DAY = 24 * HOUR;
const TERMS = {
  ...{ validity: DAY, dealingPeriod: HOUR, grace: 7 * DAY },
  ...{ managementFee: 0, performanceFee: 0 },
};
/** With what is at the exchange, a million dollars are behind a million shares. */
const PURSES = { custody: "703248", alice: "300000" } as const;

/** The fund, and what a page's host does with it. */
export interface LocalFund {
  readonly vault: Address;
  readonly subject: Address;
  readonly depositor: Address;
  readonly policyId: Hex;
  /** Its policy, and a market that it fits, as texts. */
  readonly policy: { readonly policy: string; readonly market: string };
  /** Its files of this moment, with what proofs go on from: the accounts, and the seed of all states. */
  files(): Promise<Readonly<Record<string, string>>>;
  /** Proves its value and attests it. */
  begin(): Promise<void>;
}

/** Opens it: a policy that shows a value, a vault that follows it, and somebody who has coins. */
export async function openLocalFund(world: Pick<World, "stage" | "registry" | "keyOf">): Promise<LocalFund> {
  const fund = await openFund(world, TERMS, PURSES);
  const seed = newSeed();
  const { policy, market } = (await signFund(fund)).texts;
  const secrets = { enrolment: formatEnrolment(fund.enrolment), seed: formatSeed(seed) };
  return {
    vault: fund.vault.address,
    subject: FUND.subject,
    depositor: addressOf(fund, "alice"),
    policyId: fund.policyId,
    policy: { policy, market },
    files: async () => ({ ...(await signFund(fund)).texts, ...secrets }),
    begin: async () => {
      const { attestation } = await withProvers((provers) => proveFund(fund, provers, { seed }));
      await submitAttestation(fund.registry, relayerOf(fund), attestation);
    },
  };
}

function relayerOf({ stage }: Fund) {
  return stage.wallets[CAST.relayer]!;
}

async function withProvers<T>(work: (provers: Provers) => Promise<T>): Promise<T> {
  const [health, shown] = await Promise.all(FUND_CIRCUITS.map((id) => ensureCircuit(id, { check: [] })));
  const prover = await createProver({ wasm: health!.witnessPath, zkey: health!.zkeyPath });
  try {
    const other = { wasm: shown!.witnessPath, zkey: shown!.zkeyPath, workers: 1 };
    const disclosureProver = await createProver(other);
    try {
      return await work({ prover, disclosureProver });
    } finally {
      disclosureProver.close();
    }
  } finally {
    prover.close();
  }
}
