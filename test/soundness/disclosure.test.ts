// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a disclosure show just the net asset value and just the sums that a health proof committed to, to whom the policy names and to
 * nobody else, and leave no wire free?
 *
 * @module
 */

import { circuitDefinition } from "@keel/circuits";
import { type DisclosureTerms, disclosureWitness } from "@keel/prover";
import {
  BASE_POINT,
  commitStatement,
  type DisclosedSums,
  type DisclosureShape,
  type DisclosureStatement,
  disclosureVector,
  type Exposures,
  exposuresCommitment,
  FIELD_ORDER,
  type Field,
  keyStream,
  readSums,
  type SourceKey,
  SUBGROUP_ORDER,
  sharedPoint,
  statementInputs,
  sumWords,
  toField,
  viewerKeyOf,
  wordCount,
  wrappingOf,
} from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { book, SALTS, seededRandom, witnessOf } from "../support/book.js";
import { type Circuit, compiled, type Input, libraryCircuit } from "../support/circuit.js";
import { freeWires } from "../support/wires.js";

const SEED = 20_261_130;
/** Accounts, greeks and P&L: all that a tier can have. */
const SHAPE: DisclosureShape = { accounts: 3, underlyings: 3, scenarios: 2, options: 1, viewers: 2 };
const MAIN = `Disclosure(${Object.values(SHAPE).join(", ")})`;
const PUBLIC = "{public [c, x, y]}";
const SECRETS = [21, 22].map((byte) => new Uint8Array(32).fill(byte));
const VIEWERS = SECRETS.map(viewerKeyOf);
const SALT = SALTS.exposuresSalt;
const CAP = 1n << 96n;
/** A thousand USD. */
const STEP = 10n ** 19n;
const TERMS: DisclosureTerms = { shape: SHAPE, navStep: STEP, viewers: VIEWERS };

const EXPOSURES: Exposures = {
  underlyingsId: toField(5n),
  equity: 17_000_250n * 10n ** 13n,
  assets: 30_000n * 10n ** 16n,
  grossExposure: 57_000n * 10n ** 16n,
  collateral: 24_000n * 10n ** 20n,
  deltas: [0n, 3_000n * 10n ** 16n, -9_000n * 10n ** 16n],
  accountEquity: [20_000n * 10n ** 16n, -3_000n * 10n ** 16n, 250n * 10n ** 13n],
  bookSums: [-5n, 7n, -11n, 1n << 152n, -(1n << 152n)],
};

let circuit: Circuit;

beforeAll(async () => {
  circuit = await libraryCircuit("disclosure.circom", MAIN, PUBLIC);
});

const honest = (change: Partial<Exposures> = {}, terms: Partial<DisclosureTerms> = {}) =>
  disclosureWitness({ ...EXPOSURES, ...change }, SALT, { ...TERMS, ...terms });

/** Inputs and the public ones that a verifier computes who takes the statement for true, and checks no key. */
function claiming(input: Input, { viewers, ...statement }: DisclosureStatement): Input {
  const vector = disclosureVector({ ...statement, viewers: statement.sealed === undefined ? [] : VIEWERS });
  for (const [v, key] of viewers.entries()) vector.splice(6 + 3 * v, 2, ...key.map(toField));
  return { ...input, ...statementInputs(commitStatement(vector), vector) };
}

const sumsOf = ({ underlyingsId: _, ...sums }: Exposures): DisclosedSums => sums;

/** What a viewer reads, or the code of why not. */
function read(statement: DisclosureStatement, secret: Uint8Array): DisclosedSums | string {
  try {
    return readSums(statement, SHAPE, secret);
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

describe("a disclosure", () => {
  it("is accepted, and each viewer reads the sums that were committed to [N1, N3, N4]", async () => {
    const { input, statement } = honest();
    expect(await circuit.accepts(input)).toBe(true);
    expect(statement.nav).toBe(17_000n / 1_000n);
    for (const secret of SECRETS) expect(read(statement, secret)).toEqual(sumsOf(EXPOSURES));
  });

  it(`reads back what the circuit accepts, over 30 books of sums at their bounds, seed ${SEED}`, async () => {
    const random = seededRandom(SEED);
    const signed = (bound: bigint): bigint => pick([0n, 1n, -1n, bound - 1n, 1n - bound, -bound], random);
    for (let round = 0; round < 30; round++) {
      const exposures: Exposures = {
        underlyingsId: toField(BigInt(random(1 << 30))),
        equity: pick([1n, CAP - 1n, STEP, STEP - 1n, 7n * STEP + 1n], random),
        assets: pick([0n, 1n, CAP - 1n], random),
        grossExposure: pick([0n, CAP - 1n], random),
        collateral: pick([0n, (CAP - 1n) << 14n], random),
        deltas: EXPOSURES.deltas.map(() => signed(CAP)),
        accountEquity: EXPOSURES.accountEquity.map(() => signed(CAP)),
        bookSums: EXPOSURES.bookSums.map(() => signed(1n << 153n)),
      };
      const { input, statement } = honest(exposures);
      expect(await circuit.accepts(input), `round ${round}`).toBe(true);
      expect(statement.sealed!.words).toHaveLength(wordCount(SHAPE));
      expect(read(statement, SECRETS[round % 2]!), `round ${round}`).toEqual(sumsOf(exposures));
    }
  });

  it("seals anew each time: two of one book share no word, no key and no point [N5]", () => {
    const [one, other] = [honest().statement.sealed!, honest().statement.sealed!];
    const all = [one, other].flatMap(({ point, wrappedKeys, words }) => [...point, ...wrappedKeys, ...words]);
    expect(new Set(all).size).toBe(all.length);
  });

  it("61 says nothing to a stranger's key, nor to a viewer once a word, a key or the point is another", () => {
    const { statement } = honest();
    const stranger = new Uint8Array(32).fill(23);
    expect(read(statement, stranger)).toBe("disclosure.viewer");
    const sealed = statement.sealed!;
    const wrappedKeys = sealed.wrappedKeys.map((key) => toField(key + 1n));
    const point = sharedPoint(sealed.point, 2n);
    for (const change of [{ wrappedKeys }, { point }]) {
      const altered = { ...statement, sealed: { ...sealed, ...change } };
      expect(read(altered, SECRETS[0]!)).not.toEqual(sumsOf(EXPOSURES));
    }
    const another = { ...statement, exposuresCommitment: toField(statement.exposuresCommitment + 1n) };
    expect(read(another, SECRETS[0]!)).not.toEqual(sumsOf(EXPOSURES));
  });

  it("does without viewers, and then has nothing to read", async () => {
    const shape = { ...SHAPE, viewers: 0 };
    const bare = await libraryCircuit("disclosure.circom", "Disclosure(3, 3, 2, 1, 0)", PUBLIC);
    const { input, statement } = honest({}, { shape, viewers: [] });
    expect(await bare.accepts(input)).toBe(true);
    expect(disclosureVector(statement)).toHaveLength(4);
    const richer = { ...statement, nav: statement.nav + 1n };
    expect(await bare.accepts(claiming({ ...input, nav: richer.nav }, richer))).toBe(false);
    expect(read(statement, SECRETS[0]!)).toBe("disclosure.viewer");
  });
});

describe("net asset value [N2]", () => {
  it("61 is exact at every boundary of a step, and refused one step to either side", async () => {
    for (const equity of [1n, STEP - 1n, STEP, STEP + 1n, 5n * STEP - 1n, 5n * STEP, CAP - 1n]) {
      const { input, statement } = honest({ equity });
      expect(statement.nav).toBe(equity / STEP);
      expect(await circuit.accepts(input), `equity ${equity}`).toBe(true);
      for (const nav of [statement.nav + 1n, toField(statement.nav - 1n)]) {
        const other = claiming({ ...input, nav }, { ...statement, nav });
        expect(await circuit.refusal(other), `nav ${nav} of ${equity}`).toContain("RoundedValue");
      }
    }
  });

  it("61 is refused where it wraps: the quotients of multiples of the field's order", async () => {
    const { input, statement } = honest();
    for (let k = 1n; k <= 3n; k++) {
      const nav = toField((EXPOSURES.equity + k * FIELD_ORDER) / STEP);
      const other = claiming({ ...input, nav }, { ...statement, nav });
      expect(await circuit.refusal(other), `multiple ${k}`).toContain("RoundedValue");
    }
  });

  it("is nothing without a step, and nothing else then", async () => {
    const { input, statement } = honest({}, { navStep: 0n });
    expect(statement.nav).toBe(0n);
    expect(await circuit.accepts(input)).toBe(true);
    for (const nav of [1n, EXPOSURES.equity]) {
      const other = claiming({ ...input, nav }, { ...statement, nav });
      expect(await circuit.refusal(other)).toContain("RoundedValue");
    }
  });

  it("takes steps of one unit and of more than the book", async () => {
    for (const navStep of [1n, 10n ** 26n]) {
      const { input, statement } = honest({}, { navStep });
      expect(await circuit.accepts(input)).toBe(true);
      expect(statement.nav).toBe(EXPOSURES.equity / navStep);
    }
  });
});

describe("the sealed sums [N3]", () => {
  it("21, 61 are refused with another number in any place of the vector", async () => {
    const { input, statement } = honest();
    const vector = disclosureVector(statement);
    for (let place = 0; place < vector.length; place++) {
      const { x, y } = statementInputs(input.c as bigint, vector.with(place, toField(vector[place]! + 1n)));
      expect(await circuit.accepts({ ...input, x, y }), `place ${place}`).toBe(false);
      // Nor when c is made for it.
      const claimed = vector.with(place, toField(vector[place]! + 1n));
      const forged = { ...input, ...statementInputs(commitStatement(claimed), claimed) };
      expect(await circuit.accepts(forged), `place ${place}, with its digest`).toBe(false);
    }
  });

  it("61 are for the policy's viewers: not for a key put in their place, nor a point of low order or off the curve", async () => {
    const { input, statement } = honest();
    const own = viewerKeyOf(new Uint8Array(32).fill(24));
    const other = honest({}, { viewers: [VIEWERS[0]!, own] });
    // The inputs are of another viewer, the statement of the policy's.
    expect(await circuit.accepts({ ...other.input, ...publicOf(statement) })).toBe(false);
    const off: SourceKey = [1n, 2n];
    expect(await circuit.accepts(sealedBy(input, statement, [VIEWERS[0]!, off]))).toBe(false);
  });

  it("61 are never sealed for a key of low order, whose point everybody shares", async () => {
    const { input, statement } = honest();
    const identity: SourceKey = [0n, 1n];
    for (const low of [identity, [0n, FIELD_ORDER - 1n]] as const) {
      const viewers = [VIEWERS[0]!, low];
      expect(() => honest({}, { viewers })).toThrow("viewers[1]");
      expect(() => disclosureVector({ ...statement, viewers })).toThrow("viewers[1]");
      // All that is public, and right for this key when e is even.
      const wrapping = wrappingOf(identity, statement.exposuresCommitment);
      const dataKey = (input.dataKey as readonly bigint[])[0]!;
      const wrappedKeys = statement.sealed!.wrappedKeys.with(1, toField(dataKey + wrapping));
      const sealed = { ...statement.sealed!, wrappedKeys };
      const claimed = claiming({ ...input, viewerKey: viewers }, { ...statement, viewers, sealed });
      expect(await circuit.refusal(claimed)).toContain("KeyAgreement");
    }
  });

  it("61 are of the commitment: other sums need another salt, which nobody has", async () => {
    const { input, statement } = honest();
    for (const name of ["underlyingsId", "equity", "assets", "grossAndCollateral", "exposuresSalt"]) {
      const changed = { ...input, [name]: toField((input[name] as bigint) + 1n) };
      expect(await circuit.accepts(changed), name).toBe(false);
    }
    for (const name of ["delta", "accountEquity", "bookSum"] as const) {
      const values = input[name] as readonly bigint[];
      for (let i = 0; i < values.length; i++) {
        const changed = { ...input, [name]: values.with(i, toField(values[i]! + 1n)) };
        expect(await circuit.accepts(changed), `${name} ${i}`).toBe(false);
      }
    }
    // Sealed sums of another book under the first one's commitment.
    const richer = honest({ equity: EXPOSURES.equity + STEP });
    const claimed = { ...richer.statement, exposuresCommitment: statement.exposuresCommitment };
    expect(await circuit.accepts(claiming(richer.input, claimed))).toBe(false);
  });

  it("2, 5, 61 refuse another opening of the word that equity and assets share", async () => {
    for (const more of [1n, 5n]) {
      const { input, statement } = honest();
      const equity = EXPOSURES.equity + more * CAP;
      const assets = EXPOSURES.assets - more;
      const nav = equity / STEP;
      const other = claiming({ ...input, equity, assets, nav }, { ...statement, nav });
      expect((await circuit.refusal(other))?.slice(0, 3)).toEqual([
        "Num2Bits",
        "InRange",
        "ExposuresOpening",
      ]);
    }
  });

  it("takes any secret and data key below their bounds: the reading is the same", async () => {
    for (const secret of [1n, 2n, SUBGROUP_ORDER - 1n, (1n << 251n) - 1n]) {
      const { input, statement } = resealed(secret, toField(secret * 3n));
      expect(await circuit.accepts(input), `secret ${secret}`).toBe(true);
      for (const viewer of SECRETS) expect(read(statement, viewer)).toEqual(sumsOf(EXPOSURES));
    }
    const { input, statement } = resealed((1n << 251n) - 1n, toField(1n));
    // Multiples of the order would share the identity, an R that viewers refuse.
    for (const secret of [1n << 251n, 0n, SUBGROUP_ORDER]) {
      const other = claiming({ ...input, secret: [secret] }, statement);
      expect(await circuit.refusal(other), `secret ${secret}`).toContain("KeyAgreement");
    }
  });
});

const WORDS = wordCount(SHAPE);

describe("words that no proof has", () => {
  const refusedWith = (change: (words: readonly Field[]) => readonly bigint[]): void => {
    const { input, statement } = honest();
    const stream = keyStream((input.dataKey as readonly bigint[])[0]!, statement.exposuresCommitment, WORDS);
    const plain = statement.sealed!.words.map((word, w) => toField(word - stream[w]!));
    const words = change(plain).map((word, w) => toField(word + (stream[w] ?? 0n)));
    const altered = { ...statement, sealed: { ...statement.sealed!, words } };
    expect(read(altered, SECRETS[0]!)).toBe("disclosure.sealed");
  };

  it.each<[string, (words: readonly Field[]) => readonly bigint[]]>([
    ["no equity", (words) => words.with(0, toField((words[0]! >> 96n) << 96n))],
    ["assets above the cap", (words) => words.with(0, toField(words[0]! + (1n << 192n)))],
    ["collateral above its bound", (words) => words.with(1, toField(words[1]! + (1n << 207n)))],
    ["an exposure out of its range", (words) => words.with(2, toField(words[2]! + (1n << 97n)))],
    ["something where nothing is", (words) => words.with(3, toField(words[3]! + (1n << 98n)))],
    ["a greek above its bound", (words) => words.with(6, toField(1n << 153n))],
    ["a word too few", (words) => words.slice(1)],
    ["a word too many", (words) => [...words, 0n]],
  ])("%s: refused", (_, change) => refusedWith(change));

  it("numbers outside the field, and keys too few, have no vector", () => {
    const { statement } = honest();
    expect(() => disclosureVector({ ...statement, nav: statement.nav + FIELD_ORDER })).toThrow(
      "disclosure.sealed",
    );
    expect(() => disclosureVector({ ...statement, viewers: VIEWERS.slice(1) })).toThrow("disclosure.sealed");
    expect(read({ ...statement, sealed: { ...statement.sealed!, wrappedKeys: [] } }, SECRETS[0]!)).toBe(
      "disclosure.viewer",
    );
  });
});

describe("with a health proof", () => {
  it("opens the commitment that the health proof makes, in the tier's own circuit", {
    timeout: 60_000,
  }, async () => {
    const id = "disclosure/spot-16x1";
    const known = await compiled(await circuitDefinition(id));
    expect(known.r1cs.constraints).toBe(5_302);
    const { exposures, statement: health } = witnessOf(book());
    const shape = { accounts: 1, underlyings: 8, scenarios: 8, options: 0, viewers: 1 };
    const terms = { shape, navStep: STEP, viewers: [VIEWERS[0]!] };
    const { input, statement } = disclosureWitness(exposures, SALT, terms);
    expect(statement.exposuresCommitment).toBe(health.exposuresCommitment);
    expect(statement.nav).toBe(17n);
    expect(await known.accepts(input)).toBe(true);
    const sums = readSums(statement, shape, SECRETS[0]!);
    expect(sums.equity).toBe(17_000n * 10n ** 16n);
    expect(exposuresCommitment({ underlyingsId: exposures.underlyingsId, ...sums }, SALT)).toBe(
      health.exposuresCommitment,
    );
  });

  it("1 leaves no wire free", { timeout: 120_000 }, async () => {
    const wires = (await circuit.witness(honest().input))!;
    expect(freeWires(circuit, wires)).toEqual([]);
  });
});

function publicOf(statement: DisclosureStatement) {
  const vector = disclosureVector(statement);
  return statementInputs(commitStatement(vector), vector);
}

/** The inputs with keys in the viewers' places that no honest prover would take, and a statement that says so. */
function sealedBy(input: Input, statement: DisclosureStatement, viewers: readonly SourceKey[]): Input {
  return claiming({ ...input, viewerKey: viewers }, { ...statement, viewers });
}

/** An honest disclosure with a secret and a data key of one's own. */
function resealed(secret: bigint, dataKey: bigint) {
  const { input, statement } = honest();
  const commitment = statement.exposuresCommitment;
  const words = sumWords(EXPOSURES);
  const stream = keyStream(dataKey, commitment, words.length);
  const reduced = secret % SUBGROUP_ORDER;
  const sealed = {
    point: sharedPoint(BASE_POINT, reduced),
    wrappedKeys: VIEWERS.map((key) => toField(dataKey + wrappingOf(sharedPoint(key, reduced), commitment))),
    words: words.map((word, w) => toField(word + stream[w]!)),
  };
  const changed = { ...statement, sealed };
  return { input: claiming({ ...input, secret: [secret], dataKey: [dataKey] }, changed), statement: changed };
}

function pick(values: readonly bigint[], random: (below: number) => number): bigint {
  return values[random(values.length)]!;
}
