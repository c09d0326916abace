// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/comparators.circom";
include "../constants.circom";
include "../in-range.circom";
include "../liquidity-table.circom";

// A limit on days to unwind is in 1e-4 days.
function DAY() { return 10000; }

// Proves [L17]: size[i] <= limit * depth[i] for every instrument: each position, long and short added over the accounts, is gone in
// limit days when a day takes depth[i] of it.
// A depth of 0 takes nothing, so any position is refused. The largest depth stands for what needs no limit, cash, and then any
// position passes; it is compared exactly, so no other depth does.
// Ranges: size at most accounts * 2^64 from PortfolioOpening, for up to 8 accounts; the limit has 32 bits from the statement, a depth 64
// in public. So each difference lies in (-2^81, 2^96).
// Constraints: 99 an instrument.
template MaxDaysToUnwind(instruments) {
    signal input size[instruments];    // 1e8 per unit
    signal input depth[instruments];   // 1e8 units a day
    signal input limit;                // 1e-4 days

    component isUnlimited[instruments];
    signal bounded[instruments];
    signal allowed[instruments];
    component holds[instruments];
    for (var i = 0; i < instruments; i++) {
        isUnlimited[i] = IsEqual();
        isUnlimited[i].in[0] <== depth[i];
        isUnlimited[i].in[1] <== UNLIMITED_DEPTH();
        bounded[i] <== (1 - isUnlimited[i].out) * size[i];
        allowed[i] <== limit * depth[i];
        holds[i] = InRange(DEPTH_BITS() + RATIO_BITS());
        holds[i].in <== allowed[i] - bounded[i] * DAY();
    }
}
