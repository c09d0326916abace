// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";

// Proves: equity >= limit, a floor of size.
// Ranges: equity from BookSize; the limit from the public statement (96 bits), so below 2^123 in USD 1e16.
template MinEquity() {
    signal input equity;  // USD 1e16
    signal input limit;   // USD 1e8

    component holds = InRange(VALUE_BITS());
    holds.in <== equity - limit * VALUE_PER_USD8();
}
