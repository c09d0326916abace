// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Chains on which nothing is worth anything, by their ids
library TestChains {
    /// @dev Local development nodes, whose ids no public chain has, and public test networks. Nothing there is worth anything,
    ///      so a development key may stand for a ceremony's, and a single key for a multi-signature account.
    function has(uint256 id) internal pure returns (bool) {
        return id == 31337 || id == 1337 // local nodes
            || id == 11155111 // Sepolia
            || id == 17000 // Holesky
            || id == 560048 // Hoodi
            || id == 84532 // Base Sepolia
            || id == 11155420 // OP Sepolia
            || id == 421614 // Arbitrum Sepolia
            || id == 534351 // Scroll Sepolia
            || id == 300 // ZKsync Sepolia
            || id == 5003 // Mantle Sepolia
            || id == 80002 // Polygon Amoy
            || id == 10200; // Gnosis Chiado
    }
}
