// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "constants.circom";
include "limits/max-stress-loss.circom";

// Proves [L9 to L11]: the stress limit of a linear tier holds, by exposures held still; limits on greeks, which a linear tier does not
// prove, have the value that claims nothing.
// The caller must: bound gross exposure and equity by BookSize.
template LinearLimits(scenarios, underlyings) {
    signal input equity;                          // E, USD 1e16
    signal input underlyingDelta[underlyings];    // D[u], USD 1e16, signed
    signal input shock[scenarios][underlyings];   // bps, signed
    signal input maxStressLoss;                   // bps
    signal input maxGamma;                        // CA01: constrained to a constant below
    signal input maxVega;                         // CA01: constrained to a constant below
    signal input maxTheta;                        // CA01: constrained to a constant below

    component linear = LinearPnl(scenarios, underlyings);
    linear.delta <== underlyingDelta;
    linear.shock <== shock;
    component stressLoss = MaxStressLoss(scenarios, 0);
    stressLoss.pnl <== linear.pnl;
    stressLoss.equity <== equity;
    stressLoss.limit <== maxStressLoss;

    maxGamma === ABSENT_MAX();
    maxVega === ABSENT_MAX();
    maxTheta === ABSENT_MAX();
}
