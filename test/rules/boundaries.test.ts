// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the registry, the verifier of files, the replay of logs and the regulator's page draw every limit at the same second, unit
 * and number?
 *
 * @module
 */

import { type Attestation, KeelError, verifyAttestation } from "@keel/verifier";
import {
  healthRegistryAbi,
  replayChain,
  replayHistory,
  reverify,
  stateOf,
  submissionOf,
  toKeelError,
} from "@keel/verifier/chain";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { verifyEvidence } from "../../app/src/regulator/verify.js";
import { travelTo, undone } from "../support/chain.js";
import { PageWorker } from "../support/page-worker.js";
import { BASE, type Case, type Judge, ROWS } from "./vectors.js";
import { ENROLMENT, KEYS, startWorld, type World } from "./world.js";

/** What a judge said: a refusal, or what it left open. */
interface Verdict {
  readonly refused?: string;
  readonly open: readonly string[];
}

/** Of these no file speaks, and the registry's present is not the page's business: always open where it is not compared. */
const ALWAYS: readonly string[] = ["(age)", "(standing)", "(tableAccepted)"];

vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 });

let world: World;

beforeAll(async () => {
  vi.stubGlobal("Worker", PageWorker);
  world = await startWorld();
  const cases = ROWS.flatMap(({ at, broken, isUnpublished }) =>
    [-1, 0, 1].filter((by) => !(isUnpublished && broken.includes(by))).map((by) => ({ ...BASE, ...at(by) })),
  );
  await travelTo(world.chain, BASE.now - 60);
  await world.publish(cases);
});

afterAll(async () => {
  vi.unstubAllGlobals();
  await world?.chain.stop();
});

async function verdictOf(work: () => Promise<readonly string[]>): Promise<Verdict> {
  try {
    return { open: await work() };
  } catch (error) {
    if (!(error instanceof KeelError)) throw error;
    // Where a log stands is the path of what is wrong in it.
    const path = /^(?:registry|history)\./.test(error.code) ? "" : ` ${error.path}`;
    return { refused: `${error.code}${path}`, open: [] };
  }
}

const JUDGES: Readonly<Record<Judge, (a: Case, attestation: Attestation) => Promise<readonly string[]>>> = {
  registry: async (_, attestation) => {
    const { registry, stranger } = world;
    const version = attestation.tail === undefined ? undefined : 1;
    const args = [submissionOf(attestation, 1, version)] as const;
    const call = { address: registry.address, abi: healthRegistryAbi, functionName: "attest", args } as const;
    await registry.client.simulateContract({ ...call, account: stranger.account }).catch((error) => {
      throw toKeelError(error);
    });
    return [];
  },
  files: async (a, attestation) => {
    const { registry } = world;
    const subject = world.subject.account.address;
    const verified = verifyAttestation({
      attestation,
      policy: world.policies[a.policy],
      market: world.marketOf(a),
      verificationKey: KEYS.health.verificationKey,
      tailKey: KEYS.tail.verificationKey,
      expected: {
        domain: attestation.domain,
        subject,
        enrolment: ENROLMENT,
        previousState: await stateOf(registry, subject),
        now: a.now,
      },
    });
    return [...verified.notCompared, ...(a.now < verified.expiresAt ? [] : ["expired"])];
  },
  logs: async (a, attestation) => {
    const { registry } = world;
    const entry = world.entryOf(a, attestation);
    const entries = [...world.history, entry];
    const { liquidity: _, ...policy } = world.policies[a.policy];
    replayHistory(entries, entry.subject, entry.policyId, {
      ...policy,
      maxReturnsSkew: world.policies[a.policy].tail?.maxReturnsSkew ?? 0,
      navStep: world.policies[a.policy].disclosure?.navStep ?? 0n,
    });
    replayChain(entries, entry.subject, { now: a.now });
    const [key, tailKey] = [KEYS.health.verificationKey, KEYS.tail.verificationKey];
    expect(await reverify(registry, entry, key, tailKey)).toBe(true);
    return [];
  },
  pageByFiles: async (a, attestation) => {
    const market = world.marketOf(a);
    return await atPage({
      attestation,
      policy: world.policies[a.policy],
      market,
      ...(market.returns === undefined ? {} : { returns: market.returns }),
    });
  },
  pageByChain: async (_, attestation) => await atPage({ attestation }),
};

async function atPage(evidence: Parameters<typeof verifyEvidence>[0]): Promise<readonly string[]> {
  const { domain } = evidence.attestation!;
  if (!("chainId" in domain)) throw new Error("the table's attestations count at one registry");
  const options = { client: world.registry.client, home: domain, allowInsecure: false };
  const { verified, expired, published } = await verifyEvidence(evidence, options);
  expect(published).toBe(true);
  return [...verified.notCompared, ...(expired ? ["expired"] : [])];
}

/** What each judge says of a case; what is the base in several rows is judged once. */
const judged = new Map<string, Promise<Readonly<Record<Judge, Verdict>>>>();
async function judge(a: Case): Promise<Readonly<Record<Judge, Verdict>>> {
  const attestation = world.attest(a);
  const verdicts: Partial<Record<Judge, Verdict>> = {};
  await undone(world.chain, async () => {
    await travelTo(world.chain, a.now);
    for (const name of Object.keys(JUDGES) as Judge[]) {
      verdicts[name] = await verdictOf(() => JUDGES[name](a, attestation));
    }
  });
  return verdicts as Record<Judge, Verdict>;
}

describe.each(ROWS)("$rule", ({ at, broken, words }) => {
  it.each([
    ["one inside the limit", -1],
    ["at the limit", 0],
    ["one beyond the limit", 1],
  ])("%s", async (_, by) => {
    const a: Case = { ...BASE, ...at(by) };
    const name = Object.values(a).join();
    if (!judged.has(name)) judged.set(name, judge(a));
    const verdicts = await judged.get(name)!;
    const said = Object.entries(words).map(([judge, word]) => {
      const { refused, open } = verdicts[judge as Judge];
      const isOpen = open.map((part) => `(${part})`).includes(word);
      return [judge, refused ?? (isOpen && (broken.includes(by) || !ALWAYS.includes(word)) ? word : "holds")];
    });
    const expected = Object.entries(words).map(([judge, word]) => [
      judge,
      broken.includes(by) ? word : "holds",
    ]);
    expect(said).toEqual(expected);
  });
});
