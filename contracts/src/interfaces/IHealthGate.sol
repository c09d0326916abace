// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthRegistry} from "./IHealthRegistry.sol";

/// @title Actions that need a live attestation of one subject under one policy
interface IHealthGate {
    error NotHealthy(address subject, bytes32 policyId);

    function registry() external view returns (IHealthRegistry);

    /// @notice Whose portfolio must be healthy.
    function subject() external view returns (address);

    /// @notice The policy under which it must be healthy.
    function policyId() external view returns (bytes32);

    /// @notice Whether gated actions are open now.
    function isHealthy() external view returns (bool);
}
