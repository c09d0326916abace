// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../constants.circom";
include "../in-range.circom";
include "../limit-is-set.circom";

// Proves [L8]: for every account, its equity / equity <= limit, a bound on what one counterparty's failure can take.
// Ranges: equity from BookSize; an account's equity lies between -liabilities and assets, so within 2^96 of zero; the
// limit from the public statement (32 bits). A difference that is not negative is below 2^129.
template MaxVenue(accounts) {
    signal input venueEquity[accounts];  // USD 1e16, signed
    signal input equity;                 // USD 1e16
    signal input limit;                  // bps

    component isSet = LimitIsSet(ABSENT_MAX());
    isSet.limit <== limit;

    signal bounded[accounts];
    component holds[accounts];
    for (var s = 0; s < accounts; s++) {
        bounded[s] <== isSet.out * venueEquity[s];
        holds[s] = InRange(VALUE_BITS() + RATIO_BITS() + 1);
        holds[s].in <== limit * equity - bounded[s] * BPS();
    }
}
