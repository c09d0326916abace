// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Chains that have a sequencer, by their ids
library Sequencers {
    /// @dev Layer-2 chains with one sequencer and a Chainlink uptime feed of it
    ///      (docs.chain.link/data-feeds/l2-sequencer-feeds). While the sequencer is down, prices stand still and most people
    ///      cannot answer.
    function isOf(uint256 id) internal pure returns (bool) {
        return id == 10 // OP Mainnet
            || id == 8453 // Base
            || id == 42161 // Arbitrum One
            || id == 1088 // Metis Andromeda
            || id == 534352 // Scroll
            || id == 324 // ZKsync Era
            || id == 5000 // Mantle
            || id == 42220 // Celo
            || id == 1868; // Soneium
    }
}
