// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IAggregatorV3Rounds} from "../interfaces/IAggregatorV3Rounds.sol";
import {IStrategyVault} from "../interfaces/IStrategyVault.sol";

/// @title What an asset is worth in dollars: by the round that its feed had at a time, or one where there is no feed
library AssetPrice {
    /// @dev A dollar, with 16 decimals as net asset values have.
    uint256 private constant ONE = 1e16;

    /// @dev The price of a whole asset at `asOf`, 16 decimals. Whoever settles names the round and cannot choose: it was in force at
    ///      that time, and no later one was.
    function priceAt(IAggregatorV3Rounds feed, uint80 round, uint40 asOf, uint32 staleness) internal view returns (uint256) {
        if (address(feed) == address(0)) return ONE;
        (uint80 id, int256 answer,, uint256 updatedAt,) = feed.getRoundData(round);
        bool isIn = id == round && answer > 0 && updatedAt != 0 && updatedAt <= asOf && asOf - updatedAt <= staleness;
        require(isIn && _isLastBefore(feed, round, asOf), IStrategyVault.WrongRound(round, asOf));
        return _scale(feed, answer);
    }

    /// @dev The feed's latest price, 16 decimals; 0 when it is older than it may be.
    function latest(IAggregatorV3Rounds feed, uint32 staleness) internal view returns (uint256) {
        if (address(feed) == address(0)) return ONE;
        (, int256 answer,, uint256 updatedAt,) = feed.latestRoundData();
        if (answer <= 0 || updatedAt > block.timestamp || block.timestamp - updatedAt > staleness) return 0;
        return _scale(feed, answer);
    }

    /// @dev Base units of the asset that `value` (USD, 16 decimals) is worth.
    function toAssets(uint256 value, uint256 price, uint8 decimals, Math.Rounding rounding)
        internal
        pure
        returns (uint256)
    {
        return Math.mulDiv(value, 10 ** decimals, price, rounding);
    }

    function _isLastBefore(IAggregatorV3Rounds feed, uint80 round, uint40 asOf) private view returns (bool) {
        (uint80 last,,,,) = feed.latestRoundData();
        if (last == round) return true;
        // Chainlink's proxies number their aggregators above bit 64, and an old one goes on beside the new one.
        if (last >> 64 != round >> 64) return false;
        (,,, uint256 nextAt,) = feed.getRoundData(round + 1);
        return nextAt > asOf;
    }

    function _scale(IAggregatorV3Rounds feed, int256 answer) private view returns (uint256) {
        return (uint256(answer) * ONE) / 10 ** feed.decimals();
    }
}
