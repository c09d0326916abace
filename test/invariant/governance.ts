// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What those in power do to the books and to each other, what the rules say of it, and what must hold whatever they do: other
 * publishers and universes wait and can be called off, a standby verifier stands by, a role is held by who accepted it.
 *
 * @module
 */
import {
  authorityAbi,
  feedMarketAbi,
  marketBookAbi,
  signMarket,
  universeHash,
  verifierBookAbi,
} from "@keel/verifier/chain";
import { decodeFunctionResult, encodeFunctionData, type Hex, keccak256, zeroAddress } from "viem";
import type { Governance } from "./actions.js";
import type { Refusal } from "./model.js";
import { CIRCUIT, DELAY, GRANT_DELAY, ROLE_OF_NOTHING, read, send, type World } from "./world.js";

/** What must hold; a walk that breaks one fails with its sentence. */
export const GOVERNANCE_INVARIANTS = {
  publishers: "tables are signed by publishers who were announced a delay before and not called off",
  universes: "a universe counts when its delay has passed, and no longer than until a guardian closes it",
  standby: "a standby verifier verifies nothing while another stands",
  offers:
    "a role is held by who accepted an offer of it that stood, after the grant delay in which nobody called it off",
} as const;

const OFFER_LIFE = 30 * 86_400;
const UNAUTHORIZED = "AccessManagedUnauthorized";
const CIRCUIT_HASH = keccak256(new TextEncoder().encode(CIRCUIT));
/** Nothing but a fixed price each; no two alike. */
const UNIVERSES = [1n, 2n, 3n].map((name) => ({
  circuit: CIRCUIT_HASH,
  capacity: 1,
  underlyingsId: 1n,
  universeId: name,
  instruments: [
    {
      ...{ feed: zeroAddress, heartbeat: 0, fixedPrice: 100_000_000n, minPrice: 0n, maxPrice: 0n },
      ...{ collateralFactor: 10_000, funded: true, exposed: false, underlying: 0 },
    },
  ],
}));

/** What was announced, opened, added, offered and accepted, by what was seen. */
export interface Powers {
  /** Numbers of lists, and the second from which each is in force. */
  publishers: { readonly list: number; readonly from: number }[];
  readonly universes: ({ readonly liveAt: number; closed: boolean } | undefined)[];
  /** First second at which the first version waits. */
  readonly setUpUntil: number;
  readonly versions: { readonly standby: boolean; readonly liveAt: number; retired: boolean }[];
  readonly offers: (number | undefined)[];
  readonly holders: (number | undefined)[];
  /** So that no two tables are the same. */
  nextRoot: bigint;
}

export function newPowers(setUpUntil: number): Powers {
  return {
    setUpUntil,
    publishers: [{ list: 0, from: 0 }],
    universes: [undefined, undefined, undefined],
    versions: [],
    offers: [undefined, undefined, undefined],
    holders: [undefined, undefined, undefined],
    nextRoot: 1n,
  };
}

/** The seconds at which something comes into force, or an offer lapses. */
export function deadlinesOfPowers(powers: Powers): number[] {
  const { publishers, universes, versions, setUpUntil, offers, holders } = powers;
  const lives = [...universes, ...versions].flatMap((found) => found?.liveAt ?? []);
  const ends = offers.flatMap((made) => (made === undefined ? [] : made + OFFER_LIFE));
  const since = holders.filter((time) => time !== undefined);
  return [setUpUntil, ...publishers.map(({ from }) => from), ...lives, ...ends, ...since];
}

/** One act. @returns what came of it, and what the rules say should */
export async function govern(
  world: World,
  powers: Powers,
  action: Governance,
): Promise<{ readonly received: Refusal; readonly expected: Refusal }> {
  const received = await attempt(world, powers, action);
  return { received, expected: rule(powers, action, world.chain.now()) };
}

async function attempt(world: World, powers: Powers, action: Governance): Promise<Refusal> {
  const { people, keel, verifierBook, verifier } = world;
  const by = "by" in action ? { ...people, curator: people.deployer }[action.by] : people.stranger;
  const call = (to: Hex, abi: readonly unknown[], name: string, ...args: unknown[]) =>
    send(world, by, to, abi, name, args);
  switch (action.do) {
    case "announcePublishers": {
      const list = [people.publishers[action.number]!.address];
      return await call(keel.marketBook, marketBookAbi, "announcePublishers", list, 1n);
    }
    case "cancelPublishers":
      return await call(keel.marketBook, marketBookAbi, "cancelPublishers");
    case "publishTable":
      return await publishTable(world, powers, action.number);
    case "openUniverse":
      return await call(keel.feedMarket, feedMarketAbi, "open", UNIVERSES[action.number]);
    case "closeUniverse": {
      const id = universeHash(UNIVERSES[action.number]! as never);
      return await call(keel.feedMarket, feedMarketAbi, "close", id, "reason");
    }
    case "addVerifier":
      return await call(
        verifierBook,
        verifierBookAbi,
        action.standby ? "addStandby" : "add",
        CIRCUIT_HASH,
        verifier,
      );
    case "retireVerifier":
      return await call(verifierBook, verifierBookAbi, "retire", CIRCUIT_HASH, action.number + 1, "reason");
    case "offerRole":
      return await call(keel.authority, authorityAbi, "offerRole", ROLE_OF_NOTHING, who(world, action), 0);
    case "revokeRole":
      return await call(keel.authority, authorityAbi, "revokeRole", ROLE_OF_NOTHING, who(world, action));
    case "withdrawOffer":
      return await call(keel.authority, authorityAbi, "withdrawOffer", ROLE_OF_NOTHING, who(world, action));
    case "acceptRole":
      return await send(world, who(world, action), keel.authority, authorityAbi, "acceptRole", [
        ROLE_OF_NOTHING,
      ]);
  }
}

/** Receivers of the role are the subjects. */
function who({ people }: World, { number }: { readonly number: number }): Hex {
  return people.subjects[number]!;
}

async function publishTable(world: World, powers: Powers, number: number): Promise<Refusal> {
  const { keel, people } = world;
  powers.nextRoot += 1n;
  const asOf = world.chain.now();
  const table = {
    ...{ series: `0x01${"00".repeat(31)}` as const, root: powers.nextRoot, asOf },
    contentHash: `0x${"00".repeat(32)}` as const,
  };
  const signed = await signMarket(keel, people.publishers[number]!, table);
  const args = [table.series, table.root, BigInt(asOf), table.contentHash, [signed]];
  return await send(world, people.stranger, keel.marketBook, marketBookAbi, "publish", args);
}

/** The rules once more. What is accepted is written down. */
function rule(powers: Powers, action: Governance, now: number): Refusal {
  const isStranger = "by" in action && action.by === "stranger";
  const number = "number" in action ? action.number : 0;
  switch (action.do) {
    case "announcePublishers":
      if (isStranger) return UNAUTHORIZED;
      powers.publishers = [listInForce(powers, now), { list: number, from: now + DELAY }];
      return undefined;
    case "cancelPublishers":
      if (isStranger) return UNAUTHORIZED;
      if (now >= powers.publishers.at(-1)!.from) return "NoPublishersAnnounced";
      powers.publishers = powers.publishers.slice(0, -1);
      return undefined;
    case "publishTable":
      return listInForce(powers, now).list === number ? undefined : "NotPublisher";
    case "openUniverse":
      return openUniverse(powers, number, isStranger, now);
    case "closeUniverse":
      if (isStranger) return UNAUTHORIZED;
      if (powers.universes[number] === undefined) return "UnknownUniverse";
      if (powers.universes[number].closed) return "UniverseIsClosed";
      powers.universes[number].closed = true;
      return undefined;
    case "addVerifier": {
      const { standby } = action;
      if (isStranger) return UNAUTHORIZED;
      const first = powers.versions.length === 0;
      if (standby && first) return "NothingToStandBy";
      const atOnce = first && now < powers.setUpUntil;
      powers.versions.push({ standby, liveAt: atOnce ? now : now + DELAY, retired: false });
      return undefined;
    }
    case "retireVerifier": {
      const version = powers.versions[number];
      if (isStranger) return UNAUTHORIZED;
      if (version === undefined) return "UnknownVersion";
      if (version.retired) return "Retired";
      version.retired = true;
      return undefined;
    }
    case "offerRole":
    case "revokeRole":
    case "withdrawOffer":
    case "acceptRole":
      return ruleOfRoles(powers, { act: action.do, number, isStranger, now });
  }
}

interface RoleAct {
  readonly act: "offerRole" | "revokeRole" | "withdrawOffer" | "acceptRole";
  readonly number: number;
  readonly isStranger: boolean;
  readonly now: number;
}

function ruleOfRoles({ offers, holders }: Powers, { act, number, isStranger, now }: RoleAct): Refusal {
  const stands = offers[number] !== undefined && now < offers[number] + OFFER_LIFE;
  switch (act) {
    case "offerRole":
      if (isStranger) return "AccessManagerUnauthorizedAccount";
      offers[number] = now;
      return undefined;
    case "revokeRole":
      if (isStranger) return "AccessManagerUnauthorizedAccount";
      offers[number] = holders[number] = undefined;
      return undefined;
    case "withdrawOffer": {
      const waits = holders[number] !== undefined && now < holders[number];
      if (isStranger) return "NotYourOffer";
      if (!stands && !waits) return "NothingOffered";
      offers[number] = undefined;
      if (waits) holders[number] = undefined;
      return undefined;
    }
    case "acceptRole":
      if (!stands) return "NothingOffered";
      offers[number] = undefined;
      holders[number] ??= now + GRANT_DELAY;
      return undefined;
  }
}

function openUniverse({ universes }: Powers, number: number, isStranger: boolean, now: number): Refusal {
  if (isStranger) return UNAUTHORIZED;
  if (universes[number] !== undefined) return "UniverseExists";
  const first = universes.every((found) => found === undefined);
  universes[number] = { liveAt: first ? now : now + DELAY, closed: false };
  return undefined;
}

function listInForce({ publishers }: Powers, now: number) {
  return publishers.findLast(({ from }) => now >= from)!;
}

type Hold = (invariant: keyof typeof GOVERNANCE_INVARIANTS, holds: boolean, detail: string) => void;

/** What everybody can see of it, asked at one time. */
export async function checkPowers(world: World, powers: Powers, hold: Hold): Promise<void> {
  const now = world.chain.now();
  const { keel, people } = world;
  const [said] = await Promise.all([
    read<readonly Hex[]>(world, keel.marketBook, marketBookAbi, "publishers", []),
    ...powers.universes.map(async (universe, i) => {
      const args = [universeHash(UNIVERSES[i]! as never), BigInt(now)];
      const counts = await answers(world, keel.feedMarket, feedMarketAbi, "vectorOf", args);
      const should = universe !== undefined && !universe.closed && now >= universe.liveAt;
      hold("universes", counts === should, `universe ${i} at ${now}: ${counts}`);
    }),
    checkVersions(world, powers, hold),
    ...powers.holders.map(async (since, i) => {
      const who = people.subjects[i];
      const args = [ROLE_OF_NOTHING, who];
      const answer = await read(world, keel.authority, authorityAbi, "hasRole", args);
      const [holds] = answer as readonly [boolean, number];
      hold("offers", holds === (since !== undefined && now >= since), `${who} at ${now}: ${holds}`);
    }),
  ]);
  const { list } = listInForce(powers, now);
  const isInForce = said.length === 1 && said[0] === people.publishers[list]!.address;
  hold("publishers", isInForce, `${said} at ${now}, not list ${list}`);
}

async function checkVersions(world: World, { versions }: Powers, hold: Hold): Promise<void> {
  const now = world.chain.now();
  const stands = versions.map(({ liveAt, retired }) => !retired && now >= liveAt);
  const checked = versions.map(async ({ standby }, i) => {
    const goesFirst = versions.some((other, j) => stands[j]! && (!other.standby || j < i));
    const args = [CIRCUIT_HASH, i + 1];
    const verifies = await answers(world, world.verifierBook, verifierBookAbi, "verifierOf", args);
    const should = stands[i]! && !(standby && goesFirst);
    hold("standby", verifies === should, `version ${i + 1} at ${now}: ${verifies}`);
  });
  await Promise.all(checked);
}

/** Whether a view answers, and does not refuse. */
async function answers(
  world: World,
  to: Hex,
  abi: readonly unknown[],
  functionName: string,
  args: readonly unknown[],
): Promise<boolean> {
  const call = { abi: abi as never, functionName, args } as never;
  const data = await world.chain.call(to, encodeFunctionData(call)).catch(() => undefined);
  if (data === undefined) return false;
  decodeFunctionResult({ ...(call as object), data } as never);
  return true;
}
