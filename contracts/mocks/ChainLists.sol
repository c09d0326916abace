// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Sequencers} from "../lib/Sequencers.sol";
import {TestChains} from "../lib/TestChains.sol";

/// @title What is known of chains by their ids, for any id
contract ChainLists {
    /// @notice Whether the chain has a sequencer.
    function hasSequencer(uint256 id) external pure returns (bool) {
        return Sequencers.isOf(id);
    }

    /// @notice Whether nothing is worth anything on the chain.
    function isTest(uint256 id) external pure returns (bool) {
        return TestChains.has(id);
    }
}
