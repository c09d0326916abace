// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Accounts at a venue, read by the operator with a key of its own that can only read.
 *
 * A venue tells the present only: an account is signed as of a time that lies at most a window before the reading. What the
 * parts of an account say has to belong together, so a part that changed while the others were read makes it read again.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import { inputError, KeelError } from "@keel/verifier";
import { type Driver, type Place, placeRows, type Question, type Row } from "../reading.js";

/** What a venue said of an account. */
export interface VenueReading {
  /** Every holding, debt and contract. */
  readonly rows: readonly Row[];
  /** The account by the venue's own name for it. */
  readonly owner: string;
  /** The venue's clock, unix seconds. */
  readonly time: number;
}

/** A way to read one venue. */
export interface Venue {
  readonly name: string;
  read(): Promise<VenueReading>;
}

export interface VenueOptions {
  /** The venue's name for the account; a reading of another one is refused. */
  readonly owner: string;
  /** Seconds that a reading may be later than the time it is signed for, or the venue's clock be off. */
  readonly window: number;
  readonly places: ReadonlyMap<string, Place>;
  /** Unix seconds. */
  readonly now?: () => number;
}

/** A driver over a venue. */
export function venueDriver(venue: Venue, options: VenueOptions): Driver {
  const { owner, window, places, now = () => Math.floor(Date.now() / 1000) } = options;
  return {
    evidence: "operator-read",
    name: venue.name,
    repeats: false,
    read: async ({ asOf, market }: Question) => {
      checkWindow(asOf, now(), window);
      const reading = await venue.read();
      const read = now();
      checkWindow(asOf, read, window);
      if (reading.owner !== owner) {
        throw venueFailed("venue.account", "the account that was asked for", "another one");
      }
      if (Math.abs(reading.time - read) > window) {
        throw venueFailed("venue.stale", `an answer of the last ${window} s`, "an older or newer one");
      }
      return { ...placeRows(reading.rows, places, market), read };
    },
  };
}

function checkWindow(asOf: number, now: number, window: number): void {
  if (now - asOf <= window) return;
  throw inputError(
    "source.stale",
    "asOf",
    `at most ${window} s ago: the venue tells the present only`,
    "earlier",
  );
}

/** A failure of a venue. */
export function venueFailed(code: string, expected: string, received: string, path = "venue"): KeelError {
  return new KeelError({ kind: "environment", code, path, expected, received });
}

/**
 * A venue behind a module of the operator's, such as one around the venue's own SDK. It exports `venue({ settings, load })`,
 * which gives a {@link Venue}; `load` is {@link loadSdk}.
 */
export async function moduleVenue(path: string, settings: Readonly<Record<string, string>>): Promise<Venue> {
  const loaded = (await import(pathToFileURL(path).href).catch((error: NodeJS.ErrnoException) => {
    throw venueFailed("venue.module", "to load the venue's module", error.code ?? error.constructor.name);
  })) as { readonly venue?: (tools: VenueTools) => Venue | Promise<Venue> };
  if (typeof loaded.venue !== "function") {
    throw venueFailed("venue.module", "a module that exports venue()", "another module");
  }
  return await loaded.venue({ settings, load: loadSdk });
}

/** What a venue's module is given. */
export interface VenueTools {
  /** The credentials file's content. */
  readonly settings: Readonly<Record<string, string>>;
  readonly load: typeof loadSdk;
}

/**
 * A venue's own SDK, which only operators of that venue install.
 *
 * @throws KeelError `venue.sdk`
 */
export async function loadSdk<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch {
    throw venueFailed("venue.sdk", `the package ${name} beside this program: npm install ${name}`, "none");
  }
}
