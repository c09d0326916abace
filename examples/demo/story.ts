// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The story: set up, sign, prove, gate a vault, refuse; then `money.ts`. Real circuits, keys, signatures, proofs, chain and
 * contracts; only the vaults' assets are test tokens, and the chain's clock is moved.
 *
 * @module
 */

import { type ArtifactSet, ensureCircuit } from "@keel/circuits";
import { compileVerifiers, deployKeel, loadArtifact } from "@keel/contracts";
import { createProver, type Prover } from "@keel/engine";
import {
  assess,
  enrolmentCommitment,
  generateSourceKey,
  type ProvenAttestation,
  report,
  reportText,
  requireHealthy,
  type SourceKeyPair,
  withUnits,
} from "@keel/prover";
import { formatAttestation, formatDecimal, policyTerms } from "@keel/verifier";
import { connectRegistry, enrol, isHealthy, publishPolicy, submitAttestation } from "@keel/verifier/chain";
import { DEVELOPMENT_KEY_WARNING } from "@keel/verifier/text";
import type { Progress } from "keel/progress";
import { DISCLOSURE, DISCLOSURE_VERIFIER } from "./fund.js";
import { type Purses, tellMoney } from "./money.js";
import { gasMeter, openStage, passTime } from "./stage.js";
import type { RunPart, Teller } from "./teller.js";
import {
  atInventedPrices,
  atKinderFactors,
  attestCall,
  attestRefused,
  type Book,
  CAST,
  CIRCUIT,
  DEPOSIT,
  declaredBy,
  deposit,
  depositRefused,
  expect,
  forgedAttestation,
  openVault,
  PUBLISHERS,
  proven,
  publishTable,
  refusedLocally,
  STRATEGY,
  signedBook,
  signedUnits,
  THRESHOLD,
  type Vault,
  VERIFIER,
  type World,
  withdraw,
} from "./world.js";
import { tellYear, type YearOptions, type YearRecord } from "./year.js";

/** Tells everything. Ends the chain, whatever happens. @returns everybody's coins at the end */
export async function tellStory(teller: Teller, say: (text: string) => void): Promise<Purses> {
  return await inWorld(teller, say, async (world, closing) => {
    const { book, vault } = await teller.step("sign: account, market, policy", (part) => sign(part, world));
    const { first, prover } = await teller.step("prove: check, prove, attest", (part) =>
      prove(part, world, book, say, closing),
    );
    await teller.step("gate: deposit, withdraw, expiry", (part) => gate(part, world, vault));
    await teller.step("refuse: unhealthy, forged, foreign, replayed", (part) =>
      refuse(part, world, vault, prover, first),
    );
    const disclosureProver = await loaded(world.disclosing, closing, 1);
    return await tellMoney(world, { prover, disclosureProver }, teller, say);
  });
}

/**
 * Tells a fund's year. Ends the chain, whatever happens.
 *
 * @param meanwhile what is done with the record before the chain ends
 */
export async function tellWholeYear(
  teller: Teller,
  say: (text: string) => void,
  options: YearOptions,
  meanwhile: (record: YearRecord) => Promise<void>,
): Promise<void> {
  await inWorld(teller, say, async (world, closing) => {
    const prover = await loaded(world.artifacts, closing);
    const disclosureProver = await loaded(world.disclosing, closing, 1);
    await meanwhile(await tellYear(world, { prover, disclosureProver }, teller, say, options));
  });
}

/** What has to be ended, in the order in which it began. */
export type Closing = (() => Promise<void> | void)[];

/** A world for work, which ends with it. */
export async function inWorld<T>(
  teller: Teller,
  say: (text: string) => void,
  work: (world: World, closing: Closing) => Promise<T>,
): Promise<T> {
  const closing: Closing = [];
  try {
    const world = await teller.step("set up: circuit, keys, chain, contracts", (part) =>
      setUp(part, teller, say, closing),
    );
    return await work(world, closing);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** A circuit's prover. A disclosure is an eighth of the health proof: one worker makes it meanwhile. */
export async function loaded(set: ArtifactSet, closing: Closing, workers?: number): Promise<Prover> {
  const files = filesOf(set);
  const prover = await createProver(workers === undefined ? files : { ...files, workers });
  closing.push(() => prover.close());
  return prover;
}

/** What the engine loads, with the hashes that it compares. */
function filesOf({ witnessPath: wasm, zkeyPath: zkey, manifest }: ArtifactSet) {
  const { witness, zkey: zkeyFile } = manifest.files;
  return { wasm, zkey, sha256: { wasm: witness.sha256, zkey: zkeyFile.sha256 } };
}

/** Circuits, chain and contracts. */
async function setUp(
  part: RunPart,
  teller: Teller,
  say: (text: string) => void,
  closing: Closing,
): Promise<World> {
  const [artifacts, disclosing] = await part(
    "compile the circuits, make development keys",
    async (progress) => {
      const sets = await circuitSets(progress);
      const size = ({ manifest: { constraints, files } }: ArtifactSet): string =>
        `${constraints} constraints, key ${megabytes(files.zkey.bytes)}`;
      return { value: sets, detail: `${sets.map(size).join("; ")}; DEVELOPMENT KEYS` };
    },
  );
  say(`\n${indent(DEVELOPMENT_KEY_WARNING)}\n`);
  const verifiers = [
    { circuit: CIRCUIT, contractName: VERIFIER, verificationKey: artifacts.verificationKey },
    { circuit: DISCLOSURE, contractName: DISCLOSURE_VERIFIER, verificationKey: disclosing.verificationKey },
  ];
  await part("compile the verifiers", async () => {
    await compileVerifiers(verifiers.map((verifier) => ({ ...verifier, insecure: true })));
    return { value: undefined, detail: "" };
  });
  const stage = await part("start a local Hardhat chain", async () => {
    const value = await openStage();
    closing.push(() => value.chain.stop());
    return { value, detail: `chain ${value.chain.chainId}` };
  });
  teller.measureGas(gasMeter(stage));
  const keel = await part("deploy books, registry, verifiers", async () => {
    const value = await deployKeel({
      walletClient: stage.wallets[CAST.deployer]!,
      publicClient: stage.client,
      publishers: PUBLISHERS.map((i) => stage.accounts[i]!.address),
      threshold: THRESHOLD,
      verifiers: verifiers.map(({ circuit, contractName }) => ({ circuit, contractName })),
    });
    return { value, detail: `registry ${value.registry}` };
  });
  const [vault, token] = await Promise.all([loadArtifact("GatedVault"), loadArtifact("TestToken")]);
  const keys = new Map(STRATEGY.sources.map((name) => [name, generateSourceKey()]));
  const keyOf = (source: string): SourceKeyPair => keys.get(source)!;
  return {
    ...{ stage, artifacts, disclosing },
    registry: await connectRegistry(stage.client, keel.registry),
    abis: { vault: vault.abi, token: token.abi },
    keyOf,
    enrolment: declaredBy(keyOf),
  };
}

/** Both circuits at once: while one is compiled, on one core, the other's key is made. */
async function circuitSets(progress: Progress): Promise<readonly [ArtifactSet, ArtifactSet]> {
  const ensure = (id: string): Promise<ArtifactSet> =>
    ensureCircuit(id, {
      // The prover compares the hashes of what it loads.
      check: [],
      onProgress: ({ phase, fraction }) => {
        progress.update(`${id}: ${phase}`, fraction);
      },
    });
  return await Promise.all([ensure(CIRCUIT), ensure(DISCLOSURE)]);
}

async function sign(part: RunPart, world: World): Promise<{ readonly book: Book; readonly vault: Vault }> {
  const { stage, registry } = world;
  const book = await part("the source signs the account", async () => {
    const value = await signedBook(world);
    return { value, detail: `${STRATEGY.sources[0]}, ${Object.keys(STRATEGY.positions).length} positions` };
  });
  await part("the administrator signs how many units there are", async () => ({
    value: undefined,
    detail: `${formatDecimal(book.units.units, 8)} units, a signature for every chain`,
  }));
  await part("publishers sign the market table, and it is published", async () => {
    await publishTable(world, book);
    const { series } = book.policy.market;
    return {
      value: undefined,
      detail: `${THRESHOLD} of ${PUBLISHERS.length}, series ${series.slice(0, 12)}…`,
    };
  });
  const id = await part("publish the policy, enrol the subject", async () => {
    const terms = policyTerms(book.policy, book.market);
    const published = await publishPolicy(registry, stage.wallets[CAST.deployer]!, terms);
    const accounts = enrolmentCommitment(world.enrolment);
    await enrol(registry, stage.wallets[CAST.manager]!, accounts);
    // The rival copies what it sees on chain.
    await enrol(registry, stage.wallets[CAST.rival]!, accounts);
    return { value: published.policyId, detail: `${Object.keys(book.policy.limits).length} limits` };
  });
  const vault = await part("open an ERC-4626 vault behind the policy", async () => ({
    value: await openVault(world, id),
    detail: "",
  }));
  await part("a deposit before any attestation", async () => ({
    value: undefined,
    detail: `refused, ${await depositRefused(world, vault)}`,
  }));
  return { book, vault };
}

async function prove(
  part: RunPart,
  world: World,
  book: Book,
  say: (text: string) => void,
  closing: Closing,
): Promise<{ readonly first: ProvenAttestation; readonly prover: Prover }> {
  await part("check", async () => {
    const assessment = assess(withUnits(book.snapshot, book.policy, book.units), book.market, book.policy);
    requireHealthy(assessment);
    say(`\n${indent(reportText(report(assessment)))}\n`);
    return { value: undefined, detail: "every limit holds" };
  });
  const prover = await part("load the key into workers", async () => {
    const value = await loaded(world.artifacts, closing);
    return { value, detail: `${value.workers} workers` };
  });
  const first = await part("prove, verify", async (progress) => {
    const onFraction = (fraction: number): void => progress.update("proving", fraction);
    const value = await proven(world, book, prover, undefined, onFraction);
    return { value, detail: `attestation ${formatAttestation(value.attestation).length} bytes` };
  });
  await part("attest on chain", async () => {
    const relayer = world.stage.wallets[CAST.relayer]!;
    const { attestation } = first;
    await submitAttestation(world.registry, relayer, attestation);
    const { data } = await attestCall(world, attestation);
    const healthy = await isHealthy(world.registry, attestation.subject, attestation.policyId);
    expect(healthy, "the registry to say healthy");
    return {
      value: undefined,
      detail: `healthy, by a development key; calldata ${(data.length - 2) / 2} bytes`,
    };
  });
  return { first, prover };
}

async function gate(part: RunPart, world: World, vault: Vault): Promise<void> {
  await part("a deposit while healthy", async () => {
    await deposit(world, vault, DEPOSIT);
    return { value: undefined, detail: "accepted" };
  });
  await part("a withdrawal while healthy", async () => ({
    value: await withdraw(world, vault, DEPOSIT / 2n),
    detail: "paid",
  }));
  await part("a day passes", async () => {
    const { policy } = await signedBook(world);
    await passTime(world.stage, policy.validity);
    const healthy = await isHealthy(world.registry, STRATEGY.subject, vault.policyId);
    expect(!healthy, "the attestation to have expired");
    return { value: undefined, detail: "the attestation has expired" };
  });
  await part("a deposit after expiry", async () => ({
    value: undefined,
    detail: `refused, ${await depositRefused(world, vault)}`,
  }));
  await part("a withdrawal after expiry", async () => ({
    value: await withdraw(world, vault, DEPOSIT / 4n),
    detail: "paid",
  }));
}

async function refuse(
  part: RunPart,
  world: World,
  vault: Vault,
  prover: Prover,
  yesterday: ProvenAttestation,
): Promise<void> {
  await part("an over-levered snapshot", async () => {
    const error = await refusedLocally(proven(world, await signedBook(world, STRATEGY.twin.changes), prover));
    expect(error.code === "policy.broken", "the limits that are broken", error.code);
    for (const name of STRATEGY.twin.breaks) expect(error.message.includes(name), name, error.message);
    return { value: undefined, detail: `refused before proving, ${error.received}` };
  });
  const book = await part("sign a new account, units and market", async () => {
    const value = await signedBook(world);
    await publishTable(world, value);
    return { value, detail: "" };
  });
  const { attestation } = await part("prove it honestly", async () => ({
    value: await proven(world, book, prover, yesterday.state),
    detail: "",
  }));
  await part("a second epoch that skips the first's state", async () => {
    const skipping = await proven(world, book, prover);
    return {
      value: undefined,
      detail: `refused, ${await attestRefused(world, skipping.attestation, "WrongState")}`,
    };
  });
  await part("a proof forged from an altered witness", async () => {
    const forged = await forgedAttestation(world, book, prover, yesterday.state);
    return { value: undefined, detail: `refused, ${await attestRefused(world, forged, "ProofRefused")}` };
  });
  await part("half the units, signed by the manager", async () => {
    const claimed = { ...book.units, units: book.units.units / 2n };
    const units = signedUnits(claimed, world.stage.chain.accounts[CAST.manager]!.privateKey);
    const snapshot = { ...book.snapshot, units: claimed.units };
    const refused = refusedLocally(proven(world, { ...book, snapshot, units }, prover, yesterday.state));
    const { code } = await refused;
    expect(code === "units.signature", "the signature to be another's", code);
    const drawdown = { ...attestation.drawdown, units: units.units };
    const halved = { ...attestation, drawdown, unitsSignature: units.signature };
    return { value: undefined, detail: `refused, ${await attestRefused(world, halved, "UnitsNotSigned")}` };
  });
  await part("prices that nobody published, each a tenth higher", async () => {
    const invented = await proven(world, atInventedPrices(book), prover, yesterday.state);
    const refusal = await attestRefused(world, invented.attestation, "MarketNotAccepted");
    return { value: undefined, detail: `refused, ${refusal}` };
  });
  await part("a table in which ether weighs as much as cash", async () => {
    const { code } = await refusedLocally(proven(world, atKinderFactors(book), prover, yesterday.state));
    expect(code === "policy.series", "the market to be of another series", code);
    return { value: undefined, detail: "refused before proving, a market of another series" };
  });
  await part("the proof of another subject", async () => {
    const subject = world.stage.accounts[CAST.rival]!.address;
    // Even where the administrator has signed the rival's units.
    const { signature } = signedUnits({ ...book.units, subject });
    const drawdown = { ...attestation.drawdown, previousState: 0n };
    const stolen = { ...attestation, drawdown, subject, unitsSignature: signature };
    return { value: undefined, detail: `refused, ${await attestRefused(world, stolen, "ProofRefused")}` };
  });
  await part("yesterday's proof again", async () => ({
    value: undefined,
    detail: `refused, ${await attestRefused(world, yesterday.attestation, "NotNewer")}`,
  }));
  await part("the honest proof", async () => {
    await submitAttestation(world.registry, world.stage.wallets[CAST.relayer]!, attestation);
    return { value: undefined, detail: "accepted" };
  });
  await part("the honest proof again", async () => ({
    value: undefined,
    detail: `refused, ${await attestRefused(world, attestation, "NotNewer")}`,
  }));
  await part("a deposit after renewal", async () => {
    await deposit(world, vault, DEPOSIT / 4n);
    return { value: undefined, detail: "accepted" };
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "      ");
}
