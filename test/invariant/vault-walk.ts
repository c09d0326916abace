// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Random walks through a strategy vault: whatever is tried, it does what the model says, and what it holds is enough for all.
 *
 * @module
 */
import { deployContract, loadArtifact, localAccounts } from "@keel/contracts";
import fc from "fast-check";
import {
  type Abi,
  type Address,
  createPublicClient,
  createWalletClient,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  maxUint256,
  zeroAddress,
} from "viem";
import { hardhat } from "viem/chains";
import { PERIOD, POLICY, SEED, START, shortString } from "../support/strategy-vault.js";
import { type Chain, openChain } from "./chain.js";
import { shorten } from "./shorten.js";
import { type Rules, type Side, VaultModel } from "./vault-model.js";

/** Another seed gives other walks. */
export const SEED_OF_WALKS = Number(process.env.KEEL_SEED ?? 20_260_202);

/** What must hold; a walk that breaks one fails with its sentence. */
export const INVARIANTS = {
  model: "the vault does what the model says, and refuses by its name",
  assets: "what the vault holds is enough for what is idle, waits and is reserved",
  requests: "no request is lost: each waits, can be claimed, or was given back",
  supply: "the supply changes in a settlement, and at no other time",
  price: "the settled price changes in a settlement, and at no other time",
  fees: "fees stay below their bounds",
  lender: "a lender's price is what a settlement would give",
  fair: "in a wind-down each gets the same part of all that came back",
} as const;

export type VaultAction =
  | { readonly do: "wait"; readonly seconds: number }
  | { readonly do: "prove"; readonly dollars: number; readonly age: number; readonly units: "true" | "more" }
  | { readonly do: "lapse" | "settle" | "collect" | "windDown" }
  | { readonly do: "request"; readonly side: Side; readonly who: number; readonly amount: number }
  | { readonly do: "cancel"; readonly side: Side; readonly who: number; readonly back: number }
  | { readonly do: "claim"; readonly side: Side; readonly who: number; readonly exactly: boolean }
  | { readonly do: "allocate" | "return" | "give"; readonly amount: number }
  | { readonly do: "transfer" | "surrender"; readonly who: number; readonly percent: number };

/** A contract with a bug in it, in the place of the vault. */
export type PlantedVault = { readonly bytecode: Hex };

const RULES: Rules = {
  period: PERIOD,
  transit: 120,
  maxLag: 3_600,
  grace: 86_400,
  managementFee: 200n,
  performanceFee: 2_000n,
};
const COINS = 10n ** 13n;
const LONGEST = 200;

interface World {
  readonly chain: Chain;
  readonly abi: Abi;
  readonly vault: Address;
  readonly token: Address;
  readonly registry: Address;
  readonly owner: Address;
  readonly custody: Address;
  readonly people: readonly Address[];
  readonly subject: Address;
  readonly start: number;
}

interface Walk {
  readonly world: World;
  readonly model: VaultModel;
  readonly outcomes: Map<string, number>;
  calls: number;
  last?: { readonly supply: bigint; readonly price: bigint };
}

const who = fc.integer({ min: 0, max: 2 });
const side = fc.constantFrom<Side>("deposit", "redeem");
const amount = fc.integer({ min: 0, max: 10 ** 9 });
const dollars = fc.integer({ min: 0, max: 2_000_000 });
const percent = fc.integer({ min: 0, max: 101 });
const around = (value: number) => fc.integer({ min: value - 2, max: value + 2 });
const act = <T extends string>(...names: T[]) => ({ do: fc.constantFrom(...names) });

export const vaultAction: fc.Arbitrary<VaultAction> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      ...act("wait"),
      seconds: fc.oneof(
        fc.integer({ min: 1, max: 900 }),
        around(PERIOD),
        around(120),
        around(3_600),
        around(86_400),
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...act("prove"),
      dollars,
      age: fc.oneof(fc.integer({ min: 0, max: 700 }), around(3_600)),
      units: fc.oneof(
        { weight: 12, arbitrary: fc.constant("true" as const) },
        { weight: 1, arbitrary: fc.constant("more" as const) },
      ),
    }),
  },
  { weight: 6, arbitrary: fc.record(act("settle")) },
  { weight: 2, arbitrary: fc.record(act("lapse", "collect", "windDown")) },
  { weight: 8, arbitrary: fc.record({ ...act("request"), side, who, amount }) },
  { weight: 2, arbitrary: fc.record({ ...act("cancel"), side, who, back: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ ...act("claim"), side, who, exactly: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ ...act("allocate", "return", "give"), amount }) },
  {
    weight: 2,
    arbitrary: fc.record({ ...act("transfer", "surrender"), who, percent }),
  },
);

const wait = (seconds: number): VaultAction => ({ do: "wait", seconds });
const proof = (dollars: number): VaultAction => ({ do: "prove", dollars, age: 0, units: "true" });

/** What rarely happens by chance: a few actions that belong together, with whatever else comes between walks of single ones. */
const story: fc.Arbitrary<readonly VaultAction[]> = fc.oneof(
  // What was asked for is settled once its period is over.
  fc
    .tuple(side, who, amount, dollars)
    .map(([side, who, amount, dollars]): VaultAction[] => [
      proof(dollars),
      { do: "request", side, who, amount },
      wait(PERIOD + 1),
      proof(dollars),
      { do: "settle" },
    ]),
  // Health lapses, a request is taken back late, and a proof comes of before the period's end.
  fc
    .tuple(side, who, amount, dollars)
    .map(([side, who, amount, dollars]): VaultAction[] => [
      proof(dollars),
      { do: "request", side, who, amount },
      { do: "request", side, who: (who + 1) % 3, amount },
      wait(PERIOD),
      { do: "lapse" },
      { do: "cancel", side, who, back: 1 },
      proof(dollars),
      { do: "settle" },
    ]),
  // Proofs go on, and nobody settles for the grace.
  fc
    .tuple(dollars, around(86_400))
    .map(([dollars, seconds]): VaultAction[] => [wait(seconds), proof(dollars), { do: "windDown" }]),
  // Money comes while a snapshot of a small book is taken, which prices nothing until it has surely come.
  fc
    .tuple(amount, fc.integer({ min: 0, max: 200_000 }), side, who)
    .map(([amount, dollars, side, who]): VaultAction[] => [
      proof(dollars),
      { do: "request", side, who, amount },
      wait(PERIOD),
      { do: "return", amount },
      { do: "allocate", amount },
      wait(60),
      proof(dollars),
      { do: "settle" },
      wait(121),
      proof(dollars),
      { do: "settle" },
    ]),
  // All is lost, and a request waits for the grace.
  fc
    .tuple(side, who, amount)
    .map(([side, who, amount]): VaultAction[] => [
      proof(1),
      { do: "request", side, who, amount },
      wait(86_400 + PERIOD + 1),
      proof(0),
      { do: "windDown" },
    ]),
  // No proof comes, and holders leave while assets come back.
  fc
    .tuple(who, percent, percent, amount)
    .map(([who, first, second, amount]): VaultAction[] => [
      { do: "request", side: "redeem", who, amount },
      wait(86_400 + PERIOD + 3_600),
      { do: "windDown" },
      { do: "return", amount },
      { do: "surrender", who, percent: first },
      { do: "return", amount },
      { do: "surrender", who, percent: second },
      { do: "surrender", who, percent: 0 },
    ]),
);

const actions = (longest: number): fc.Arbitrary<readonly VaultAction[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 9, arbitrary: vaultAction.map((action) => [action]) },
        { weight: 1, arbitrary: story },
      ),
      { maxLength: longest, size: "max" },
    )
    .map((parts) => parts.flat());

export interface VaultWalks {
  readonly calls: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly broken?: { readonly actions: readonly VaultAction[]; readonly message: string };
}

/** Walks until so many calls were made, or until a property breaks; then the walk is made as short as possible. */
export async function walkVault(
  atLeast: number,
  plant?: PlantedVault,
  longest = LONGEST,
): Promise<VaultWalks> {
  const world = await makeVault(plant);
  const restore = await world.chain.keep();
  const outcomes = new Map<string, number>();
  let calls = 0;
  let message = "";
  const breaks = async (actions: readonly VaultAction[]): Promise<boolean> => {
    await restore();
    const walk: Walk = { world, model: new VaultModel(RULES, SEED, world.start), outcomes, calls: 0 };
    try {
      for (const action of actions) await step(walk, action);
      return false;
    } catch (error) {
      message = (error as Error).message;
      return true;
    } finally {
      calls += walk.calls;
    }
  };
  const property = fc.asyncProperty(
    actions(longest),
    async (actions) => calls >= atLeast || !(await breaks(actions)),
  );
  const numRuns = Math.ceil(atLeast / 10);
  const { counterexample } = await fc.check(property, { seed: SEED_OF_WALKS, numRuns, endOnFailure: true });
  if (counterexample === null) return { calls, outcomes };
  const until = calls;
  const short = await shorten(counterexample[0], breaks);
  // The message of the short walk, which the last one tried may have left otherwise.
  await breaks(short);
  return { calls: until, outcomes, broken: { actions: short, message } };
}

async function makeVault(plant?: PlantedVault): Promise<World> {
  const chain = await openChain(START - 60);
  const accounts = localAccounts().map(({ address }) => address);
  const [owner, custody, subject, ...people] = accounts as [Address, Address, Address, ...Address[]];
  const walletClient = createWalletClient({ account: owner, chain: hardhat, transport: chain.transport });
  const publicClient = createPublicClient({ chain: hardhat, transport: chain.transport, pollingInterval: 1 });
  const deploy = (name: string, args: readonly unknown[]) =>
    deployContract({ walletClient, publicClient }, name, args);
  const { abi, bytecode } = await loadArtifact("StrategyVault");
  const call = async (
    from: Address,
    to: Address,
    name: string,
    functionName: string,
    args: readonly unknown[],
  ) => {
    const artifact = await loadArtifact(name);
    const refused = await chain.send(
      from,
      to,
      encodeFunctionData({ abi: artifact.abi, functionName, args: [...args] }),
    );
    if (refused !== undefined) throw new Error(`${functionName}: ${refused}`);
  };
  const token = await deploy("TestToken", ["Dollar", "USD", 6]);
  const registry = await deploy("MockHealthRegistry", []);
  const gate = await deploy("LineGate", [registry, subject, POLICY]);
  const terms = {
    ...{
      assetFeed: zeroAddress,
      feedStaleness: 0,
      dealingPeriod: PERIOD,
      managementFee: 200,
      performanceFee: 2_000,
    },
    ...{
      feeReceiver: custody,
      transit: RULES.transit,
      maxLag: RULES.maxLag,
      grace: RULES.grace,
      delay: 86_400,
    },
  };
  const names = { name: shortString("V"), symbol: shortString("V") };
  const setup = {
    ...names,
    asset: token,
    owner,
    manager: owner,
    gate,
    custody,
    seedHolder: people[0],
    seedShares: SEED,
    terms,
  };
  const hash = await walletClient.deployContract({
    abi,
    bytecode: plant?.bytecode ?? bytecode,
    args: [setup],
  });
  const receipt = await publicClient.waitForTransactionReceipt({ hash });
  const vault = receipt.contractAddress as Address;
  const start = Number((await publicClient.getBlock()).timestamp);
  await chain.wait(PERIOD);
  for (const person of [custody, ...people.slice(0, 3)]) {
    await call(owner, token, "TestToken", "mint", [person, COINS]);
    await call(person, token, "TestToken", "approve", [vault, maxUint256]);
  }
  return { chain, abi, vault, token, registry, owner, custody, people: people.slice(0, 3), subject, start };
}

async function read(
  world: World,
  functionName: string,
  args: readonly unknown[] = [],
  to = world.vault,
): Promise<bigint> {
  const data = encodeFunctionData({ abi: world.abi, functionName, args: [...args] });
  return decodeFunctionResult({
    abi: world.abi,
    functionName,
    data: await world.chain.call(to, data),
  }) as bigint;
}

function hold(invariant: keyof typeof INVARIANTS, holds: boolean, detail: string): void {
  if (!holds) throw new Error(`${INVARIANTS[invariant]}: ${detail}`);
}

/** Calls the vault, and compares the refusal with the expected one. @returns whether it was accepted */
async function attempt(
  walk: Walk,
  from: Address,
  method: string,
  args: readonly unknown[],
  expected?: string,
): Promise<boolean> {
  const { world } = walk;
  const data = encodeFunctionData({ abi: world.abi, functionName: method, args: [...args] });
  const received = await world.chain.send(from, world.vault, data);
  walk.calls++;
  const outcome = `${method} ${received ?? "accepted"}`;
  walk.outcomes.set(outcome, (walk.outcomes.get(outcome) ?? 0) + 1);
  hold(
    "model",
    received === expected,
    `${method} is ${received ?? "accepted"}, not ${expected ?? "accepted"}`,
  );
  return received === undefined;
}

async function step(walk: Walk, action: VaultAction): Promise<void> {
  await perform(walk, action);
  const { world, model } = walk;
  const [supply, price] = await Promise.all([
    read(world, "totalSupply"),
    read(world, "convertToAssets", [10n ** 12n]),
  ]);
  const seen = { supply, price };
  const { last } = walk;
  walk.last = seen;
  if (action.do !== "settle" && last !== undefined) {
    hold("supply", seen.supply === last.supply, action.do);
    hold("price", seen.price === last.price, action.do);
  }
  hold("model", seen.supply === model.supply, `a supply of ${seen.supply}, not ${model.supply}`);
  hold("fees", model.feeShares <= seen.supply, `${model.feeShares} of ${seen.supply}`);
  await checkAssets(walk);
  if (action.do === "prove" || action.do === "settle") await checkNav(walk);
  if (CHANGES_CLAIMS.has(action.do)) await checkClaims(walk);
}

const CHANGES_CLAIMS: ReadonlySet<VaultAction["do"]> = new Set([
  "settle",
  "claim",
  "cancel",
  "windDown",
] as const);

/** What a feed of the shares tells lenders. */
async function checkNav({ world, model }: Walk): Promise<void> {
  const nav = (await read(world, "navOf", [world.subject, POLICY])) as unknown as {
    readonly value: bigint;
    readonly units: bigint;
  };
  const received = [nav.value, nav.units].join();
  hold("lender", received === model.nav().join(), `${received} and not ${model.nav()}`);
}

async function checkAssets({ world, model }: Walk): Promise<void> {
  const [idle, balance] = await Promise.all([
    read(world, "idle"),
    read(world, "balanceOf", [world.vault], world.token),
  ]);
  hold("model", idle === model.idle(), `${idle} idle, not ${model.idle()}`);
  const owed = [0, 1, 2].reduce(
    (sum, i) => sum + model.claimable("redeem", i)[1],
    idle + model.waiting("deposit"),
  );
  hold("assets", balance >= owed, `${balance} for ${owed}`);
}

const CLAIMS = [
  { kind: "deposit", views: ["maxDeposit", "maxMint"] },
  { kind: "redeem", views: ["maxRedeem", "maxWithdraw"] },
] as const;

async function checkClaims({ world, model }: Walk): Promise<void> {
  const all = [0, 1, 2].flatMap((i) => CLAIMS.map((claim) => ({ i, ...claim })));
  await Promise.all(
    all.map(async ({ i, kind, views }) => {
      const claimable = model.claimable(kind, i);
      const received = await Promise.all(views.map((view) => read(world, view, [world.people[i]])));
      const isAsModel = received.join() === claimable.join();
      hold("requests", isAsModel, `${kind} of ${i}: ${received} and not ${claimable}`);
    }),
  );
}

async function perform(walk: Walk, action: VaultAction): Promise<void> {
  const { world, model } = walk;
  const { chain } = world;
  /** The next call's time. */
  const next = chain.now() + 1;
  switch (action.do) {
    case "wait":
      return await chain.wait(action.seconds);
    case "prove":
      return await prove(walk, action.dollars, chain.now() - action.age, action.units);
    case "lapse": {
      if (model.proof === undefined) return;
      model.proof.live = false;
      return await tell(walk, "setUnhealthy", [world.subject, POLICY, 1]);
    }
    case "settle": {
      const expected = model.whyNot(next);
      if (await attempt(walk, world.people[0]!, "settle", [0n], expected)) model.settle(next);
      return;
    }
    case "request":
      return await request(walk, action.side, action.who, BigInt(action.amount), next);
    case "cancel": {
      const id = model.periodOf(next) - action.back;
      const method = action.side === "deposit" ? "cancelDeposit" : "cancelRedeem";
      const person = world.people[action.who]!;
      const taken = model.cancel(action.side, action.who, id, next);
      await attempt(
        walk,
        person,
        method,
        [BigInt(id), person, person],
        typeof taken === "string" ? taken : undefined,
      );
      return;
    }
    case "claim":
      return await claim(walk, action.side, action.who, action.exactly);
    case "allocate":
    case "return":
    case "give":
    case "collect":
      return await move(walk, action.do, "amount" in action ? BigInt(action.amount) : 0n, next);
    case "windDown": {
      const expected = model.windingDown
        ? "WindingDown"
        : model.mayWindDown(next)
          ? undefined
          : "NoReasonToWindDown";
      if (await attempt(walk, world.people[1]!, "windDown", [], expected)) model.windDown();
      return;
    }
    default:
      return await shares(walk, action.do, action.who, action.percent);
  }
}

async function tell({ world }: Walk, functionName: string, args: readonly unknown[]): Promise<void> {
  const { abi } = await loadArtifact("MockHealthRegistry");
  await world.chain.send(
    world.owner,
    world.registry,
    encodeFunctionData({ abi, functionName, args: [...args] }),
  );
}

/** As the registry has it: a newer snapshot only. */
async function prove(walk: Walk, dollars: number, asOf: number, units: "true" | "more"): Promise<void> {
  const { world, model } = walk;
  if (asOf <= (model.proof?.asOf ?? world.start)) return;
  // The registry counts the shares of the snapshot's time, which are those of now after the last settlement.
  const counted = asOf > model.settledAt && units === "true" ? model.supply : model.supply + 1n;
  const value = BigInt(dollars) * 10n ** 16n;
  const expiry = asOf + 7_200;
  await tell(walk, "setHealthy", [world.subject, POLICY, asOf, expiry]);
  await tell(walk, "setValue", [world.subject, POLICY, value, counted]);
  model.proof = { value, asOf, units: counted, expiry, live: true };
}

async function request(walk: Walk, kind: Side, i: number, size: bigint, next: number): Promise<void> {
  const { world, model } = walk;
  const person = world.people[i]!;
  const open = model.requests.filter((request) => request.side === kind && request.who === i);
  const isFull = open.length >= 16 && open.every(({ id }) => id !== model.periodOf(next));
  if (kind === "deposit") {
    const closed = model.windingDown || !model.healthy(next);
    const rest = size === 0n ? "NothingAsked" : isFull ? "TooManyRequests" : undefined;
    const expected = closed ? "DepositsClosed" : rest;
    // Nothing is asked for in vain: what is refused for being nothing is refused last.
    const accepted = await attempt(
      walk,
      person,
      "requestDeposit",
      [size, person, person],
      expected === "NothingAsked" && isFull ? "TooManyRequests" : expected,
    );
    if (accepted) model.ask(kind, i, size, next);
    return;
  }
  const held = await read(world, "balanceOf", [person]);
  const part = (held * size) / 10n ** 9n;
  const expected = model.windingDown
    ? "WindingDown"
    : part === 0n
      ? "NothingAsked"
      : isFull
        ? "TooManyRequests"
        : undefined;
  if (await attempt(walk, person, "requestRedeem", [part, person, person], expected))
    model.ask(kind, i, part, next);
}

async function claim(walk: Walk, kind: Side, i: number, exactly: boolean): Promise<void> {
  const { world, model } = walk;
  const person = world.people[i]!;
  const [asked, given] = model.claimable(kind, i);
  const token = kind === "deposit" ? world.vault : world.token;
  const had = await read(world, "balanceOf", [person], token);
  const byGiven = kind === "deposit" ? "mint" : "withdraw";
  const byAsked = kind === "deposit" ? "deposit" : "redeem";
  // One more than there is, always in vain.
  if (exactly) await attempt(walk, person, byGiven, [given + 1n, person, person], "MoreThanClaimable");
  await attempt(walk, person, byAsked, [asked, person, person]);
  model.claim(kind, i);
  const got = (await read(world, "balanceOf", [person], token)) - had;
  hold("requests", got === given, `${got} was given, and not ${given}`);
}

async function move(
  walk: Walk,
  how: "allocate" | "return" | "give" | "collect",
  size: bigint,
  next: number,
): Promise<void> {
  const { world, model } = walk;
  const { custody } = world;
  if (how === "give") {
    const data = encodeFunctionData({ abi: world.abi, functionName: "transfer", args: [world.vault, size] });
    await world.chain.send(world.people[2]!, world.token, data);
    return;
  }
  if (how === "return") {
    const accepted = await attempt(
      walk,
      custody,
      "returnAssets",
      [size],
      size === 0n ? "NothingAsked" : undefined,
    );
    if (accepted) model.flows.push({ time: next, came: size, went: 0n });
    return;
  }
  if (how === "collect") {
    const before = await read(world, "idle");
    const spare = await spareOf(walk);
    if (!(await attempt(walk, custody, "collect", [], spare === 0n ? "NothingReturned" : undefined))) return;
    model.flows.push({ time: next, came: (await read(world, "idle")) - before, went: 0n });
    return;
  }
  const why = model.windingDown
    ? "WindingDown"
    : !model.healthy(next)
      ? "NoProvenValue"
      : size > model.free()
        ? "MoreThanIdle"
        : undefined;
  if (await attempt(walk, world.owner, "allocate", [custody, size], why))
    model.flows.push({ time: next, came: 0n, went: size });
}

/** What came by plain transfer; what rounding left of redemptions is reserved, and is not among it. */
async function spareOf({ world, model }: Walk): Promise<bigint> {
  const balance = await read(world, "balanceOf", [world.vault], world.token);
  return balance - model.idle() - model.waiting("deposit") - model.reserved;
}

async function shares(walk: Walk, how: "transfer" | "surrender", i: number, percent: number): Promise<void> {
  const { world, model } = walk;
  const person = world.people[i]!;
  const held = await read(world, "balanceOf", [person]);
  const part = percent > 100 ? held + 1n : (held * BigInt(percent)) / 100n;
  const short = part > held ? "ERC20InsufficientBalance" : undefined;
  if (how === "transfer") {
    await attempt(walk, person, "transfer", [world.people[(i + 1) % 3], part], short);
    return;
  }
  const had = await read(world, "balanceOf", [person], world.token);
  if (
    !(await attempt(walk, person, "surrender", [part, person], model.windingDown ? short : "NotWindingDown"))
  )
    return;
  const due = model.surrender(i, part);
  const got = (await read(world, "balanceOf", [person], world.token)) - had;
  hold("fair", got === due, `${got} was paid, and not ${due}`);
  hold("fair", model.paidOut <= model.idle() + model.paidOut, "more than came back");
}
