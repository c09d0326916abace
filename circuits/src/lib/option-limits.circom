// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "constants.circom";
include "limits/max-sensitivity.circom";
include "limits/max-stress-loss.circom";

// Proves [L9 to L11]: the limits on greeks, and on stress losses by full revaluation, of a tier with options hold.
// The caller must: bound equity by BookSize, and each sum by Sensitivities.
template OptionLimits(scenarios) {
    signal input equity;                  // E, USD 1e16
    signal input sum[3 + scenarios];      // gamma, vega, theta, and the P&L in every scenario: USD 1e16, signed
    signal input maxGamma;                // bps
    signal input maxVega;
    signal input maxTheta;
    signal input maxStressLoss;

    component gamma = MaxSensitivity(GAMMA_BPS());
    gamma.sum <== sum[0];
    gamma.equity <== equity;
    gamma.limit <== maxGamma;
    component vega = MaxSensitivity(BPS());
    vega.sum <== sum[1];
    vega.equity <== equity;
    vega.limit <== maxVega;
    component theta = MaxSensitivity(BPS());
    theta.sum <== sum[2];
    theta.equity <== equity;
    theta.limit <== maxTheta;

    component stressLoss = MaxStressLoss(scenarios, 1);
    for (var k = 0; k < scenarios; k++) {
        stressLoss.pnl[k] <== sum[3 + k] * BPS();
    }
    stressLoss.equity <== equity;
    stressLoss.limit <== maxStressLoss;
}
