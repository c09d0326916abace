// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAggregatorV3} from "./IAggregatorV3.sol";

/// @title The rest of Chainlink's AggregatorV3Interface: what a feed is of, and its rounds
interface IAggregatorV3Rounds is IAggregatorV3 {
    /// @notice What the answer is the price of.
    function description() external view returns (string memory);

    /// @notice Version of the feed.
    function version() external view returns (uint256);

    /// @notice As `latestRoundData`, of one round.
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
