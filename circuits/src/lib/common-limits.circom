// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "constants.circom";
include "venue-equity.circom";
include "limits/book-size.circom";
include "limits/max-leverage.circom";
include "limits/max-underlying-delta.circom";
include "limits/max-venue.circom";
include "limits/min-account-health-factor.circom";
include "limits/min-collateral-ratio.circom";
include "limits/min-health-factor.circom";
include "limits/net-delta.circom";

// Proves [L1 to L8, L13]: the limits that speak of a book's sums alone hold, in every tier; those of a tier's own kind stand in LinearLimits
// and OptionLimits, the drawdown beside them.
// Range checks: BookSize, on which every other limit stands.
// The caller must: give sums of what the limits' headers say, each below 2^140 before BookSize.
// accountHealth: 0 in tiers without room for minAccountHealthFactor, which hold it at the value that claims nothing.
template CommonLimits(accounts, underlyings, accountHealth) {
    signal input assets;                            // A, USD 1e16
    signal input liabilities;                       // L, USD 1e16
    signal input equity;                            // E, USD 1e16, signed
    signal input collateral;                        // C, USD 1e16 times bps
    signal input grossExposure;                     // G, USD 1e16
    signal input underlyingDelta[underlyings];      // D[u], USD 1e16, signed
    signal input underlyingDeltaBound;              // private, USD 1e16
    signal input accountEquity[accounts];           // E[s], USD 1e16, signed
    signal input accountLiabilities[accountHealth * accounts]; // L[s], USD 1e16
    signal input accountCollateral[accountHealth * accounts];  // C[s], USD 1e16 times bps
    signal input keyX[accounts];                    // private; x coordinate of the source's key

    signal input minEquity;                         // USD 1e8, 96 bits
    signal input minCollateralRatio;                // bps, 32 bits, as all ratios
    signal input minHealthFactor;
    signal input minAccountHealthFactor;
    signal input maxLeverage;
    signal input netDeltaLow;                       // with the bias of 2^31
    signal input netDeltaHigh;
    signal input maxUnderlyingDelta;
    signal input maxVenue;

    component size = BookSize();
    size.assets <== assets;
    size.grossExposure <== grossExposure;
    size.equity <== equity;
    size.minEquity <== minEquity;

    component collateralRatio = MinCollateralRatio();
    collateralRatio.assets <== assets;
    collateralRatio.liabilities <== liabilities;
    collateralRatio.limit <== minCollateralRatio;

    component healthFactor = MinHealthFactor();
    healthFactor.collateral <== collateral;
    healthFactor.liabilities <== liabilities;
    healthFactor.limit <== minHealthFactor;

    component accountHealthFactor;
    if (accountHealth == 1) {
        accountHealthFactor = MinAccountHealthFactor(accounts);
        accountHealthFactor.collateral <== accountCollateral;
        accountHealthFactor.liabilities <== accountLiabilities;
        accountHealthFactor.limit <== minAccountHealthFactor;
    } else {
        minAccountHealthFactor === 0;
    }

    component leverage = MaxLeverage();
    leverage.grossExposure <== grossExposure;
    leverage.equity <== equity;
    leverage.limit <== maxLeverage;

    var netDelta = 0;
    for (var u = 0; u < underlyings; u++) {
        netDelta += underlyingDelta[u];
    }
    component deltaBand = NetDelta();
    deltaBand.netDelta <== netDelta;
    deltaBand.equity <== equity;
    deltaBand.lowBiased <== netDeltaLow;
    deltaBand.highBiased <== netDeltaHigh;

    component ofUnderlying = MaxUnderlyingDelta(underlyings);
    ofUnderlying.delta <== underlyingDelta;
    ofUnderlying.bound <== underlyingDeltaBound;
    ofUnderlying.equity <== equity;
    ofUnderlying.limit <== maxUnderlyingDelta;

    component byVenue = VenueEquity(accounts);
    byVenue.keyX <== keyX;
    byVenue.accountEquity <== accountEquity;
    component venue = MaxVenue(accounts);
    venue.venueEquity <== byVenue.venueEquity;
    venue.equity <== equity;
    venue.limit <== maxVenue;
}
