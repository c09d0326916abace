// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What does each action cost, and how near is verification to the floor that the curve operations set?
 *
 * Gas of execution: the transaction's gas without its 21,000 and without its calldata, whose zero bytes differ from proof
 * to proof. The figures are committed in gas.snapshot.txt; `vitest -u` writes them anew.
 *
 * @module
 */
import { deployContract } from "@keel/contracts";
import {
  type Attestation,
  BASE_POINT,
  circuitHash,
  type DrawdownStep,
  encodeProof,
  type PolicyTerms,
  policyId,
  signUnits,
  statementInputs,
  statementVector,
} from "@keel/verifier";
import {
  enrol,
  groth16VerifierAbi,
  healthRegistryAbi,
  publishMarket,
  publishPolicy,
  revoke,
  signMarket,
  submitAttestation,
  submitBatch,
} from "@keel/verifier/chain";
import { encodeFunctionData, type Hex, hexToBytes, maxUint256 } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { travelTo, undone, write } from "../support/chain.js";
import {
  abiOf,
  attestation,
  claimOf,
  ENROLMENT,
  type Fixture,
  GENESIS,
  MARKET,
  POLICY,
  START,
  startFixture,
  stepAfter,
  TERMS,
} from "./fixture.js";
import { attestationOf, disclosureOf, endProving, VIEWER_CIRCUIT } from "./statement-circuit.js";

/** A batch's size for the record, and its floor: n + 3 pairs, each proof's A and C scaled and added, l + 2 fixed points. */
const BATCH = 10;
const BATCH_FLOOR = 45_000 + 34_000 * (BATCH + 3) + 12_150 * (BATCH - 1) + 6_000 * 5 + 150 * 3;

/** EIP-1108: a pairing of four, and a multiplication and an addition for each of three inputs. */
const VERIFY_FLOOR = 45_000 + 4 * 34_000 + 3 * (6_000 + 150);

const rows: { action: string; gas: number; floor?: number }[] = [];
let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture(31337, "StatementVerifier", [
    { circuit: VIEWER_CIRCUIT, contractName: "ViewerVerifier" },
  ]);
  await travelTo(fixture.chain, START + 10);
});

afterAll(async () => {
  await fixture?.chain.stop();
  await endProving();
});

async function measure(
  action: string,
  work: Promise<{ readonly hash: Hex }>,
  floor?: number,
): Promise<number> {
  const { hash } = await work;
  const { client } = fixture.chain;
  const [{ gasUsed }, { input }] = await Promise.all([
    client.getTransactionReceipt({ hash }),
    client.getTransaction({ hash }),
  ]);
  const calldata = hexToBytes(input).reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 0);
  const gas = Number(gasUsed) - 21_000 - calldata;
  rows.push({ action, gas, ...(floor === undefined ? {} : { floor }) });
  return gas;
}

describe("gas", () => {
  it("of verification is at most 1.5% above the floor", async () => {
    const { chain, cast, keel } = fixture;
    const att = await attestation(fixture);
    const { c, x, y } = statementInputs(att.digest, statementVector(claimOf(fixture)));
    const args = [encodeProof(att.proof), [c, x, y]];
    // Not estimated: a verifier that runs out of gas answers false, and the estimate would be for that.
    const address = keel.verifiers[0]!.address;
    const call = write(chain, cast.stranger, address, groth16VerifierAbi, "verify", args, 1_000_000n);
    expect((await measure("verify one proof", call, VERIFY_FLOOR)) / VERIFY_FLOOR).toBeLessThanOrEqual(1.015);
  });

  it("of a batch of ten is at most 70,000 a proof", async () => {
    const { registry, cast, chain, keel } = fixture;
    const subjects = chain.wallets.slice(10, 10 + BATCH);
    const claims = subjects.map(({ account }) => claimOf(fixture, { subject: account.address }));
    const batch: Attestation[] = [];
    for (const claim of claims) batch.push(await attestationOf(claim));
    const inputs = batch.map(({ digest }, i) => {
      const { c, x, y } = statementInputs(digest, statementVector(claims[i]!));
      return [c, x, y];
    });
    const args = [batch.map(({ proof }) => encodeProof(proof)), inputs];
    const address = keel.verifiers[0]!.address;
    const call = write(chain, cast.stranger, address, groth16VerifierAbi, "verifyBatch", args, 3_000_000n);
    const gas = await measure(`verify a batch of ${BATCH}`, call, BATCH_FLOOR);
    expect(gas / BATCH).toBeLessThanOrEqual(70_000);
    await undone(chain, async () => {
      for (const wallet of subjects) await enrol(registry, wallet, ENROLMENT);
      await measure(`attest a batch of ${BATCH}`, submitBatch(registry, cast.stranger, batch));
    });
  });

  it("of the life of an attestation", async () => {
    const { registry, cast, chain } = fixture;
    const subject = cast.subject.account.address;
    const market = { ...MARKET, root: MARKET.root + 1n };
    const signatures = await Promise.all([5, 6].map((i) => signMarket(registry, chain.signers[i]!, market)));
    await measure("enrol", enrol(registry, cast.guardian, ENROLMENT));
    await measure("publish a policy", publishPolicy(registry, cast.stranger, { ...TERMS, validity: 3_601 }));
    await measure(
      "publish a market, two signatures",
      publishMarket(registry, cast.stranger, market, signatures),
    );
    await measure("attest, first", submitAttestation(registry, cast.stranger, await attestation(fixture)));
    await travelTo(chain, START + 60);
    const later = await attestation(fixture, { asOf: START + 50, drawdown: stepAfter(GENESIS) });
    await measure("attest, later", submitAttestation(registry, cast.stranger, later));
    await disclosures(later.drawdown);
    const probe = await deployContract(
      { walletClient: cast.deployer, publicClient: chain.client },
      "GasProbe",
    );
    const [gas, healthy] = (await chain.client.readContract({
      address: probe,
      abi: await abiOf("GasProbe"),
      functionName: "isHealthy",
      args: [registry.address, subject, POLICY],
    })) as [bigint, boolean];
    expect(healthy).toBe(true);
    expect(gas).toBeLessThanOrEqual(6_000n);
    rows.push({ action: "isHealthy, cold, from a contract", gas: Number(gas), floor: 2_600 + 2_100 });
    await deposits();
    await measure("revoke", revoke(registry, cast.subject, POLICY, "reason"));
  });

  it("is as committed", async () => {
    await expect(table()).toMatchFileSnapshot("gas.snapshot.txt");
    console.info(table());
  });
});

/** With a net asset value and twelve words for one viewer, as fund-64 has; the units are signed by an administrator. */
async function disclosures(before: DrawdownStep): Promise<void> {
  const { registry, cast, chain } = fixture;
  const administrator = chain.accounts[11]!;
  const terms: PolicyTerms = {
    ...{ ...TERMS, unitsKind: 2, unitsSource: administrator.address.toLowerCase() as Hex },
    ...{ disclosureCircuit: circuitHash(VIEWER_CIRCUIT), navStep: 10n ** 19n, viewers: [BASE_POINT] },
  };
  await undone(chain, async () => {
    await measure("publish a policy with one viewer", publishPolicy(registry, cast.stranger, terms));
    let step = before;
    for (const [i, which] of ["first", "later"].entries()) {
      step = stepAfter(step);
      const claim = claimOf(fixture, { asOf: START + 51 + i, drawdown: step, terms });
      const said = { subject: claim.subject, asOf: claim.asOf, units: step.units };
      const shown = {
        unitsSignature: signUnits(said, hexToBytes(administrator.privateKey)).signature,
        disclosure: await disclosureOf(claim, 12_345n),
      };
      const work = submitAttestation(registry, cast.stranger, { ...(await attestationOf(claim)), ...shown });
      const gas = await measure(`attest with a disclosure, ${which}`, work);
      if (which === "later") expect(gas).toBeLessThanOrEqual(560_000);
    }
    const args = [cast.subject.account.address, policyId(terms)] as const;
    const data = encodeFunctionData({ abi: healthRegistryAbi, functionName: "navOf", args });
    const gas = await chain.client.estimateGas({
      to: registry.address,
      data,
      account: cast.stranger.account,
    });
    rows.push({ action: "navOf, cold, with the transaction", gas: Number(gas) });
  });
}

/** A gated deposit against the same deposit into the bare OpenZeppelin vault is the gate's price. */
async function deposits(): Promise<void> {
  const { registry, cast, chain } = fixture;
  const clients = { walletClient: cast.deployer, publicClient: chain.client };
  const { address } = cast.deployer.account;
  const token = await deployContract(clients, "TestToken", ["T", "T", 18]);
  const args = [token, "v", "v", registry.address, cast.subject.account.address, POLICY];
  const vault = await deployContract(clients, "GatedVault", args);
  const [tokenAbi, vaultAbi] = [await abiOf("TestToken"), await abiOf("GatedVault")];
  await write(chain, cast.deployer, token, tokenAbi, "mint", [address, 10n ** 18n]);
  await write(chain, cast.deployer, token, tokenAbi, "approve", [vault, maxUint256]);
  for (const action of ["deposit, first", "deposit, later"]) {
    await measure(action, write(chain, cast.deployer, vault, vaultAbi, "deposit", [10n ** 9n, address]));
  }
  await measure(
    "withdraw",
    write(chain, cast.deployer, vault, vaultAbi, "withdraw", [10n ** 9n, address, address]),
  );
}

function table(): string {
  const lines = rows.map(({ action, gas, floor }) => {
    const ratio = floor === undefined ? "" : (gas / floor).toFixed(4);
    return [
      action.padEnd(36),
      String(gas).padStart(9),
      String(floor ?? "").padStart(9),
      ratio.padStart(8),
    ].join(" ");
  });
  const head = ["action".padEnd(36), "gas".padStart(9), "floor".padStart(9), "ratio".padStart(8)].join(" ");
  return `${[head, ...lines].map((line) => line.trimEnd()).join("\n")}\n`;
}
