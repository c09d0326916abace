// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPolicyBook} from "../interfaces/IPolicyBook.sol";

/// @title The terms of a policy as the policy book stores and tells them
/// @notice abi.encode(policy), or abi.encode(policy, liquidity) for a policy that limits the days to unwind. The first word of an
///         encoding says where the policy begins, so whoever reads the policy alone reads both alike, the two never have one
///         hash, and a policy without the limit has the id that it had before there was any.
library Terms {
    /// @dev Where the policy begins when nothing stands before it.
    uint256 private constant ALONE = 0x20;

    /// @notice The encoding that the book has for an id. Reverts as `IPolicyBook.policyOf` does.
    function read(IPolicyBook book, bytes32 policyId) internal view returns (bytes memory encoded) {
        bool found;
        (found, encoded) = address(book).staticcall(abi.encodeCall(IPolicyBook.policyOf, (policyId)));
        if (found) return encoded;
        assembly ("memory-safe") {
            revert(add(encoded, 0x20), mload(encoded))
        }
    }

    /// @notice Whether the policy limits the days to unwind.
    function hasLiquidity(bytes memory encoded) internal pure returns (bool) {
        uint256 begins;
        assembly ("memory-safe") {
            begins := mload(add(encoded, 0x20))
        }
        return begins != ALONE;
    }

    /// @notice The terms of the limit; only where there is one.
    /// @dev The words lie as the struct's in memory do, canonical, since the book encoded them.
    function liquidityIn(bytes memory encoded) internal pure returns (IPolicyBook.Liquidity memory liquidity) {
        assembly ("memory-safe") {
            liquidity := add(encoded, 0x40)
        }
    }
}
