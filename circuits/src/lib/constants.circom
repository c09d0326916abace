// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

// Every width, bias and domain tag of Keel, in one place. circuits/SPEC.md gives the reason of each.

// Magnitude of a quantity: 1e8 per unit.
function QUANTITY_BITS() { return 64; }
// Magnitude of a price: USD 1e8.
function PRICE_BITS() { return 64; }
// Assets and gross exposure together: USD 1e16, 2^96 = 7.92e12 USD.
function VALUE_BITS() { return 96; }
// Units (shares): 1e8.
function UNITS_BITS() { return 96; }
// Exponent of a power of two.
function LOG2(n) {
    var bits = 0;
    while ((1 << bits) < n) {
        bits++;
    }
    return bits;
}
// Magnitude of a sum of quantity times greek or risk-array entry over a whole book: 64 + 64 + log2(instruments * accounts).
function SENSITIVITY_BITS() { return 139; }
// Ratios and limits: basis points.
function RATIO_BITS() { return 32; }
// One in basis points.
function BPS() { return 10000; }
// A collateral factor in basis points: at most 10000, checked in public.
function FACTOR_BITS() { return 14; }
// A scenario shock in basis points, biased: [-32768, 32767].
function SHOCK_BITS() { return 16; }
// An underlying's index in an instrument's row: at most 256 underlyings in a tier.
function UNDERLYING_BITS() { return 8; }
// One percent of a move in the logarithm of a price: gamma's limit speaks of the delta change for it, in bps of equity.
function GAMMA_BPS() { return 100; }
// minEquity is stated in USD 1e8, values in USD 1e16.
function VALUE_PER_USD8() { return 100000000; }
// Covariances have the scale 1e12, limits 1e4: 1e12 / (1e4 * 1e4).
function VARIANCE_SCALE() { return 10000; }
// Places of a symmetric matrix's lower triangle, the diagonal included.
function TRIANGLE(n) { return n * (n + 1) \ 2; }
// A day's return in basis points, counted from the loss of everything: [-10000, 22767].
function RETURN_BITS() { return 15; }
// Exposures are rounded to this many bits of USD 1e16 before they meet the history: 2^40 is 0.00011 USD.
function ROUNDED_BITS() { return 40; }
// Magnitude of a day's loss on rounded exposures, in USD 1e16 times 2^40 times bps, for up to 32 underlyings.
function LOSS_BITS() { return 76; }
// maxVolatility in basis points: its square has to stay in the field.
function VOLATILITY_BITS() { return 20; }
// A secret multiple of the base point, for a viewer to read what is encrypted: about as many as the subgroup's order has.
function SECRET_BITS() { return 251; }
// A biased value below 2^97 in a word of two.
function PART_BITS() { return 98; }
// One minus a confidence level in basis points.
function CONFIDENCE_BITS() { return 14; }

// A maximum that the policy does not set; the same pattern, biased, is netDeltaHi's.
function ABSENT_MAX() { return 4294967295; }
// netDelta's two ends are signed: stored with this bias.
function SIGNED_RATIO_BIAS() { return 2147483648; }

// Domain tag of a hash: ascii "keel", what is hashed, version, and the number of elements absorbed, the tag included.
function TAG(kind, length) {
    return ((0x6b65656c * (1 << 16) + kind) * (1 << 16) + VERSION(kind)) * (1 << 32) + length;
}
// What a kind's elements mean has changed this often. What sources sign has not: its version stays 1.
function VERSION(kind) {
    var isSecond = kind == KIND_STATEMENT() || kind == KIND_EXPOSURES() || kind == KIND_ENROLMENT();
    return isSecond ? 2 : 1;
}
function KIND_STATEMENT() { return 1; }
function KIND_MARKET() { return 2; }
function KIND_SCENARIOS() { return 3; }
function KIND_SOURCES() { return 4; }
function KIND_SOURCE() { return 5; }
function KIND_ACCOUNT() { return 6; }
function KIND_PORTFOLIO() { return 7; }
function KIND_EXPOSURES() { return 8; }
function KIND_ENROLMENT() { return 9; }
function KIND_STATE() { return 10; }
function KIND_RETURNS() { return 11; }
function KIND_TAIL() { return 12; }
function KIND_REST() { return 13; }
function KIND_DISCLOSURE() { return 14; }
function KIND_WRAPPING() { return 15; }
function KIND_STREAM() { return 16; }
