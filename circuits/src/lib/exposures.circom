// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";

// Whether a tier has more to commit to than every tier has: several accounts, or greeks.
function HAS_REST(accounts, options) { return accounts > 1 || options == 1 ? 1 : 0; }

// Sums of a book with options beside its exposures: gamma, vega, theta, and the P&L in every scenario.
function BOOK_SUMS(options, scenarios) { return options * (3 + scenarios); }

// Computes [C4] the hiding commitment to a book's sums, of which later statements speak (TailRisk is one):
//     H(exposures, underlyingsId, E + 2^96 A, G + 2^96 C, D[0], ..., [rest,] salt)
//     rest = H(rest, E[0], ..., E[accounts - 1] [, gamma, vega, theta, P&L[0], ...])
// In linear tiers the P&L follows from D and the public scenarios. rest hides nothing by itself: it is private, as what it
// hashes.
// Why a word has one opening: E, A, G are below 2^96 and C below 2^110, so E + 2^96 A is below 2^192 and G + 2^96 C below 2^206.
// The caller must: bound E, A and G by BookSize, from which C follows. Whoever opens a word range-checks its parts.
// Constraints: about 40 an element, those of rest included.
template Exposures(accounts, underlyings, scenarios, options) {
    signal input underlyingsId;
    signal input assets;                                     // A, USD 1e16
    signal input equity;                                     // E, USD 1e16
    signal input collateral;                                 // C, USD 1e16 times bps
    signal input grossExposure;                              // G, USD 1e16
    signal input underlyingDelta[underlyings];               // D[u], USD 1e16, signed
    signal input accountEquity[accounts];                    // E[s], USD 1e16, signed
    signal input bookSum[BOOK_SUMS(options, scenarios)];     // USD 1e16, signed; tiers with options
    signal input salt;                                       // private, uniform in the field, new for every proof
    signal output out;

    var hasRest = HAS_REST(accounts, options);
    component hash = TaggedHash(KIND_EXPOSURES(), underlyings + 4 + hasRest);
    hash.in[0] <== underlyingsId;
    hash.in[1] <== equity + assets * (1 << VALUE_BITS());
    hash.in[2] <== grossExposure + collateral * (1 << VALUE_BITS());
    for (var u = 0; u < underlyings; u++) {
        hash.in[3 + u] <== underlyingDelta[u];
    }
    var sums = BOOK_SUMS(options, scenarios);
    component rest;
    if (hasRest == 1) {
        rest = TaggedHash(KIND_REST(), accounts + sums);
        for (var s = 0; s < accounts; s++) {
            rest.in[s] <== accountEquity[s];
        }
        for (var k = 0; k < sums; k++) {
            rest.in[accounts + k] <== bookSum[k];
        }
        hash.in[3 + underlyings] <== rest.out;
    }
    hash.in[3 + underlyings + hasRest] <== salt;
    out <== hash.out;
}
