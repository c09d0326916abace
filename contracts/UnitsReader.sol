// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Units} from "./lib/Units.sol";

/// @title UnitsReader: asks whom a policy names how many units a fund has
/// @notice Keeps nothing and may nothing: a registry makes its own, and asks it under policies with a source of units.
contract UnitsReader {
    /// @notice Reverts, with the registry's own errors, unless the units are what the source says.
    function check(Units.Claim calldata claim) external view {
        Units.check(claim);
    }
}
