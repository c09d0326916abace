// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Authority: the OpenZeppelin AccessManager of a Keel deployment, with its roles by name
/// @notice Role 0 (`ADMIN_ROLE`) grants the others and is meant for a multi-signature account.
contract Authority is AccessManager {
    /// @notice Stops things: closes records, retires verifiers, withdraws markets, closes universes, calls off announced
    ///         loosenings. Opens only what it closed. Lets a subject that lost its state start its drawdown chain over.
    uint64 public constant GUARDIAN = 1;
    /// @notice Adds verifiers, which take effect after the book's delay.
    uint64 public constant VERIFIER_ADMIN = 2;
    /// @notice Chooses the market's publishers and the feeds of universes.
    uint64 public constant MARKET_ADMIN = 3;
    /// @notice Opens and moves policy lines: tightening at once, anything else after the book's delay.
    uint64 public constant CURATOR = 4;
    /// @notice Contracts whose market tables the market book accepts on their word.
    uint64 public constant MARKET_SOURCE = 5;

    constructor(address initialAdmin) AccessManager(initialAdmin) {}
}
