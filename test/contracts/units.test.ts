// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do a fund's units come from the token or the administrator that its policy names, and never from its manager?
 *
 * @module
 */
import { deployContract, type LocalAccount } from "@keel/contracts";
import {
  type Attestation,
  type PolicyTerms,
  policyId,
  signUnits,
  UNITS_KINDS,
  type UnitsStatement,
  unitsTypedData,
} from "@keel/verifier";
import {
  healthRegistryAbi,
  isHealthy,
  publishPolicy,
  submissionOf,
  submitAttestation,
  toKeelError,
  tokenUnits,
} from "@keel/verifier/chain";
import {
  type Address,
  encodeAbiParameters,
  type Hex,
  hexToBytes,
  parseEther,
  toFunctionSelector,
} from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { nextBlockAt, travelTo } from "../support/chain.js";
import {
  abiOf,
  attestation,
  type Fixture,
  GENESIS,
  refused,
  rewindEachTest,
  START,
  startFixture,
  submitRaw,
  TERMS,
  transact,
} from "./fixture.js";

/** When the tokens' first supply came, and when each test begins. */
const [MINTED, LATER] = [20, 100];
const SNAPSHOT = START + 50;
const [TOKEN, SIGNER, CONTRACT] = (["token", "signer", "contract"] as const).map((kind) =>
  UNITS_KINDS.indexOf(kind),
) as [number, number, number];
/** With 8 decimals a fraction too much: rounded up. */
const SUPPLY = parseEther("1234.5") + 1n;
const UNITS = 123_450_000_001n;
/** OddSource's manners. */
const [ANSWER, REVERT, BURN] = [0, 1, 2];
const SELECTORS = {
  clock: toFunctionSelector("clock()"),
  getPastTotalSupply: toFunctionSelector("getPastTotalSupply(uint256)"),
  decimals: toFunctionSelector("decimals()"),
  isValidSignature: toFunctionSelector("isValidSignature(bytes32,bytes)"),
} as const;
const MAGIC = BigInt(SELECTORS.isValidSignature) << 224n;

let fixture: Fixture;
let token: Address;

beforeAll(async () => {
  fixture = await startFixture();
  token = await deploy("ShareToken", [18]);
  await nextBlockAt(fixture.chain, START + MINTED);
  await callToken(token, "mint", [deployer(), SUPPLY]);
});

rewindEachTest(() => [fixture], LATER);

const deployer = () => fixture.cast.deployer.account.address;
const subject = () => fixture.cast.subject.account.address;

async function deploy(name: string, args: readonly unknown[] = []): Promise<Address> {
  const { cast, chain } = fixture;
  return await deployContract({ walletClient: cast.deployer, publicClient: chain.client }, name, args);
}

async function callToken(address: Address, name: string, args: readonly unknown[]): Promise<void> {
  await transact(fixture.chain, fixture.cast.deployer, address, await abiOf("ShareToken"), name, args);
}

/** A policy that limits the drawdown by units from a source. */
async function policyWith(unitsKind: number, unitsSource: Address): Promise<PolicyTerms> {
  const terms = { ...TERMS, maxDrawdown: 100, unitsKind, unitsSource };
  await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
  return terms;
}

/** A true proof about a number of units. */
async function attested(
  terms: PolicyTerms,
  units: bigint,
  asOf = SNAPSHOT,
  unitsSignature?: Hex,
): Promise<Attestation> {
  const att = await attestation(fixture, { terms, asOf, drawdown: { ...GENESIS, units } });
  return unitsSignature === undefined ? att : { ...att, unitsSignature };
}

const submit = (att: Attestation) => submitAttestation(fixture.registry, fixture.cast.stranger, att);

async function expectCounts(att: Attestation): Promise<void> {
  await submit(att);
  expect(await isHealthy(fixture.registry, att.subject, att.policyId)).toBe(true);
}

describe("55 units without a source", () => {
  it("are one, whatever the manager says", async () => {
    for (const units of [0n, 1n, 99_999_999n, 100_000_001n, 2n ** 96n - 1n]) {
      const error = await refused(submit(await attested(TERMS, units)), "registry.wrongUnits");
      expect(error).toMatchObject({
        kind: "proof",
        path: "drawdown.units",
        expected: "100000000, by the policy's source of units",
        received: `${units}`,
      });
    }
    await expectCounts(await attested(TERMS, 100_000_000n));
  });

  it("take no signature", async () => {
    const error = await refused(
      submit(await attested(TERMS, 100_000_000n, SNAPSHOT, "0x00")),
      "registry.unwantedUnitsSignature",
    );
    expect(error).toMatchObject({ kind: "proof", path: "unitsSignature" });
  });
});

describe("55 units of a share token", () => {
  it("are its supply with 8 decimals, rounded up, and not one more or fewer", async () => {
    const terms = await policyWith(TOKEN, token);
    for (const units of [UNITS - 1n, UNITS + 1n, 0n]) {
      await refused(submit(await attested(terms, units)), "registry.wrongUnits");
    }
    expect(await tokenUnits(fixture.registry, token, SNAPSHOT)).toBe(UNITS);
    await expectCounts(await attested(terms, UNITS));
  });

  it("are not made fewer by a manager who hides a loss of 60%", async () => {
    const terms = await policyWith(TOKEN, token);
    const hidden = (UNITS * 4n) / 10n;
    const error = await refused(submit(await attested(terms, hidden)), "registry.wrongUnits");
    expect(error).toMatchObject({
      expected: `${UNITS}, by the policy's source of units`,
      received: `${hidden}`,
    });
  });

  it("are those of the snapshot's very second: minted and burnt shares count from theirs on", async () => {
    const terms = await policyWith(TOKEN, token);
    await nextBlockAt(fixture.chain, START + 200);
    await callToken(token, "mint", [deployer(), parseEther("10")]);
    await nextBlockAt(fixture.chain, START + 210);
    await callToken(token, "burn", [parseEther("1000") + 1n]);
    await travelTo(fixture.chain, START + 220);
    for (const [asOf, units] of [
      [START + 199, UNITS],
      [START + 200, UNITS + 1_000_000_000n],
      [START + 209, UNITS + 1_000_000_000n],
      [START + 210, 24_450_000_000n],
    ] as const) {
      expect(await tokenUnits(fixture.registry, token, asOf)).toBe(units);
      await refused(submit(await attested(terms, units + 1n, asOf)), "registry.wrongUnits");
    }
    await expectCounts(await attested(terms, UNITS + 1_000_000_000n, START + 209));
  });

  it("are known a second after the snapshot, not at it: within a block the supply can still change", async () => {
    const terms = await policyWith(TOKEN, token);
    const att = await attested(terms, UNITS, START + 200);
    await nextBlockAt(fixture.chain, START + 200);
    const error = await refused(submit(att), "registry.unitsUnavailable");
    expect(error).toMatchObject({ kind: "proof", path: "drawdown.units" });
    await nextBlockAt(fixture.chain, START + 201);
    await expectCounts(att);
  });

  it("take no signature", async () => {
    const terms = await policyWith(TOKEN, token);
    const att = await attested(terms, UNITS, SNAPSHOT, "0x00");
    await refused(submit(att), "registry.unwantedUnitsSignature");
  });

  it.each([
    [0, 7n, 700_000_000n],
    [6, 1_234_567n, 123_456_700n],
    [8, 2n ** 96n - 1n, 2n ** 96n - 1n],
    [9, 10n, 1n],
    [9, 11n, 2n],
    [36, 10n ** 36n, 100_000_000n],
    [36, 1n, 1n],
  ] as const)("of %i decimals are scaled: %i gives %i", async (decimals, supply, units) => {
    const shares = await deploy("ShareToken", [decimals]);
    await nextBlockAt(fixture.chain, START + 200);
    await callToken(shares, "mint", [deployer(), supply]);
    const terms = await policyWith(TOKEN, shares);
    expect(await tokenUnits(fixture.registry, shares, START + 200)).toBe(units);
    await expectCounts(await attested(terms, units, START + 200));
  });

  it.each([
    [37, 10n ** 37n],
    [8, 2n ** 96n],
    [0, 2n ** 96n / 10n ** 8n + 1n],
    [18, 2n ** 208n - 1n],
  ] as const)("of %i decimals that fit no statement are refused: %i", async (decimals, supply) => {
    const shares = await deploy("ShareToken", [decimals]);
    await nextBlockAt(fixture.chain, START + 200);
    await callToken(shares, "mint", [deployer(), supply]);
    const terms = await policyWith(TOKEN, shares);
    await travelTo(fixture.chain, START + 210);
    await refused(submit(await attested(terms, 1n, START + 200)), "registry.unitsUnavailable");
    await refused(tokenUnits(fixture.registry, shares, START + 200), "units.unavailable");
  });

  it("are none before the first share", async () => {
    const terms = await policyWith(TOKEN, token);
    for (const units of [0n, 1n]) {
      const error = await refused(
        submit(await attested(terms, units, START + MINTED - 1)),
        "registry.noUnits",
      );
      expect(error.kind).toBe("proof");
    }
    expect(await tokenUnits(fixture.registry, token, START + MINTED - 1)).toBe(0n);
  });

  it("need a clock of timestamps", async () => {
    const blocks = await deploy("BlockToken");
    await callToken(blocks, "mint", [deployer(), 1n]);
    const terms = await policyWith(TOKEN, blocks);
    await refused(submit(await attested(terms, 1n)), "registry.unitsUnavailable");
    const error = await refused(tokenUnits(fixture.registry, blocks, SNAPSHOT), "units.unavailable");
    expect(error.kind).toBe("environment");
  });

  it("need a token, and no account or precompile", async () => {
    for (const address of [deployer(), `0x${"00".repeat(19)}02`, `0x${"00".repeat(19)}04`] as const) {
      const terms = await policyWith(TOKEN, address);
      await refused(submit(await attested(terms, 1n)), "registry.unitsUnavailable");
    }
  });

  it.each([
    ["clock", "reverts", REVERT, 32, 0n],
    ["clock", "burns its gas", BURN, 32, 0n],
    ["clock", "is short", ANSWER, 31, 0n],
    ["clock", "is another time", ANSWER, 32, 1n],
    ["getPastTotalSupply", "reverts", REVERT, 32, 0n],
    ["getPastTotalSupply", "burns its gas", BURN, 32, 0n],
    ["getPastTotalSupply", "is short", ANSWER, 1, 5n],
    ["getPastTotalSupply", "is more than fits", ANSWER, 32, 2n ** 256n - 1n],
    ["decimals", "reverts", REVERT, 32, 8n],
    ["decimals", "burns its gas", BURN, 32, 8n],
    ["decimals", "is short", ANSWER, 8, 8n],
    ["decimals", "is absurd", ANSWER, 32, 2n ** 256n - 1n],
  ] as const)("are refused by name when %s %s", async (name, _, manner, size, word) => {
    const odd = await oddSource();
    await tell(odd, name, manner, size, word);
    const terms = await policyWith(TOKEN, odd);
    const att = await attested(terms, 5n);
    await refused(submit(att), "registry.unitsUnavailable");
    // Whatever the token burns, enough is left to say so.
    await refused(submitWith(att, 1_500_000n), "registry.unitsUnavailable");
  });

  it("are read from the first word of a long answer, which costs its sender only", async () => {
    const odd = await oddSource();
    await tell(odd, "getPastTotalSupply", ANSWER, 200_000, 5n);
    const terms = await policyWith(TOKEN, odd);
    await expectCounts(await attested(terms, 5n));
  });
});

describe("55 units that an administrator signs", () => {
  const administrator = () => fixture.chain.accounts[11]!;
  const signed = ({ units = UNITS, asOf = SNAPSHOT, who = subject() } = {}, account = administrator()): Hex =>
    signUnits({ subject: who, asOf, units }, hexToBytes(account.privateKey)).signature;

  it("count as signed, from anybody who brings them", async () => {
    const terms = await policyWith(SIGNER, administrator().address);
    await expectCounts(await attested(terms, UNITS, SNAPSHOT, signed()));
  });

  it("may be signed by any wallet that signs typed data", async () => {
    const terms = await policyWith(SIGNER, administrator().address);
    const statement: UnitsStatement = { subject: subject(), asOf: SNAPSHOT, units: UNITS };
    const signature = await fixture.chain.signers[11]!.signTypedData(unitsTypedData(statement));
    expect(signature).toBe(signed());
    await expectCounts(await attested(terms, UNITS, SNAPSHOT, signature));
  });

  it.each([
    ["other units", (): Hex => signed({ units: UNITS - 1n })],
    ["another time", (): Hex => signed({ asOf: SNAPSHOT - 1 })],
    ["another subject", (): Hex => signed({ who: deployer() })],
    ["somebody else", (): Hex => signed({}, fixture.chain.accounts[12]!)],
    ["nobody", (): Hex => "0x"],
    ["64 bytes", (): Hex => signed().slice(0, -2) as Hex],
    ["66 bytes", (): Hex => `${signed()}00`],
    ["another recovery bit", (): Hex => flipped(signed())],
    ["a high s", (): Hex => highS(signed())],
    ["a recovery bit of 0", (): Hex => `${signed().slice(0, -2)}00` as Hex],
    ["zeros", (): Hex => `0x${"00".repeat(65)}`],
  ] as const)("are refused with a signature of %s", async (_, make) => {
    const terms = await policyWith(SIGNER, administrator().address);
    const error = await refused(
      submit(await attested(terms, UNITS, SNAPSHOT, make())),
      "registry.unitsNotSigned",
    );
    expect(error).toMatchObject({ kind: "proof", path: "unitsSignature" });
    expect(error.expected).toContain(administrator().address);
  });

  it("bind the proof, too: a signature for other units than were proven is none", async () => {
    const terms = await policyWith(SIGNER, administrator().address);
    const att = await attested(terms, UNITS, SNAPSHOT, signed({ units: UNITS + 1n }));
    await refused(submit(att), "registry.unitsNotSigned");
    await refused(submitRaw(fixture, att, { units: UNITS + 1n }), "registry.proofRefused");
  });

  it("are never none", async () => {
    const terms = await policyWith(SIGNER, administrator().address);
    const att = await attested(terms, 0n, SNAPSHOT, signed({ units: 0n }));
    await refused(submit(att), "registry.noUnits");
  });

  it("have room for 96 bits", async () => {
    const units = 2n ** 96n - 1n;
    const terms = await policyWith(SIGNER, administrator().address);
    await expectCounts(await attested(terms, units, SNAPSHOT, signed({ units })));
  });

  it("count once more under another policy, as the same fact", async () => {
    const terms = await policyWith(SIGNER, administrator().address);
    const other = { ...terms, maxLeverage: 20_000 };
    await publishPolicy(fixture.registry, fixture.cast.stranger, other);
    await submit(await attested(terms, UNITS, SNAPSHOT, signed()));
    const drawdown = { units: UNITS, previousState: GENESIS.newState, newState: 2n };
    const att = await attestation(fixture, { terms: other, asOf: SNAPSHOT, drawdown });
    await submit({ ...att, unitsSignature: signed() });
    expect(await isHealthy(fixture.registry, subject(), policyId(other))).toBe(true);
  });
});

describe("55 units that a contract signs", () => {
  const owners = (): LocalAccount[] => [11, 12, 13].map((i) => fixture.chain.accounts[i]!);

  async function twoOfThree(): Promise<PolicyTerms> {
    const contract = await deploy("Administrator", [owners().map(({ address }) => address), 2]);
    return await policyWith(CONTRACT, contract);
  }

  /** What so many of the owners sign, as the contract takes it. */
  function signedBy(count: number, units = UNITS): Hex {
    const statement = { subject: subject(), asOf: SNAPSHOT, units };
    const signers = owners().slice(0, count);
    const signatures = signers.map(
      ({ privateKey }) => signUnits(statement, hexToBytes(privateKey)).signature,
    );
    return encodeAbiParameters(
      [{ type: "bytes[]" }, { type: "bytes[]" }],
      [signers.map(({ address }) => address), signatures],
    );
  }

  it("count when enough of its owners signed", async () => {
    const terms = await twoOfThree();
    await expectCounts(await attested(terms, UNITS, SNAPSHOT, signedBy(2)));
  });

  it("are refused when too few signed, or something else", async () => {
    const terms = await twoOfThree();
    for (const signature of [signedBy(1), signedBy(2, UNITS + 1n), "0x"] as const) {
      const att = await attested(terms, UNITS, SNAPSHOT, signature);
      await refused(submit(att), "registry.unitsNotSigned");
    }
  });

  it("are refused when the address has no code, or is a precompile that repeats what it is told", async () => {
    for (const address of [deployer(), `0x${"00".repeat(19)}04`] as const) {
      const terms = await policyWith(CONTRACT, address);
      await refused(submit(await attested(terms, UNITS, SNAPSHOT, "0x01")), "registry.unitsNotSigned");
    }
  });

  it.each([
    ["reverts with yes", REVERT, 32, MAGIC],
    ["burns its gas", BURN, 32, MAGIC],
    ["is short", ANSWER, 4, MAGIC],
    ["is no", ANSWER, 32, 0n],
    ["has something behind the yes", ANSWER, 32, MAGIC + 1n],
  ] as const)("are refused by name when its answer %s", async (_, manner, size, word) => {
    const odd = await oddSource();
    await tell(odd, "isValidSignature", manner, size, word);
    const terms = await policyWith(CONTRACT, odd);
    const att = await attested(terms, UNITS, SNAPSHOT, "0x01");
    await refused(submit(att), "registry.unitsNotSigned");
    await refused(submitWith(att, 1_500_000n), "registry.unitsNotSigned");
  });

  it("count when it says yes", async () => {
    const odd = await oddSource();
    await tell(odd, "isValidSignature", ANSWER, 32, MAGIC);
    const terms = await policyWith(CONTRACT, odd);
    await expectCounts(await attested(terms, UNITS, SNAPSHOT, "0x01"));
    const none = await attested({ ...terms }, 0n, SNAPSHOT + 1, "0x01");
    await refused(submitRaw(fixture, none, { previousState: GENESIS.newState }), "registry.noUnits");
  });
});

/** A source of units that tells the time, and has 5e-8 units of 8 decimals. */
async function oddSource(): Promise<Address> {
  const odd = await deploy("OddSource");
  await tell(odd, "getPastTotalSupply", ANSWER, 32, 5n);
  await tell(odd, "decimals", ANSWER, 32, 8n);
  return odd;
}

async function tell(odd: Address, name: keyof typeof SELECTORS, manner: number, size: number, word: bigint) {
  const { chain, cast } = fixture;
  const args = [SELECTORS[name], manner, size, word];
  await transact(chain, cast.deployer, odd, await abiOf("OddSource"), "set", args);
}

/** Asks what the submission would do with so much gas. */
async function submitWith(att: Attestation, gas: bigint): Promise<unknown> {
  const { chain, cast, registry } = fixture;
  const args = [submissionOf(att, 1)] as const;
  const call = { address: registry.address, abi: healthRegistryAbi, functionName: "attest", args } as const;
  return await chain.client
    .simulateContract({ ...call, account: cast.stranger.account, gas })
    .catch((error: unknown) => {
      throw toKeelError(error);
    });
}

/** The same point with the other sign of its y, which another key would have made. */
function flipped(signature: Hex): Hex {
  return `${signature.slice(0, -2)}${signature.endsWith("1b") ? "1c" : "1b"}` as Hex;
}

/** The malleated form of a signature, which ecrecover takes. */
function highS(signature: Hex): Hex {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = order - BigInt(`0x${signature.slice(66, 130)}`);
  return `${signature.slice(0, 66)}${s.toString(16).padStart(64, "0")}${flipped(signature).slice(-2)}` as Hex;
}
