// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Ids of series of tables: one byte of kind, then the low 31 bytes of a keccak256
/// @dev The kind keeps a series of one origin from being taken for another's. The hash of a publishers' series is made off
///      chain, from the fixed columns of its tables (verifier/src/files/series.ts).
library Series {
    /// @dev Markets that publishers sign.
    bytes1 internal constant MARKET = 0x01;
    /// @dev Markets that a contract with the market source role read by itself.
    bytes1 internal constant FEED = 0x02;
    /// @dev Daily returns that publishers sign.
    bytes1 internal constant RETURNS = 0x03;
    /// @dev What a day takes of each instrument, by publishers.
    bytes1 internal constant LIQUIDITY = 0x04;

    uint256 private constant KIND_SHIFT = 248;

    function kindOf(bytes32 series) internal pure returns (bytes1) {
        return series[0];
    }

    /// @dev Whether a policy's market may be of this series.
    function isMarket(bytes32 series) internal pure returns (bool) {
        return kindOf(series) == MARKET || kindOf(series) == FEED;
    }

    /// @dev Whether publishers may sign tables of this series.
    function isPublishable(bytes32 series) internal pure returns (bool) {
        return kindOf(series) == MARKET || _isBeside(series);
    }

    /// @dev Whether there can be tables of this series.
    function isKnown(bytes32 series) internal pure returns (bool) {
        return isMarket(series) || _isBeside(series);
    }

    /// @dev Tables beside the market, which publishers sign only.
    function _isBeside(bytes32 series) private pure returns (bool) {
        return kindOf(series) == RETURNS || kindOf(series) == LIQUIDITY;
    }

    /// @dev The series of what `source` reads under its own name `id`.
    function ofFeeds(address source, bytes32 id) internal pure returns (bytes32) {
        uint256 hash = uint256(keccak256(abi.encode("keel/feed-series/1", source, id)));
        uint256 kind = uint256(uint8(FEED)) << KIND_SHIFT;
        return bytes32(kind | (hash & ((1 << KIND_SHIFT) - 1)));
    }
}
