// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Risk policies, addressed by their content
/// @notice A policy id is keccak256(abi.encode(policy)): it can never come to mean something else.
interface IPolicyBook {
    /// @notice A risk policy. Limits are in basis points (1e4 = 1.0) unless said otherwise.
    /// @dev Absent limits always hold: 0 for minima, 2^32-1 for maxima, -2^31 and 2^31-1 for the net delta band.
    struct Policy {
        /// keccak256 of the circuit's name.
        bytes32 circuit;
        /// Poseidon root of the stress scenarios.
        uint256 scenarioRoot;
        /// Poseidon root of the approved sources' keys.
        uint256 sourcesRoot;
        /// Assets over liabilities.
        uint32 minCollateralRatio;
        /// Risk-adjusted collateral over liabilities.
        uint32 minHealthFactor;
        /// Gross exposure over equity.
        uint32 maxLeverage;
        /// Net delta over equity, signed, both ends included.
        int32 netDeltaLo;
        int32 netDeltaHi;
        /// Absolute delta of each underlying over equity.
        uint32 maxUnderlyingDelta;
        /// Equity at each venue over equity.
        uint32 maxVenue;
        /// Change of delta for a 1% move, over equity.
        uint32 maxGamma;
        uint32 maxVega;
        uint32 maxTheta;
        /// Loss over equity in each scenario.
        uint32 maxStressLoss;
        /// Loss of value per unit from its high-water mark.
        uint32 maxDrawdown;
        /// USD with 8 decimals.
        uint96 minEquity;
        /// Seconds from the snapshot's time to its attestation, at most.
        uint32 maxAge;
        /// Seconds from the snapshot's time for which an attestation lasts.
        uint32 validity;
        /// Seconds between the snapshot's and the market's time, at most.
        uint32 maxMarketSkew;
    }

    /// @notice A policy was published.
    event PolicyPublished(bytes32 indexed policyId, Policy policy);

    error UnknownPolicy(bytes32 policyId);
    error NoCircuit();
    error EmptyDeltaBand(int32 lo, int32 hi);
    error ZeroValidity();

    /// @notice Publishes a policy; anybody may. Publishing the same policy again changes nothing.
    /// @return policyId keccak256(abi.encode(policy)).
    function publish(Policy calldata policy) external returns (bytes32 policyId);

    /// @notice The policy behind an id; reverts with `UnknownPolicy` when it was never published.
    function policyOf(bytes32 policyId) external view returns (Policy memory);

    /// @notice Whether a policy with this id was published.
    function exists(bytes32 policyId) external view returns (bool);
}
