// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The part of Chainlink's AggregatorV3Interface that Keel reads
interface IAggregatorV3 {
    /// @notice Decimals of the answer.
    function decimals() external view returns (uint8);

    /// @return roundId The round of the answer.
    /// @return answer The price; for a sequencer's uptime feed 0 when it is up.
    /// @return startedAt When the round started; for an uptime feed when the state last changed.
    /// @return updatedAt When the answer was set; 0 while the round has none.
    /// @return answeredInRound Deprecated.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
