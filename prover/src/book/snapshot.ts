// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The private snapshot (snapshot/1): what the subject holds, account by account, at one time, signed by its sources.
 *
 * Everything in it but the subject and the time is secret: errors point to a place, and never repeat a quantity.
 *
 * @module
 */

import {
  address,
  type CircuitShape,
  checkAll,
  checkRoom,
  checkUnique,
  decimal,
  FIELD_ORDER,
  type Field,
  FORMATS,
  fieldElement,
  firm,
  formatDecimal,
  identifier,
  inputError,
  isOnCurve,
  KIND,
  liquidityBasis,
  type Market,
  nameField,
  type Policy,
  packBits,
  parseFile,
  printable,
  type Quantity,
  quantity,
  readEach,
  type SignedUnits,
  SUBGROUP_ORDER,
  taggedHash,
  tailBasis,
  time,
  unitsOf,
  universeId,
} from "@keel/verifier";
import { z } from "zod";
import type { EddsaSignature } from "./eddsa.js";

/** One account at one source. */
export interface Account {
  readonly id: string;
  /** Name of a source in the policy. */
  readonly source: string;
  /** Instrument id to quantity, 1e8 per unit, negative when owed or short. */
  readonly positions: ReadonlyMap<string, Quantity>;
  readonly signature?: EddsaSignature;
}

/** A parsed snapshot file. */
export interface Snapshot {
  readonly subject: `0x${string}`;
  /** Unix seconds. */
  readonly asOf: number;
  /** Units of the fund outstanding, 1e8, above zero; one unit when the file says nothing. Public in the statement. */
  readonly units: bigint;
  readonly accounts: readonly Account[];
}

const ONE_UNIT = 10n ** 8n;
const QUANTITY_BITS = 64;
const QUANTITY_BIAS = 1n << BigInt(QUANTITY_BITS);

const position = decimal({ places: 8, bits: QUANTITY_BITS, signed: true, excess: "floor" }).transform(
  quantity,
);
const coordinate = fieldElement(FIELD_ORDER);
const point = z.tuple([coordinate, coordinate]);

const snapshotSchema = z.strictObject({
  keel: z.literal("snapshot/1"),
  subject: address,
  asOf: time,
  units: decimal({ places: 8, bits: 96, signed: false, excess: "refuse" }).optional(),
  accounts: z
    .array(
      z.strictObject({
        id: identifier,
        source: firm,
        positions: z.record(z.string(), position),
        signature: z.strictObject({ R8: point, S: fieldElement(SUBGROUP_ORDER) }).optional(),
      }),
    )
    .min(1),
});
FORMATS.add(snapshotSchema, { id: "snapshot/1", folder: "prover", title: "A snapshot of positions. Secret" });

/**
 * Reads a snapshot/1 file. Quantities with more than eight places are rounded towards minus infinity: assets down,
 * liabilities up.
 *
 * @throws KeelError kind "input", all faults at once
 */
export function parseSnapshot(text: string): Snapshot {
  const file = parseFile(snapshotSchema, text, "snapshot");
  const units = file.units ?? ONE_UNIT;
  checkAll(
    () =>
      checkUnique(
        file.accounts.map((account) => account.id),
        "snapshot.accounts",
      ),
    () => {
      readEach(file.accounts, ({ signature }, s) =>
        checkPoint(signature, `snapshot.accounts[${s}].signature.R8`),
      );
    },
    () => {
      if (units === 0n) throw inputError("snapshot.units", "snapshot.units", "units above zero", "zero");
    },
  );
  const accounts = file.accounts.map(({ signature, positions, ...account }): Account => {
    return {
      ...account,
      positions: new Map(Object.entries(positions)),
      ...(signature === undefined ? {} : { signature }),
    };
  });
  return { subject: file.subject, asOf: file.asOf, units, accounts };
}

function checkPoint(signature: EddsaSignature | undefined, path: string): void {
  if (signature === undefined || isOnCurve(signature.R8)) return;
  throw inputError("snapshot.signature", path, "a point on BabyJubJub", "a point off the curve");
}

/** Writes a snapshot/1 file: positions in the order they have, rounded as they were read. */
export function formatSnapshot(snapshot: Snapshot): string {
  const accounts = snapshot.accounts.map(({ id, source, positions, signature }) => ({
    id,
    source,
    positions: Object.fromEntries([...positions].map(([name, value]) => [name, formatDecimal(value, 8)])),
    ...(signature === undefined
      ? {}
      : { signature: { R8: signature.R8.map(String), S: signature.S.toString() } }),
  }));
  const { subject, asOf } = snapshot;
  const units = snapshot.units === ONE_UNIT ? {} : { units: formatDecimal(snapshot.units, 8) };
  return `${JSON.stringify({ keel: "snapshot/1", subject, asOf, ...units, accounts }, null, 2)}\n`;
}

/** Quantities in the market's order, [accounts][instruments]. */
export type Held = readonly (readonly Quantity[])[];

/**
 * Quantities in the market's order, [accounts][instruments], padded with zeros to the tier's size.
 *
 * @throws KeelError `snapshot.instrument` for an instrument outside the universe, `circuit.size` for too many accounts
 */
export function quantities(
  snapshot: Pick<Snapshot, "accounts">,
  market: Market,
  shape: CircuitShape,
): Quantity[][] {
  const { accounts } = snapshot;
  checkRoom(shape, [{ part: "accounts", path: "snapshot.accounts", count: accounts.length }], {
    instruments: market.instruments.length,
  });
  const index = new Map(market.instruments.map((instrument, i) => [instrument.id, i]));
  return readEach(accounts, (account, s) => {
    const row = new Array<Quantity>(shape.instruments).fill(quantity(0n));
    readEach([...account.positions], ([id, value]) => {
      const i = index.get(id);
      if (i !== undefined) row[i] = value;
      else throw unknownInstrument(`snapshot.accounts[${s}].positions.${printable(id)}`);
    });
    return row;
  });
}

const unknownInstrument = (path: string) =>
  inputError("snapshot.instrument", path, "an instrument of the market", "an unknown one");

/**
 * The snapshot with the units that its policy's source says: one where there is none, those that the administrator signed.
 *
 * @throws KeelError as `unitsOf`
 */
export function withUnits(
  snapshot: Snapshot,
  policy: Pick<Policy, "units">,
  signed: SignedUnits | undefined,
): Snapshot {
  return { ...snapshot, units: unitsOf(policy, snapshot, signed) };
}

/** What an account's id is called in the statement. */
export function accountField(id: string): Field {
  return nameField("keel/account/1", [id]);
}

/** What a source signs: subject, account, time, universe and the quantities packed bit by bit. */
export function accountMessage(message: {
  readonly subject: `0x${string}`;
  readonly accountId: bigint;
  readonly asOf: number;
  readonly universe: bigint;
  readonly quantities: readonly Quantity[];
}): Field {
  const words = packBits(
    message.quantities.map((value) => value + QUANTITY_BIAS),
    QUANTITY_BITS + 1,
  );
  return taggedHash(KIND.account, [
    BigInt(message.subject),
    message.accountId,
    BigInt(message.asOf),
    message.universe,
    ...words,
  ]);
}

/** The message of one account of a snapshot, for a circuit of this shape. */
export function messageOf(snapshot: Snapshot, account: number, market: Market, shape: CircuitShape): Field {
  return contentOf(snapshot, market, shape).message(account);
}

/** What the accounts of a snapshot hold and what their sources sign, each made once, when it is first asked for. */
export interface Content {
  /** Quantities by account and instrument. */
  readonly held: () => Held;
  /** What the source of account `s` signs. */
  readonly message: (s: number) => Field;
}

/**
 * The content of a snapshot for a circuit of this shape; what it gives throws as {@link quantities}.
 *
 * @param known the quantities, where they are there already
 */
export function contentOf(
  { subject, asOf, accounts }: Snapshot,
  market: Market,
  shape: CircuitShape,
  known?: Held,
): Content {
  let rows = known;
  let universe: bigint | undefined;
  const messages: Field[] = [];
  const held = (): Held => (rows ??= quantities({ accounts }, market, shape));
  const message = (s: number): Field => {
    const { id } = accounts[s]!;
    const quantities = held()[s]!;
    universe ??= universeId(market);
    messages[s] ??= accountMessage({ subject, accountId: accountField(id), asOf, universe, quantities });
    return messages[s];
  };
  return { held, message };
}

/**
 * Refuses a time that is not over yet, and a snapshot too far from its market.
 *
 * @param now unix seconds
 * @throws KeelError `input.future`, `input.skew`
 */
export function checkTimes(snapshot: Snapshot, market: Market, policy: Policy, now: number): void {
  checkSkew(snapshot.asOf, market.asOf, policy.maxMarketSkew, "market", now);
  const basis = tailBasis(policy, market);
  if (basis !== undefined) {
    checkSkew(snapshot.asOf, basis.returns.asOf, basis.tail.maxReturnsSkew, "returns", now);
  }
  const unwinding = liquidityBasis(policy, market);
  if (unwinding !== undefined) {
    const { terms, market: deep } = unwinding;
    checkSkew(snapshot.asOf, deep.liquidity.asOf, terms.maxLiquiditySkew, "liquidity", now);
  }
}

function checkSkew(asOf: number, tableTime: number, most: number, table: string, now: number): void {
  for (const [path, time] of [
    ["snapshot", asOf],
    [table, tableTime],
  ] as const) {
    if (time > now)
      throw inputError("input.future", `${path}.asOf`, `at most the present, ${now}`, `${time}`);
  }
  const skew = Math.abs(asOf - tableTime);
  if (skew <= most) return;
  throw inputError("input.skew", "snapshot.asOf", `within ${most} s of the ${table}`, `${skew} s`);
}
