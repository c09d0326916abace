// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Venues and custodians whose saved responses are read: no keys, no network. The manager and a source run the same function on
 * the same responses and get the same accounts.
 *
 * @module
 */

import type { VenueImport, VenueRequest } from "./venue-reader.js";
import { fromBinance } from "./venues/binance.js";
import { fromBinancePortfolioMargin } from "./venues/binance-portfolio-margin.js";
import { fromBybit } from "./venues/bybit.js";
import { fromCoinbasePrime, fromFireblocks } from "./venues/custody.js";
import { fromDeribit } from "./venues/deribit.js";
import { fromHyperliquid } from "./venues/hyperliquid.js";
import { fromOkx } from "./venues/okx.js";

export { parseVenueMapping, type VenueMapping } from "./venue-mapping.js";
export type { VenueImport, VenueRequest, VenueResponse } from "./venue-reader.js";

/** Importers by name. */
const VENUES = {
  hyperliquid: fromHyperliquid,
  deribit: fromDeribit,
  "binance-portfolio-margin": fromBinancePortfolioMargin,
  binance: fromBinance,
  okx: fromOkx,
  bybit: fromBybit,
  fireblocks: fromFireblocks,
  "coinbase-prime": fromCoinbasePrime,
} as const;

/** A venue that can be imported. */
export type Venue = keyof typeof VENUES;

/** Names of all venues. */
export const VENUE_NAMES = Object.keys(VENUES) as readonly Venue[];

/**
 * The accounts that a venue's saved responses show, unsigned.
 *
 * @throws KeelError `venue.*`, all faults at once, each with its path; never with an amount
 */
export function accountsFromVenue(venue: Venue, request: VenueRequest): VenueImport {
  return VENUES[venue](request);
}
