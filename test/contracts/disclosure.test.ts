// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a policy that wants something shown take an attestation with just that, keep what it shows, and take nothing less or other?
 *
 * @module
 */

import {
  type Attestation,
  BASE_POINT,
  circuitHash,
  type DisclosureAttestation,
  FIELD_ORDER,
  type PolicyTerms,
  policyId,
  type Statement,
  signUnits,
  viewerKeyOf,
} from "@keel/verifier";
import {
  healthRegistryAbi,
  historyOf,
  isHealthy,
  navRecordOf,
  policyBookAbi,
  publishPolicy,
  reverify,
  revoke,
  statusOf,
  submissionOf,
  submitAttestation,
  submitBatch,
  verifierBookAbi,
  voidAttestation,
} from "@keel/verifier/chain";
import { type Hex, hexToBytes } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { travelTo } from "../support/chain.js";
import {
  attestation,
  claimOf,
  type Fixture,
  refused,
  rewindEachTest,
  START,
  startFixture,
  stepAfter,
  submitRaw,
  TERMS,
  transact,
} from "./fixture.js";
import {
  attestationOf,
  disclosureArtifacts,
  disclosureOf,
  NAV_CIRCUIT,
  statementArtifacts,
  VIEWER_CIRCUIT,
} from "./statement-circuit.js";

const CENT = 10n ** 14n;
/** A thousand USD. */
const STEP = 10n ** 19n;
const NAV = 12_345n;
const UNITS = 700_000_000n;
const VIEWER = viewerKeyOf(new Uint8Array(32).fill(21));
const OTHER_VIEWER = viewerKeyOf(new Uint8Array(32).fill(22));

let fixture: Fixture;
let navTerms: PolicyTerms;
let viewerTerms: PolicyTerms;
let claim: Statement;
let shown: Attestation;

beforeAll(async () => {
  fixture = await startFixture(31337, "StatementVerifier", [
    { circuit: NAV_CIRCUIT, contractName: "NavVerifier" },
    { circuit: VIEWER_CIRCUIT, contractName: "ViewerVerifier" },
  ]);
  const unitsSource = fixture.chain.accounts[11]!.address.toLowerCase() as Hex;
  const administered = { ...TERMS, unitsKind: 2, unitsSource };
  navTerms = { ...administered, disclosureCircuit: circuitHash(NAV_CIRCUIT), navStep: STEP };
  viewerTerms = {
    ...administered,
    ...{ disclosureCircuit: circuitHash(VIEWER_CIRCUIT), navStep: STEP, viewers: [VIEWER] },
  };
  for (const terms of [navTerms, viewerTerms]) {
    await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
  }
  claim = claimUnder(viewerTerms);
  shown = await showing(claim);
});

rewindEachTest(() => [fixture]);

const subject = () => fixture.cast.subject.account.address;
const submit = (attested: Attestation) =>
  submitAttestation(fixture.registry, fixture.cast.stranger, attested);
const healthy = (terms = viewerTerms) => isHealthy(fixture.registry, subject(), policyId(terms));
const navOf = (terms = viewerTerms) => navRecordOf(fixture.registry, subject(), policyId(terms));

function claimUnder(terms: PolicyTerms, change: Partial<Statement> = {}): Statement {
  return claimOf(fixture, {
    terms,
    drawdown: { units: UNITS, previousState: 0n, newState: 1_001n },
    ...change,
  });
}

/** A true attestation of a claim, with a true disclosure, and the administrator's signature of the units. */
async function showing(about: Statement, disclosure?: DisclosureAttestation): Promise<Attestation> {
  const said = { subject: subject(), asOf: about.asOf, units: about.drawdown.units };
  const { signature: unitsSignature } = signUnits(said, hexToBytes(fixture.chain.accounts[11]!.privateKey));
  const attested = await attestation(fixture, about);
  return { ...attested, unitsSignature, disclosure: disclosure ?? (await disclosureOf(about, NAV)) };
}

describe("61 a policy that wants a net asset value and sums for a viewer shown", () => {
  it("takes the pair, and tells value, units and times in one call", async () => {
    await submit(shown);
    expect(await healthy()).toBe(true);
    const expected = { value: NAV * STEP, units: UNITS, asOf: START, expiry: START + TERMS.validity };
    expect(await navOf()).toEqual({ ...expected, live: true });
    const { nav } = await statusOf(fixture.registry, subject(), policyId(viewerTerms));
    expect(nav).toEqual({ value: NAV * STEP, units: UNITS });
  });

  it("tells nothing before the first attestation, and nothing under a policy that shows none", async () => {
    expect(await navOf()).toBeUndefined();
    await submit(await attestation(fixture));
    expect(await navOf(TERMS)).toBeUndefined();
  });

  it("tells the value as no longer live once it is revoked, and the next one's from then on", async () => {
    await submit(shown);
    await revoke(fixture.registry, fixture.cast.subject, policyId(viewerTerms), "a mistake");
    expect(await navOf()).toMatchObject({ value: NAV * STEP, live: false });
    const now = Number((await fixture.chain.client.getBlock()).timestamp);
    const next = claimUnder(viewerTerms, {
      asOf: now + 1,
      drawdown: { ...stepAfter(claim.drawdown), units: UNITS + 1n },
    });
    await fixture.chain.test.increaseTime({ seconds: 2 });
    await submit(await showing(next, await disclosureOf(next, 0n)));
    expect(await navOf()).toMatchObject({ value: 0n, units: UNITS + 1n, asOf: now + 1, live: true });
  });

  it("refuses the health proof alone, two disclosures, and one where none is wanted", async () => {
    const { disclosure, ...alone } = shown;
    const error = await refused(submit(alone), "registry.wrongDisclosures");
    expect(error).toMatchObject({ kind: "proof", path: "disclosure" });
    const [one] = submissionOf(shown, 1, 0, 1).disclosure;
    await refused(submitRaw(fixture, shown, { disclosure: [one!, one!] }), "registry.wrongDisclosures");
    const plain = await attestation(fixture);
    await refused(submit({ ...plain, disclosure: disclosure! }), "registry.wrongDisclosures");
    const { client } = fixture.chain;
    const first = (submission: ReturnType<typeof submissionOf>) =>
      client.readContract({
        address: fixture.registry.address,
        abi: healthRegistryAbi,
        functionName: "firstRefused",
        args: [[submission]],
      });
    expect(await first(submissionOf(shown, 1, 0, 1))).toBe(1n);
    expect(await first(submissionOf(alone, 1))).toBe(0n);
  });

  it("refuses a disclosure of other exposures, another viewer, step or policy, though it is true", async () => {
    for (const about of [
      { ...claim, exposuresCommitment: 556n },
      { ...claim, terms: { ...viewerTerms, viewers: [OTHER_VIEWER] } },
      { ...claim, terms: { ...viewerTerms, navStep: STEP * 10n } },
      { ...claim, terms: { ...viewerTerms, navStep: 0n } },
    ]) {
      const disclosure = await disclosureOf(about, NAV);
      await refused(submit({ ...shown, disclosure }), "registry.proofRefused");
    }
    const bare = await disclosureOf({ ...claim, terms: navTerms }, NAV);
    await refused(
      submit({ ...shown, disclosure: { ...bare, circuit: VIEWER_CIRCUIT } }),
      "registry.wrongSealedSums",
    );
  });

  it("refuses another value, and any number of the ciphertext altered", async () => {
    const { disclosure } = shown;
    await refused(
      submit({ ...shown, disclosure: { ...disclosure!, nav: NAV + 1n } }),
      "registry.proofRefused",
    );
    const [given] = submissionOf(shown, 1, 0, 1).disclosure;
    const { sealedSums } = given!;
    for (let i = 0; i < sealedSums.length; i++) {
      const altered = { ...given!, sealedSums: sealedSums.with(i, (sealedSums[i]! + 1n) % FIELD_ORDER) };
      await refused(submitRaw(fixture, shown, { disclosure: [altered] }), "registry.proofRefused");
    }
    for (const [change, code] of [
      [{ sealedSums: sealedSums.slice(0, -1) }, "registry.proofRefused"],
      [{ sealedSums: [...sealedSums, 1n] }, "registry.proofRefused"],
      [{ sealedSums: sealedSums.slice(0, 3) }, "registry.wrongSealedSums"],
      [{ sealedSums: [] }, "registry.wrongSealedSums"],
      [{ sealedSums: sealedSums.with(0, FIELD_ORDER) }, "registry.notInField"],
      [{ commitment: FIELD_ORDER }, "registry.notInField"],
      [{ nav: 2n ** 96n - 1n }, "registry.navTooLarge"],
    ] as const) {
      await refused(submitRaw(fixture, shown, { disclosure: [{ ...given!, ...change }] }), code);
    }
    expect(await healthy()).toBe(false);
    expect(await navOf()).toBeUndefined();
  });

  it("refuses units that are not the administrator's, whose value per unit would be another", async () => {
    const about = claimUnder(viewerTerms, { drawdown: { ...claim.drawdown, units: UNITS - 1n } });
    const attested = await showing(about);
    await refused(submit({ ...attested, unitsSignature: shown.unitsSignature! }), "registry.unitsNotSigned");
  });

  it("binds the pair: the next epoch needs a disclosure of its own", async () => {
    await submit(shown);
    const next = claimUnder(viewerTerms, {
      ...{ asOf: START + 5, drawdown: { ...stepAfter(claim.drawdown), units: UNITS } },
      exposuresCommitment: 557n,
    });
    await refused(submit(await showing(next, shown.disclosure!)), "registry.proofRefused");
    await submit(await showing(next));
    expect(await navOf()).toMatchObject({ asOf: START + 5 });
  });

  it("refuses a retired version, and what rests on it can be voided by anybody", async () => {
    await submit(shown);
    const entries = await historyOf(fixture.registry, { fromBlock: 0n, policyId: policyId(viewerTerms) });
    const entry = entries.find((candidate) => candidate.kind === "attested")!;
    const basis = {
      ...{ version: 1, marketRoot: entry.market.root, marketTime: entry.market.asOf },
      ...{ tailVersion: 0, returnsRoot: 0n, returnsTime: 0, disclosureVersion: 1 },
      ...{ liquidityVersion: 0, liquidityRoot: 0n, liquidityTime: 0 },
    };
    const end = () =>
      voidAttestation(fixture.registry, fixture.cast.stranger, subject(), policyId(viewerTerms), basis);
    await refused(end(), "registry.nothingToVoid");
    const { chain, cast, registry } = fixture;
    const args = [circuitHash(VIEWER_CIRCUIT), 1, "its key leaked"];
    await transact(chain, cast.guardian, registry.verifierBook, verifierBookAbi, "retire", args);
    await end();
    expect(await healthy()).toBe(false);
    expect(await navOf()).toMatchObject({ live: false });
    const next = claimUnder(viewerTerms, {
      asOf: START + 5,
      drawdown: { ...stepAfter(claim.drawdown), units: UNITS },
    });
    await refused(submitRaw(fixture, await showing(next)), "registry.unknownVersion");
    const late = submissionOf(await showing(next), 1, 0, 1);
    await refused(
      submitRaw(fixture, await showing(next), { disclosure: late.disclosure }),
      "registry.retired",
    );
  });

  it("leaves a log from which every proof and the value can be verified again", async () => {
    await submit(shown);
    const entries = await historyOf(fixture.registry, { fromBlock: 0n, policyId: policyId(viewerTerms) });
    const entry = entries.find((candidate) => candidate.kind === "attested")!;
    const key = (await statementArtifacts()).verificationKey;
    const disclosureKey = (await disclosureArtifacts(1)).verificationKey;
    const again = (other: typeof entry) => reverify(fixture.registry, other, key, undefined, disclosureKey);
    expect(await again(entry)).toBe(true);
    await refused(reverify(fixture.registry, entry, key), "key.missing");
    const { disclosure, ...alone } = entry;
    expect(await again(alone)).toBe(false);
    for (const change of [{ nav: NAV + 1n }, { sealedSums: [] }, { digest: 5n }]) {
      expect(await again({ ...entry, disclosure: { ...disclosure!, ...change } })).toBe(false);
    }
  });
});

describe("a policy that wants a net asset value shown and has no viewers", () => {
  it("61 takes it, alone and in a batch with others, and nothing sealed", async () => {
    const about = claimUnder(navTerms);
    const attested = await showing(about);
    const [given] = submissionOf(attested, 1, 0, 1).disclosure;
    const stuffed = { ...given!, sealedSums: [1n, 2n, 3n, 4n] };
    await refused(submitRaw(fixture, attested, { disclosure: [stuffed] }), "registry.wrongSealedSums");
    const second = claimUnder(navTerms, {
      ...{ asOf: START + 1, drawdown: { ...stepAfter(about.drawdown), units: UNITS } },
      exposuresCommitment: 558n,
    });
    const plain = claimOf(fixture, {
      asOf: START + 2,
      drawdown: { ...stepAfter(second.drawdown), units: 100_000_000n },
    });
    const good = [attested, await showing(second), await attestation(fixture, plain)];
    const bad = [attested, await showing(second, attested.disclosure!), good[2]!];
    const send = (batch: readonly Attestation[]) =>
      submitBatch(fixture.registry, fixture.cast.stranger, batch);
    const error = await refused(send(bad), "registry.batchRefused");
    expect(error.path).toBe("attestations[1]");
    expect(await navOf(navTerms)).toBeUndefined();
    await send(good);
    expect(await navOf(navTerms)).toMatchObject({ value: NAV * STEP, asOf: START + 1 });
  });
});

describe("proofs of keys that share no powers of tau", () => {
  let apart: Fixture;

  beforeAll(async () => {
    apart = await startFixture(31337, "StatementVerifierSecond", [
      { circuit: NAV_CIRCUIT, contractName: "NavVerifier" },
    ]);
    await publishPolicy(apart.registry, apart.cast.stranger, navTerms);
    await travelTo(apart.chain, START + 10);
    return async () => await apart.chain.stop();
  });

  it("24 are checked one by one: a true pair passes, a false one of it does not, whichever it is", async () => {
    const about = claimOf(apart, {
      terms: navTerms,
      drawdown: { units: UNITS, previousState: 0n, newState: 1_001n },
    });
    const said = { subject: about.subject, asOf: about.asOf, units: UNITS };
    const { signature: unitsSignature } = signUnits(said, hexToBytes(apart.chain.accounts[11]!.privateKey));
    const health = await attestationOf(about, await statementArtifacts("second"));
    const disclosure = await disclosureOf(about, NAV);
    const send = (attested: Attestation) => submitAttestation(apart.registry, apart.cast.stranger, attested);
    const whole = { ...health, unitsSignature, disclosure };
    const other = await attestationOf(about);
    const error = await refused(send({ ...whole, proof: other.proof }), "registry.proofRefused");
    expect(error.expected!.toLowerCase()).toContain(apart.keel.verifiers[0]!.address.toLowerCase());
    const wrong = { ...disclosure, nav: NAV + 1n };
    const named = await refused(send({ ...whole, disclosure: wrong }), "registry.proofRefused");
    expect(named.expected!.toLowerCase()).toContain(apart.keel.verifiers[1]!.address.toLowerCase());
    await send(whole);
    expect(await isHealthy(apart.registry, about.subject, policyId(navTerms))).toBe(true);
  });
});

describe("the policy book", () => {
  const publish = async (change: Partial<PolicyTerms>): Promise<Hex> =>
    (await publishPolicy(fixture.registry, fixture.cast.stranger, { ...viewerTerms, ...change })).policyId;
  const isTighter = async (id: Hex, than: Hex): Promise<boolean> =>
    await fixture.chain.client.readContract({
      address: fixture.registry.policyBook,
      abi: policyBookAbi,
      functionName: "isTighter",
      args: [id, than],
    });

  it("55 refuses a net asset value without a source of units", async () => {
    const nobody = { unitsKind: 0, unitsSource: TERMS.unitsSource } as const;
    const error = await refused(publish(nobody), "registry.navWithoutUnits");
    expect(error).toMatchObject({ kind: "input", path: "policy.units" });
    // Viewers can read what they are shown whatever a unit is.
    await publish({ ...nobody, navStep: 0n });
  });

  it("refuses steps that are no power of ten, or below a cent", async () => {
    for (const navStep of [CENT / 10n, CENT - 1n, CENT + 1n, 2n * CENT, 5n * STEP, 2n ** 96n - 1n]) {
      await refused(publish({ navStep }), "registry.badNavStep");
    }
    for (const navStep of [CENT, STEP, 10n ** 28n]) await publish({ navStep });
  });

  it("refuses a circuit with nothing to show, and something to show without one", async () => {
    const none = { navStep: 0n, viewers: [] } as const;
    await refused(publish(none), "registry.disclosureMismatch");
    await refused(publish({ disclosureCircuit: TERMS.disclosureCircuit }), "registry.disclosureMismatch");
    await publish({ ...none, disclosureCircuit: TERMS.disclosureCircuit });
  });

  it("61 refuses more than four viewers, and keys that are none", async () => {
    await refused(publish({ viewers: new Array(5).fill(VIEWER) }), "registry.tooManyViewers");
    await publish({ viewers: [VIEWER, OTHER_VIEWER, BASE_POINT, VIEWER] });
    for (const key of [
      [0n, 0n],
      [0n, 1n],
      [0n, FIELD_ORDER - 1n],
      [VIEWER[0], VIEWER[1] + 1n],
      [VIEWER[0] + FIELD_ORDER, VIEWER[1]],
      [VIEWER[0], VIEWER[1] + FIELD_ORDER],
    ] as const) {
      const error = await refused(publish({ viewers: [OTHER_VIEWER, key] }), "registry.badViewerKey");
      expect(error.path).toBe("policy.disclosure.viewers[1]");
    }
  });

  it("43 calls a policy tighter that wants something shown where nothing was, and no other change of it", async () => {
    const plain = await publish({
      disclosureCircuit: TERMS.disclosureCircuit,
      ...{ navStep: 0n, viewers: [] },
    });
    const whole = policyId(viewerTerms);
    expect(await isTighter(whole, plain)).toBe(true);
    expect(await isTighter(plain, whole)).toBe(false);
    for (const change of [
      { navStep: STEP / 10n },
      { navStep: 0n },
      { viewers: [OTHER_VIEWER] },
      { viewers: [VIEWER, OTHER_VIEWER] },
      { disclosureCircuit: circuitHash(NAV_CIRCUIT) },
    ]) {
      const id = await publish(change);
      expect(await isTighter(id, whole), JSON.stringify(Object.keys(change))).toBe(false);
      expect(await isTighter(whole, id)).toBe(false);
    }
    const tighter = await publish({ maxLeverage: viewerTerms.maxLeverage - 1 });
    expect(await isTighter(tighter, whole)).toBe(true);
  });

  it("keeps the terms as they were published", async () => {
    const found = await fixture.chain.client.readContract({
      address: fixture.registry.policyBook,
      abi: policyBookAbi,
      functionName: "policyOf",
      args: [policyId(viewerTerms)],
    });
    expect(policyId({ ...found, unitsSource: found.unitsSource.toLowerCase() as Hex })).toBe(
      policyId(viewerTerms),
    );
    expect(found.viewers).toEqual([VIEWER]);
  });
});
