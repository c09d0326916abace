// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";

// Proves [L4]: for every account, its risk-adjusted collateral / its liabilities >= limit, so that an account about to be liquidated
// cannot hide behind idle coins elsewhere (attack 58). Holds for an account that owes nothing, and for limit 0.
// Ranges: no account has more collateral or liabilities than the book, which BookSize bounds; the limit from the public
// statement (32 bits).
// Constraints: 111 an account.
template MinAccountHealthFactor(accounts) {
    signal input collateral[accounts];   // USD 1e16 times bps, so both sides have the same scale
    signal input liabilities[accounts];  // USD 1e16
    signal input limit;                  // bps

    component holds[accounts];
    for (var s = 0; s < accounts; s++) {
        holds[s] = InRange(VALUE_BITS() + FACTOR_BITS());
        holds[s].in <== collateral[s] - limit * liabilities[s];
    }
}
