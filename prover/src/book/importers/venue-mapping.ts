// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A venue's names, where the market has others (venue-mapping/1), and coins that are left out.
 *
 * @module
 */

import { FORMATS, identifier, parseFile, refuse } from "@keel/verifier";
import { z } from "zod";
import { type Exact, parseExact } from "./exact.js";

/** What a name of the venue is here. */
export interface VenuePlace {
  readonly instrument: string;
  /** What the venue counts, in one unit of the instrument. */
  readonly per?: Exact;
}

/** How a venue's names are read. */
export interface VenueMapping {
  readonly instruments: ReadonlyMap<string, VenuePlace>;
  /** Coins that are not counted; never debts. */
  readonly ignore: ReadonlySet<string>;
}

const per = z.unknown().transform((value, context) => {
  const exact = parseExact(
    typeof value === "number" ? String(value) : typeof value === "string" ? value : "",
  );
  return exact === undefined || exact.value <= 0n
    ? refuse(context, "venue.mapping", "a number above zero", "something else")
    : exact;
});

const schema = z.strictObject({
  keel: z.literal("venue-mapping/1"),
  instruments: z
    .record(
      z.string().min(1).max(80),
      z.union([
        identifier.transform((instrument): VenuePlace => ({ instrument })),
        z.strictObject({ instrument: identifier, per }),
      ]),
    )
    .default({}),
  ignore: z.array(z.string().min(1).max(80)).max(4096).default([]),
});
FORMATS.add(schema, { id: "venue-mapping/1", folder: "prover", title: "A venue's names of instruments" });

/**
 * Reads a venue-mapping/1 file.
 *
 * @throws KeelError kind "input"
 */
export function parseVenueMapping(text: string): VenueMapping {
  const { instruments, ignore } = parseFile(schema, text, "mapping");
  return { instruments: new Map(Object.entries(instruments)), ignore: new Set(ignore) };
}
