// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

// Computes [S1] what one account holds, owes and has as collateral.
// The caller must: range-check long and short (SignedQuantity does).
// Constraints: 3 * instruments.
template AccountSums(instruments) {
    signal input value[instruments];    // USD 1e8 per unit, 0 where it is no part of equity
    signal input weighed[instruments];  // the same times the collateral factor in bps
    signal input long[instruments];     // private, 1e8 per unit
    signal input short[instruments];    // private, 1e8 per unit

    signal output assets;               // USD 1e16
    signal output liabilities;          // USD 1e16
    signal output collateral;           // USD 1e16 times bps

    signal held[instruments];
    signal owed[instruments];
    signal pledged[instruments];
    var sumHeld = 0;
    var sumOwed = 0;
    var sumPledged = 0;
    for (var i = 0; i < instruments; i++) {
        held[i] <== value[i] * long[i];
        owed[i] <== value[i] * short[i];
        pledged[i] <== weighed[i] * long[i];
        sumHeld += held[i];
        sumOwed += owed[i];
        sumPledged += pledged[i];
    }
    assets <== sumHeld;
    liabilities <== sumOwed;
    collateral <== sumPledged;
}
