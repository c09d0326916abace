// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPolicyBook} from "../interfaces/IPolicyBook.sol";

/// @title The order of policies: which one lets nothing pass that the other refuses
/// @dev Reflexive and transitive, so no chain of tightenings ever loosens anything.
library PolicyOrder {
    /// @dev Other scenarios or sources cannot be compared from their roots and count as not tighter, as does another domain.
    function isTighter(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) internal pure returns (bool) {
        return _sameGround(a, b) && _tighterMinima(a, b) && _tighterExposure(a, b) && _tighterRisk(a, b)
            && _tighterTimes(a, b);
    }

    function _sameGround(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        return a.circuit == b.circuit && a.scenarioRoot == b.scenarioRoot && a.sourcesRoot == b.sourcesRoot
            && a.domain == b.domain;
    }

    function _tighterMinima(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        return a.minCollateralRatio >= b.minCollateralRatio && a.minHealthFactor >= b.minHealthFactor
            && a.minEquity >= b.minEquity;
    }

    function _tighterExposure(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        return a.maxLeverage <= b.maxLeverage && a.netDeltaLo >= b.netDeltaLo && a.netDeltaHi <= b.netDeltaHi
            && a.maxUnderlyingDelta <= b.maxUnderlyingDelta && a.maxVenue <= b.maxVenue;
    }

    function _tighterRisk(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        return a.maxGamma <= b.maxGamma && a.maxVega <= b.maxVega && a.maxTheta <= b.maxTheta
            && a.maxStressLoss <= b.maxStressLoss && a.maxDrawdown <= b.maxDrawdown;
    }

    function _tighterTimes(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        return a.maxAge <= b.maxAge && a.validity <= b.validity && a.maxMarketSkew <= b.maxMarketSkew;
    }
}
