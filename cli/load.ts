// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The files that commands share, read and parsed.
 *
 * @module
 */

import {
  type DrawdownState,
  type Enrolment,
  parseEnrolment,
  parseSnapshot,
  parseState,
  type Snapshot,
} from "@keel/prover";
import {
  checkFit,
  type Domain,
  type Liquidity,
  liquidityBasis,
  type Market,
  type Policy,
  parseLiquidity,
  parseMarket,
  parsePolicy,
  parseReturns,
  parseUnits,
  policyId,
  policyTerms,
  type Returns,
  readEach,
  type SignedUnits,
  tailBasis,
  withLiquidity,
  withReturns,
} from "@keel/verifier";
import type { Context } from "./context.js";
import { usageError } from "./errors.js";
import { readSecret, readText } from "./files.js";

/** Files that everybody may see. */
export interface PublicFiles {
  readonly market: string;
  readonly policy: string;
  /** Under policies with tail-risk limits. */
  readonly returns?: string;
  /** Under policies that limit the days to unwind. */
  readonly liquidity?: string;
}

/** Files of a manager. */
export interface BookFiles extends PublicFiles {
  readonly snapshot: string;
}

/** Reads market, policy, returns and liquidity, and makes sure that they go together: tables of the policy's series. */
export async function loadPublic(
  files: PublicFiles,
  context: Context,
): Promise<{ readonly market: Market; readonly policy: Policy }> {
  return fitted(await together(...publicJobs(files, context)));
}

/** A market and a policy that go together, with the returns and the depths where there are some. */
function fitted([market, policy, returns, liquidity]: readonly [
  Market,
  Policy,
  Returns | undefined,
  Liquidity | undefined,
]) {
  checkFit(policy, market);
  const withDays = returns === undefined ? market : withReturns(market, returns);
  if (returns !== undefined) tailBasis(policy, withDays);
  if (liquidity === undefined) return { market: withDays, policy };
  const complete = withLiquidity(withDays, liquidity);
  liquidityBasis(policy, complete);
  return { market: complete, policy };
}

function publicJobs({ market, policy, returns, liquidity }: PublicFiles, context: Context) {
  return [
    async () => parseMarket(await readText(market, "market", context)),
    async () => parsePolicy(await readText(policy, "policy", context)),
    async () =>
      returns === undefined ? undefined : parseReturns(await readText(returns, "returns", context)),
    async () =>
      liquidity === undefined ? undefined : parseLiquidity(await readText(liquidity, "liquidity", context)),
  ] as const;
}

/** Does several things of which none needs another, and tells all that is wrong with their inputs at once. */
export async function together<const Jobs extends readonly (() => Promise<unknown>)[]>(
  ...jobs: Jobs
): Promise<{ [K in keyof Jobs]: Awaited<ReturnType<Jobs[K]>> }> {
  const settled = await Promise.allSettled(jobs.map((job) => job()));
  return readEach(settled, (result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }) as { [K in keyof Jobs]: Awaited<ReturnType<Jobs[K]>> };
}

/**
 * Refuses a market in which a contract has expired, or that contradicts what its contracts say. The model is loaded where there
 * are contracts.
 *
 * @throws KeelError `market.expired`, `market.model`, `market.option`
 */
export async function checkModel(market: Market, policy: Policy): Promise<void> {
  if (market.instruments.every(({ contract }) => contract === undefined)) return;
  const { checkContracts } = await import("@keel/prover");
  checkContracts(market, policy);
}

/** Reads market, policy and snapshot. */
export async function loadBook(
  files: BookFiles,
  context: Context,
): Promise<{ readonly market: Market; readonly policy: Policy; readonly snapshot: Snapshot }> {
  const [market, policy, returns, liquidity, snapshot] = await together(
    ...publicJobs(files, context),
    async () => parseSnapshot(await readText(files.snapshot, "snapshot", context)),
  );
  return { ...fitted([market, policy, returns, liquidity]), snapshot };
}

/** Reads the latest state of a drawdown chain; nothing at its genesis. */
export async function loadState(
  file: string | undefined,
  context: Context,
): Promise<{ readonly state?: DrawdownState }> {
  if (file === undefined) return {};
  return { state: parseState(await readSecret(file, "state", context)) };
}

/** Reads the declared accounts; nothing when no file is named. */
export async function loadEnrolment(
  file: string | undefined,
  context: Context,
): Promise<{ readonly enrolment?: Enrolment }> {
  if (file === undefined) return {};
  return { enrolment: parseEnrolment(await readSecret(file, "enrolment", context)) };
}

/** Reads the units that a fund's administrator signed; nothing when no file is named. */
export async function loadUnits(
  file: string | undefined,
  context: Context,
): Promise<{ readonly units?: SignedUnits }> {
  if (file === undefined) return {};
  return { units: parseUnits(await readText(file, "units", context)) };
}

/**
 * The registry that options name by its chain and address; nothing when neither is given.
 *
 * @throws KeelError `usage` for one without the other
 */
export function namedRegistry({
  chainId,
  registry,
}: {
  readonly chainId?: number;
  readonly registry?: `0x${string}`;
}): Domain | undefined {
  if (chainId === undefined && registry === undefined) return undefined;
  if (chainId === undefined || registry === undefined) {
    const missing = chainId === undefined ? "--chain-id" : "--registry";
    throw usageError("--chain-id and --registry together", "one alone", missing);
  }
  return { chainId, registry };
}

/** A policy by its id or by its files. */
export interface PolicyName {
  readonly policyId?: `0x${string}`;
  readonly market?: string;
  readonly policy?: string;
}

/** A policy by its id, and what its file says when it is named by it. */
export interface NamedPolicy {
  readonly policyId: `0x${string}`;
  readonly policy?: Policy;
}

/** The id of a policy that is named in one of the two ways. */
export async function loadPolicyId(name: PolicyName, context: Context): Promise<`0x${string}`> {
  return (await loadNamedPolicy(name, context)).policyId;
}

/** A policy that is named in one of the two ways. */
export async function loadNamedPolicy(
  { policyId: id, market, policy }: PolicyName,
  context: Context,
): Promise<NamedPolicy> {
  if (id !== undefined && market === undefined && policy === undefined) return { policyId: id };
  if (id !== undefined || market === undefined || policy === undefined) {
    throw usageError("--policy-id, or --policy and --market", "another combination");
  }
  const files = await loadPublic({ market, policy }, context);
  return { policyId: policyId(policyTerms(files.policy, files.market)), policy: files.policy };
}
