// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What a subject is worth, as its latest attestation under a policy proved it
interface INavSource {
    struct NavRecord {
        /// Net asset value in USD with 16 decimals, rounded down to the policy's step.
        uint256 value;
        /// Units of the fund at the same moment, 8 decimals, by the policy's source of units.
        uint96 units;
        /// Time of the snapshot that the value is of.
        uint40 asOf;
        /// First second at which the attestation no longer counts by age.
        uint40 expiry;
        /// Whether the attestation counts at this moment: as `isHealthy`.
        bool live;
    }

    /// @notice The net asset value of the latest attestation of `subject` under `policyId`, whether or not it still counts.
    /// @dev Zeros when there is none, or when the policy shows no net asset value.
    function navOf(address subject, bytes32 policyId) external view returns (NavRecord memory);
}
