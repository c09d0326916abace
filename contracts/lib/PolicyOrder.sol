// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPolicyBook} from "../interfaces/IPolicyBook.sol";

/// @title The order of policies: which one lets nothing pass that the other refuses
/// @dev Reflexive and transitive, so no chain of tightenings ever loosens anything.
library PolicyOrder {
    /// @dev A maximum that is not set.
    uint32 internal constant ABSENT_MAX = type(uint32).max;

    /// @dev What cannot be compared (other scenarios, sources, series, units, domains) counts as not tighter.
    function isTighter(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) internal pure returns (bool) {
        return _sameGround(a, b) && _tighterMinima(a, b) && _tighterExposure(a, b) && _tighterRisk(a, b)
            && _tighterTimes(a, b) && _tighterTail(a, b) && _tellsAsMuch(a, b);
    }

    /// @dev Whether no tail-risk limit is set.
    function hasNoTail(IPolicyBook.Policy memory p) internal pure returns (bool none) {
        none = p.maxVolatility == ABSENT_MAX;
        for (uint256 i = 0; i < p.maxExpectedShortfall.length; ++i) {
            none = none && p.maxExpectedShortfall[i] == ABSENT_MAX;
        }
    }

    /// @dev For two policies that limit the days to unwind, by the same tables.
    function unwindsSooner(IPolicyBook.Liquidity memory a, IPolicyBook.Liquidity memory b)
        internal
        pure
        returns (bool)
    {
        return a.circuit == b.circuit && a.series == b.series && a.participation == b.participation
            && a.maxDaysToUnwind <= b.maxDaysToUnwind && a.maxLiquiditySkew <= b.maxLiquiditySkew;
    }

    function _sameGround(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        return a.circuit == b.circuit && a.scenarioRoot == b.scenarioRoot && a.sourcesRoot == b.sourcesRoot
            && a.marketSeries == b.marketSeries && a.unitsKind == b.unitsKind && a.unitsSource == b.unitsSource
            && a.domain == b.domain;
    }

    function _tighterMinima(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        return a.minCollateralRatio >= b.minCollateralRatio && a.minHealthFactor >= b.minHealthFactor
            && a.minAccountHealthFactor >= b.minAccountHealthFactor && a.minEquity >= b.minEquity;
    }

    function _tighterExposure(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        return a.maxLeverage <= b.maxLeverage && a.netDeltaLo >= b.netDeltaLo && a.netDeltaHi <= b.netDeltaHi
            && a.maxUnderlyingDelta <= b.maxUnderlyingDelta && a.maxVenue <= b.maxVenue;
    }

    function _tighterRisk(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        return a.maxGamma <= b.maxGamma && a.maxVega <= b.maxVega && a.maxTheta <= b.maxTheta
            && a.maxStressLoss <= b.maxStressLoss && a.maxDrawdown <= b.maxDrawdown;
    }

    /// @dev A policy that asks for no tail-risk proof is looser than any that does. Expected shortfall grows with the
    ///      confidence, so a limit at a higher level is tighter.
    function _tighterTail(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool tighter) {
        if (b.tailCircuit == 0) return true;
        tighter = a.tailCircuit == b.tailCircuit && a.returnsSeries == b.returnsSeries
            && a.maxReturnsSkew <= b.maxReturnsSkew && a.maxVolatility <= b.maxVolatility;
        for (uint256 i = 0; i < b.confidence.length; ++i) {
            tighter = tighter && a.confidence[i] >= b.confidence[i]
                && a.maxExpectedShortfall[i] <= b.maxExpectedShortfall[i];
        }
    }

    function _tighterTimes(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        return a.maxAge <= b.maxAge && a.validity <= b.validity && a.maxMarketSkew <= b.maxMarketSkew
            && a.minInterval >= b.minInterval;
    }

    /// @dev A policy that asks for no disclosure is looser than any that does. Who relies on one relies on its step and its viewers,
    ///      so that another step or other viewers are another thing.
    function _tellsAsMuch(IPolicyBook.Policy memory a, IPolicyBook.Policy memory b) private pure returns (bool) {
        if (b.disclosureCircuit == 0) return true;
        return a.disclosureCircuit == b.disclosureCircuit && a.navStep == b.navStep
            && keccak256(abi.encode(a.viewers)) == keccak256(abi.encode(b.viewers));
    }
}
