// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a strategy vault work by real proofs: its own shares as the policy's units, a line that its gate follows, the client, and a feed of
 * its shares?
 *
 * @module
 */
import { loadArtifact } from "@keel/contracts";
import { circuitHash, type PolicyTerms, policyId } from "@keel/verifier";
import {
  allocateAssets,
  cancelRequest,
  claimRequests,
  claimsOf,
  connectStrategyVault,
  pendingRequest,
  policyBookAbi,
  publishPolicy,
  requestDeposit,
  requestRedeem,
  returnAssets,
  revoke,
  type StrategyVault,
  settleRequests,
  startWindDown,
  strategyVaultStatus,
  submitAttestation,
  surrenderShares,
  tokenUnits,
  type Wallet,
} from "@keel/verifier/chain";
import { type Address, encodeAbiParameters, type Hex, keccak256, zeroAddress } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { nextBlockAt, now, travelTo } from "../support/chain.js";
import {
  COIN,
  DAY,
  deploy,
  SEED,
  SHARE,
  send,
  setupOf,
  shortString,
  USD,
} from "../support/strategy-vault.js";
import {
  attestation,
  claimOf,
  type Fixture,
  GENESIS,
  refused,
  rewindEachTest,
  START,
  startFixture,
  TERMS,
  transact,
} from "./fixture.js";
import { disclosureOf, NAV_CIRCUIT } from "./statement-circuit.js";

const CENT = 10n ** 14n;
const PERIOD = 60;
const MILLION = 1_000_000n;
/** As the policy book names a line. */
const LINE = keccak256(
  encodeAbiParameters([{ type: "string" }, { type: "string" }], ["keel/line/1", "strategy"]),
);

let fixture: Fixture;
let terms: PolicyTerms;
let vault: StrategyVault;
let feed: Address;
let token: Address;
let alice: Wallet;
let custody: Wallet;
let step: typeof GENESIS;

/** The policy names the vault before it exists, the gate a line, and the vault the gate. */
beforeAll(async () => {
  fixture = await startFixture(31337, "StatementVerifier", [
    { circuit: NAV_CIRCUIT, contractName: "NavVerifier" },
  ]);
  const { chain, cast, registry } = fixture;
  [alice, custody] = [chain.wallets[8]!, chain.wallets[9]!];
  token = await deploy(chain, "TestToken", ["Dollar", "USD", 6]);
  const factory = await deploy(chain, "VaultFactory");
  const salt = shortString("first");
  const { abi } = await loadArtifact("VaultFactory");
  const maker = cast.deployer.account.address;
  const known = { address: factory, abi, functionName: "addressOf", args: [maker, salt] } as const;
  const address = (await chain.client.readContract(known)) as Address;
  terms = {
    ...TERMS,
    ...{ unitsKind: 1, unitsSource: address.toLowerCase() as Hex },
    ...{ disclosureCircuit: circuitHash(NAV_CIRCUIT), navStep: CENT },
  };
  await publishPolicy(registry, cast.stranger, terms);
  const book = await chain.client.readContract({
    address: registry.address,
    abi: (await loadArtifact("HealthRegistry")).abi,
    functionName: "policyBook",
  });
  const line = ["strategy", policyId(terms)];
  await transact(chain, cast.deployer, book as Address, policyBookAbi, "openLine", line);
  const gate = await deploy(chain, "LineGate", [registry.address, cast.subject.account.address, LINE]);
  const people = { owner: cast.deployer, manager: cast.deployer, custody } as Parameters<
    typeof setupOf
  >[0]["people"];
  const bounds = { dealingPeriod: PERIOD, maxLag: 600, grace: DAY };
  const setup = setupOf({ people, gate, token }, { seedHolder: maker, terms: bounds });
  await send(chain, cast.deployer, factory, "VaultFactory", "make", [setup, salt]);
  feed = await deploy(chain, "NavFeed", [address, gate, "KEEL / USD", true]);
  vault = await connectStrategyVault(chain.client, address);
  for (const who of [alice, custody]) {
    await send(chain, who, token, "TestToken", "mint", [who.account.address, MILLION * COIN]);
  }
});

const rewind = rewindEachTest(() => [fixture], 20);

/** A true proof of what custody is worth, over the vault's shares of then. */
async function prove(dollars: bigint, seconds: number): Promise<void> {
  const { chain, cast, registry } = fixture;
  const asOf = START + seconds;
  await travelTo(chain, asOf + 1);
  const units = await tokenUnits(registry, vault.address, asOf);
  const drawdown = { ...step, units };
  const about = claimOf(fixture, { terms, asOf, drawdown });
  const disclosure = await disclosureOf(about, dollars * 100n);
  await submitAttestation(registry, cast.stranger, { ...(await attestation(fixture, about)), disclosure });
  step = { ...drawdown, previousState: drawdown.newState, newState: drawdown.newState + 1n };
}

const price = async () => {
  const { abi } = await loadArtifact("NavFeed");
  const call = { address: feed, abi, functionName: "latestRoundData" } as const;
  return ((await fixture.chain.client.readContract(call)) as readonly bigint[])[1]!;
};

describe("76 a vault by real proofs", () => {
  it("settles at the value that the registry verified, feeds it to lenders, and lapses with it", async () => {
    const { chain, cast, registry } = fixture;
    step = GENESIS;
    const status = () => strategyVaultStatus(vault);
    expect(await status()).toMatchObject({ healthy: false, windingDown: false, shares: SEED });
    await refused(requestDeposit(vault, alice, 100n * COIN), "registry.depositsClosed");
    await prove(MILLION, 25);
    expect((await status()).proven).toEqual({ value: MILLION * USD, asOf: START + 25 });
    await requestDeposit(vault, alice, 300n * COIN);
    const id = (await status()).period;
    expect(await pendingRequest(vault, "deposit", id, alice.account.address)).toBe(300n * COIN);
    await cancelRequest(vault, alice, "deposit", id);
    await requestDeposit(vault, alice, 200n * COIN);
    // Of a second within the period: nothing of it can be settled.
    await prove(2n * MILLION, 45);
    await refused(cancelRequest(vault, alice, "deposit", id), "registry.tooLateToCancel");
    await settleRequests(vault, cast.stranger);
    await refused(settleRequests(vault, cast.stranger), "registry.unfitSnapshot");
    const claims = () => claimsOf(vault, alice.account.address);
    expect(await claims()).toEqual({ shares: 0n, claimableShares: 100n * SHARE, claimableAssets: 0n });
    await claimRequests(vault, alice, "deposit");
    expect(await price()).toBe(2n * SHARE);
    await allocateAssets(vault, cast.deployer, custody.account.address, 200n * COIN);
    await returnAssets(vault, custody, 120n * COIN);
    await requestRedeem(vault, alice, 50n * SHARE);
    const settledAt = (await now(chain)) - START;
    await prove(2n * MILLION + 80n, settledAt + PERIOD);
    await settleRequests(vault, cast.stranger);
    expect((await claims()).claimableAssets).toBe(100n * COIN);
    await claimRequests(vault, alice, "redeem");
    await revoke(registry, cast.subject, policyId(terms), "an error");
    await expect(price()).rejects.toThrow("Stale");
    await requestRedeem(vault, alice, 10n * SHARE);
    await refused(requestDeposit(vault, alice, 10n * COIN), "registry.depositsClosed");
    await refused(settleRequests(vault, cast.stranger), "registry.noProvenValue");
    await refused(startWindDown(vault, alice), "registry.noReasonToWindDown");
    await nextBlockAt(chain, (await now(chain)) + DAY + PERIOD);
    await startWindDown(vault, alice);
    expect((await status()).windingDown).toBe(true);
    await surrenderShares(vault, alice, 40n * SHARE);
    expect((await claims()).shares).toBe(0n);
  });

  it("is not priced by a proof of other units, and no policy of one unit is taken for it", async () => {
    step = { ...GENESIS, units: 0n };
    const { cast, registry } = fixture;
    const about = claimOf(fixture, { terms, asOf: START + 22, drawdown: { ...GENESIS, units: SEED - 1n } });
    await travelTo(fixture.chain, START + 23);
    const disclosure = await disclosureOf(about, 1n);
    const attested = { ...(await attestation(fixture, about)), disclosure };
    await refused(submitAttestation(registry, cast.stranger, attested), "registry.wrongUnits");
    await rewind();
  });
});

describe("the client", () => {
  it("knows no vault where there is none, or none with a gate", async () => {
    const { chain, registry } = fixture;
    await refused(connectStrategyVault(chain.client, registry.address), "vault.missing");
    const people = { owner: fixture.cast.deployer, manager: fixture.cast.deployer, custody } as Parameters<
      typeof setupOf
    >[0]["people"];
    const bare = await deploy(chain, "StrategyVault", [setupOf({ people, gate: zeroAddress, token })]);
    await refused(connectStrategyVault(chain.client, bare), "vault.missing");
    expect((await connectStrategyVault(chain.client, vault.address)).asset).toEqual({
      address: token,
      symbol: "USD",
      decimals: 6,
    });
  });
});
