// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "account-sums.circom";

// Computes [S1] what a book is worth: circuits/SPEC.md section 5, A, L, E, C and the same account by account. No netting of one
// account's debt against another's coins: what is held and what is owed of one instrument are summed apart.
// accountHealth: 1 for C[s] and L[s] too, which cost two constraints more for each instrument of an account.
// The caller must: range-check long and short (SignedQuantity does). No sum reaches the field size: the largest, collateral,
// is below 2^14 * 2^64 * 2^64 * instruments * accounts.
// Constraints: instruments * (3 + accounts), with accountHealth instruments * (2 + 3 * accounts).
template ValueSums(instruments, accounts, accountHealth) {
    signal input price[instruments];                            // USD 1e8
    signal input factor[instruments];                           // bps
    signal input funded[instruments];
    signal input long[accounts][instruments];                   // private, 1e8 per unit
    signal input short[accounts][instruments];                  // private, 1e8 per unit

    signal output assets;                                       // A, USD 1e16
    signal output liabilities;                                  // L, USD 1e16
    signal output equity;                                       // E, USD 1e16, signed
    signal output collateral;                                   // C, USD 1e16 times bps
    signal output accountEquity[accounts];                      // E[s], USD 1e16, signed
    signal output accountLiabilities[accountHealth * accounts]; // L[s], USD 1e16
    signal output accountCollateral[accountHealth * accounts];  // C[s], USD 1e16 times bps

    signal value[instruments];                                  // price where the value is part of equity
    for (var i = 0; i < instruments; i++) {
        value[i] <== funded[i] * price[i];
    }

    var sumAssets = 0;
    var sumEquity = 0;
    var sumCollateral = 0;
    signal weighed[accountHealth * instruments];
    component account[accounts];
    signal asset[(1 - accountHealth) * instruments];
    signal pledged[(1 - accountHealth) * instruments];
    signal part[accounts][(1 - accountHealth) * instruments];
    if (accountHealth == 1) {
        for (var i = 0; i < instruments; i++) {
            weighed[i] <== factor[i] * value[i];
        }
        for (var s = 0; s < accounts; s++) {
            account[s] = AccountSums(instruments);
            account[s].value <== value;
            account[s].weighed <== weighed;
            account[s].long <== long[s];
            account[s].short <== short[s];
            accountLiabilities[s] <== account[s].liabilities;
            accountCollateral[s] <== account[s].collateral;
            accountEquity[s] <== account[s].assets - account[s].liabilities;
            sumAssets += account[s].assets;
            sumCollateral += account[s].collateral;
            sumEquity += accountEquity[s];
        }
    } else {
        for (var i = 0; i < instruments; i++) {
            var held = 0;
            for (var s = 0; s < accounts; s++) {
                held += long[s][i];
            }
            asset[i] <== value[i] * held;
            pledged[i] <== factor[i] * asset[i];
            sumAssets += asset[i];
            sumCollateral += pledged[i];
        }
        for (var s = 0; s < accounts; s++) {
            var sumPart = 0;
            for (var i = 0; i < instruments; i++) {
                part[s][i] <== value[i] * (long[s][i] - short[s][i]);
                sumPart += part[s][i];
            }
            accountEquity[s] <== sumPart;
            sumEquity += accountEquity[s];
        }
    }
    assets <== sumAssets;
    equity <== sumEquity;
    collateral <== sumCollateral;
    liabilities <== sumAssets - sumEquity;
}
