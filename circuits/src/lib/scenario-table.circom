// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "absorb.circom";
include "constants.circom";
include "in-range.circom";
include "pack.circom";

// Proves [M2]: root is the root of this table of stress scenarios, over the underlyings in the order of underlyingsId.
// Range check of the shocks: here, 16 bits after the bias, so that the packing has no carry.
template ScenarioTable(scenarios, underlyings) {
    signal input underlyingsId;
    signal input shock[scenarios][underlyings];  // bps, signed
    signal output root;

    component range[scenarios][underlyings];
    component shocks = Pack(scenarios * underlyings, SHOCK_BITS());
    for (var k = 0; k < scenarios; k++) {
        for (var u = 0; u < underlyings; u++) {
            range[k][u] = InRange(SHOCK_BITS());
            range[k][u].in <== shock[k][u] + (1 << (SHOCK_BITS() - 1));
            shocks.in[k * underlyings + u] <== range[k][u].in;
        }
    }

    var words = WORDS(scenarios * underlyings, SHOCK_BITS());
    component hash = TaggedHash(KIND_SCENARIOS(), 1 + words);
    hash.in[0] <== underlyingsId;
    for (var w = 0; w < words; w++) {
        hash.in[1 + w] <== shocks.out[w];
    }
    root <== hash.out;
}
