// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev An attestation as the Ethereum Attestation Service (EAS) keeps it; the layout is EAS's own.
struct EasAttestation {
    bytes32 uid;
    bytes32 schema;
    /// Unix seconds; 0 where it does not expire or was not revoked.
    uint64 time;
    uint64 expirationTime;
    uint64 revocationTime;
    bytes32 refUID;
    address recipient;
    address attester;
    bool revocable;
    bytes data;
}

/// @title The part of EAS that Keel asks
/// @dev Written out, so that a project which imports Keel's contracts does not carry EAS's package and its tools.
interface IEas {
    /// @notice An attestation; all zero when there is none of this id.
    function getAttestation(bytes32 uid) external view returns (EasAttestation memory);

    /// @notice Where schemas are registered.
    function getSchemaRegistry() external view returns (IEasSchemaRegistry);
}

/// @title The part of EAS's schema registry that Keel asks
interface IEasSchemaRegistry {
    struct SchemaRecord {
        bytes32 uid;
        IEasResolver resolver;
        bool revocable;
        string schema;
    }

    /// @notice Registers a schema; reverts when it is there already.
    /// @return uid keccak256(abi.encodePacked(schema, resolver, revocable)).
    function register(string calldata schema, IEasResolver resolver, bool revocable) external returns (bytes32 uid);

    /// @notice A schema; all zero when there is none of this id.
    function getSchema(bytes32 uid) external view returns (SchemaRecord memory);
}

/// @title What EAS calls when attestations of a schema are made or revoked; `false` or a revert refuses
interface IEasResolver {
    /// @notice Whether it takes native coins.
    function isPayable() external pure returns (bool);

    function attest(EasAttestation calldata attestation) external payable returns (bool);

    function multiAttest(EasAttestation[] calldata attestations, uint256[] calldata values)
        external
        payable
        returns (bool);

    function revoke(EasAttestation calldata attestation) external payable returns (bool);

    function multiRevoke(EasAttestation[] calldata attestations, uint256[] calldata values)
        external
        payable
        returns (bool);
}
