// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthRegistry} from "./IHealthRegistry.sol";

/// @title Actions that need a live attestation of one subject under one policy
interface IHealthGate {
    error NotHealthy(address subject, bytes32 policyId);
    error StillHealthy(address subject, bytes32 policyId);

    /// @notice Whose word counts.
    function registry() external view returns (IHealthRegistry);

    /// @notice Whose portfolio must be healthy.
    function subject() external view returns (address);

    /// @notice What the gate was built for: a policy id, or a line of the policy book, which it then follows.
    function policy() external view returns (bytes32);

    /// @notice The policy under which the subject must be healthy now.
    function policyId() external view returns (bytes32);

    /// @notice Seconds for which a snapshot is good enough here, however long the policy lets an attestation last; 2^32 - 1
    ///         when the policy alone decides.
    function maxStaleness() external view returns (uint32);

    /// @notice Whether actions that need health are open now: the subject is healthy under `policyId`, or, at a gate on a line, was
    ///         so under a policy when the line left it for a tighter one, by a snapshot from before, until that attestation's own
    ///         end or the end of the book's grace. An attestation from after the move, under the policy that was left, ends
    ///         the grace; one from before it that is brought late, at most the policy's `maxAge`, goes on with it.
    function isHealthy() external view returns (bool);

    /// @notice The circuit breaker: true from the second at which health lapses until a new attestation. Only actions
    ///         that reduce risk are open, some of them to everybody.
    function unwindOnly() external view returns (bool);
}
