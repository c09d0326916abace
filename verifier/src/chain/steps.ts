// SPDX-License-Identifier: MIT
/**
 * Steps of a subject's drawdown chain as the logs have them, with the calldata that brought them: for a subject that looks for
 * its own memo there.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import { healthRegistryAbi } from "./abi.js";
import { LOG_SPAN, type Registry, toKeelError } from "./registry.js";

/** An attestation's step from one state to the next. */
export interface ChainStep {
  readonly subject: Address;
  readonly policyId: Hex;
  readonly previousState: bigint;
  readonly newState: bigint;
  readonly portfolioCommitment: bigint;
  /** 1e8. */
  readonly units: bigint;
  /** Snapshot time, unix seconds. */
  readonly asOf: number;
  readonly transaction: Hex;
  readonly blockNumber: bigint;
  /** The transaction's calldata, with whatever stands behind the call. */
  readonly input: Hex;
}

/**
 * The steps of a subject, the latest first, as far as somebody asks for them.
 *
 * @param fromBlock at or before the first one
 * @throws KeelError kind `environment` when the chain does not answer
 */
export async function* stepsOf(
  { client, address }: Registry,
  subject: Address,
  fromBlock = 0n,
): AsyncGenerator<ChainStep> {
  const call = { address, abi: healthRegistryAbi, eventName: "Attested", strict: true } as const;
  try {
    for (
      let toBlock = await client.getBlockNumber({ cacheTime: 0 });
      toBlock >= fromBlock;
      toBlock -= LOG_SPAN
    ) {
      const first = toBlock - LOG_SPAN + 1n;
      const range = { fromBlock: first < fromBlock ? fromBlock : first, toBlock };
      const logs = await client.getContractEvents({ ...call, ...range, args: { subject } });
      for (const { args, transactionHash, blockNumber } of logs.reverse()) {
        const { submission, policyId } = args;
        const { previousState, newState, portfolioCommitment, units, asOf } = submission;
        const { input } = await client.getTransaction({ hash: transactionHash });
        yield {
          ...{ subject, policyId, previousState, newState, portfolioCommitment, units, input, blockNumber },
          asOf: Number(asOf),
          transaction: transactionHash,
        };
      }
    }
  } catch (error) {
    throw toKeelError(error);
  }
}
