// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EasAttestation, IEas, IEasResolver, IEasSchemaRegistry} from "./interfaces/IEas.sol";
import {IHealthGate} from "./interfaces/IHealthGate.sol";
import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";
import {IHealthResolver} from "./interfaces/IHealthResolver.sol";

/// @title HealthResolver: lets EAS attestations of Keel's schema be made only while the registry says healthy
contract HealthResolver is IHealthResolver, IEasResolver {
    /// @inheritdoc IHealthResolver
    string public constant SCHEMA = "bytes32 policyId,uint64 asOf";

    uint256 private constant DATA_LENGTH = 64;

    /// @inheritdoc IHealthResolver
    IHealthRegistry public immutable registry;

    /// @inheritdoc IHealthResolver
    bytes32 public immutable schemaUid;

    IEas private immutable _eas;

    modifier onlyEas() {
        require(msg.sender == address(_eas), AccessDenied(msg.sender));
        _;
    }

    constructor(IEas eas, IHealthRegistry registry_) {
        (registry, _eas) = (registry_, eas);
        IEasSchemaRegistry schemas = eas.getSchemaRegistry();
        schemaUid = keccak256(abi.encodePacked(SCHEMA, this, true));
        // Whoever foresees this address can register the schema first; it is the same one.
        if (schemas.getSchema(schemaUid).uid == 0) schemas.register(SCHEMA, this, true);
    }

    /// @inheritdoc IHealthResolver
    function isLive(bytes32 uid) external view returns (bool) {
        EasAttestation memory found = _eas.getAttestation(uid);
        if (found.schema != schemaUid || found.revocationTime != 0) return false;
        if (block.timestamp >= found.expirationTime) return false;
        (bytes32 policyId, uint256 asOf) = abi.decode(found.data, (bytes32, uint256));
        return registry.isHealthy(found.recipient, policyId) && registry.recordOf(found.recipient, policyId).asOf == asOf;
    }

    /// @inheritdoc IEasResolver
    function attest(EasAttestation calldata attestation) external payable onlyEas returns (bool) {
        require(msg.value == 0, NotPayable());
        _check(attestation);
        return true;
    }

    /// @inheritdoc IEasResolver
    function multiAttest(EasAttestation[] calldata attestations, uint256[] calldata)
        external
        payable
        onlyEas
        returns (bool)
    {
        require(msg.value == 0, NotPayable());
        for (uint256 i = 0; i < attestations.length; ++i) {
            _check(attestations[i]);
        }
        return true;
    }

    /// @inheritdoc IEasResolver
    /// @dev To take an attestation back needs nobody's leave; it leaves the registry as it is.
    function revoke(EasAttestation calldata) external payable onlyEas returns (bool) {
        require(msg.value == 0, NotPayable());
        return true;
    }

    /// @inheritdoc IEasResolver
    function multiRevoke(EasAttestation[] calldata, uint256[] calldata) external payable onlyEas returns (bool) {
        require(msg.value == 0, NotPayable());
        return true;
    }

    /// @inheritdoc IEasResolver
    function isPayable() external pure returns (bool) {
        return false;
    }

    function _check(EasAttestation calldata attestation) private view {
        require(attestation.schema == schemaUid, WrongSchema(schemaUid, attestation.schema));
        require(attestation.data.length == DATA_LENGTH, BadData(attestation.data.length));
        (bytes32 policyId, uint256 asOf) = abi.decode(attestation.data, (bytes32, uint256));
        address subject = attestation.recipient;
        require(registry.isHealthy(subject, policyId), IHealthGate.NotHealthy(subject, policyId));
        IHealthRegistry.Record memory record = registry.recordOf(subject, policyId);
        require(asOf == record.asOf, NotLatest(record.asOf, asOf));
        uint64 end = attestation.expirationTime;
        require(end != 0 && end <= record.expiry, OutlivesHealth(end, record.expiry));
        require(attestation.revocable, NotRevocable());
    }
}
