// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthRegistry} from "./IHealthRegistry.sol";

/// @title Health as attestations of the Ethereum Attestation Service (EAS)
/// @notice An EAS attestation of this resolver's schema can only be made while the registry says healthy. It names the
///         subject (recipient), the policy and the time of the registry's latest attestation, and expires no later.
///         Anybody may make one: its worth is the registry's, not its maker's.
/// @dev Warning: EAS lets nobody but its maker revoke an attestation, so one may outlive a revocation at the registry. Ask
///      `isLive`, or ask EAS and the registry. Without a live attestation: `IHealthGate.NotHealthy`.
interface IHealthResolver {
    /// @dev Only EAS makes and revokes attestations here.
    error AccessDenied(address caller);
    /// @dev Nothing here costs native coins.
    error NotPayable();
    /// @dev Anybody can register other schemas with this resolver; they mean nothing.
    error WrongSchema(bytes32 expected, bytes32 received);
    /// @dev The data is not that of `SCHEMA`.
    error BadData(uint256 length);
    /// @dev Only the registry's latest attestation can be named.
    error NotLatest(uint256 expected, uint256 received);
    /// @dev It must expire, and not after the registry's.
    error OutlivesHealth(uint64 expirationTime, uint40 expiry);
    /// @dev Its maker must be able to take it back.
    error NotRevocable();

    /// @notice The data of an attestation: abi.encode(policyId, asOf).
    // solhint-disable-next-line func-name-mixedcase
    function SCHEMA() external view returns (string memory);

    /// @notice The schema's id at EAS, where the resolver registers it when it is built: its text, this resolver, revocable.
    function schemaUid() external view returns (bytes32);

    /// @notice Whose word counts.
    function registry() external view returns (IHealthRegistry);

    /// @notice Whether the EAS attestation `uid` counts now: it is of this schema, was not revoked, has not expired, and the
    ///         registry still says healthy by the very attestation that it names.
    function isLive(bytes32 uid) external view returns (bool);
}
