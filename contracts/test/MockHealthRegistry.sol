// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";
import {INavSource} from "../interfaces/INavSource.sol";
import {IPolicyBook} from "../interfaces/IPolicyBook.sol";

/// @title A registry and policy book for unit tests of gated contracts: healthy is who the test says
/// @notice Answers what `HealthGate` asks, of policies and of lines. Anybody may set anything.
/// @dev Warning: for tests only. `IHealthRegistry(address(mock))` is what a gate takes.
contract MockHealthRegistry is INavSource {
    mapping(address subject => mapping(bytes32 policyId => IHealthRegistry.Record)) private _records;
    mapping(address subject => mapping(bytes32 policyId => NavRecord)) private _values;
    mapping(bytes32 line => bytes32) private _current;
    mapping(bytes32 line => IPolicyBook.Kept[]) private _left;

    /// @notice Makes `subject` healthy under `policyId` from now until `expiry`, by a snapshot of `asOf`.
    function setHealthy(address subject, bytes32 policyId, uint40 asOf, uint40 expiry) external {
        IHealthRegistry.Record storage record = _records[subject][policyId];
        if (!isHealthy(subject, policyId)) (record.since, record.streak) = (uint40(block.timestamp), 0);
        (record.asOf, record.floor, record.expiry) = (asOf, asOf, expiry);
        record.standing = IHealthRegistry.Standing.Open;
        ++record.count;
        ++record.streak;
    }

    /// @notice Ends health as `standing` says; `Open` lets it expire now.
    function setUnhealthy(address subject, bytes32 policyId, IHealthRegistry.Standing standing) external {
        IHealthRegistry.Record storage record = _records[subject][policyId];
        record.standing = standing;
        if (standing == IHealthRegistry.Standing.Open) record.expiry = uint40(block.timestamp);
    }

    /// @notice What `subject` is worth (USD, 16 decimals) by the latest attestation under `policyId`, over so many units (8 decimals).
    function setValue(address subject, bytes32 policyId, uint256 value, uint96 units) external {
        IHealthRegistry.Record memory record = _records[subject][policyId];
        _values[subject][policyId] = NavRecord(value, units, record.asOf, record.expiry, false);
    }

    /// @notice Makes a line, or moves it at once.
    function setLine(bytes32 line, bytes32 policyId) external {
        _current[line] = policyId;
    }

    /// @notice Tightens a line: what is attested under the policy that it leaves counts at gates until it expires.
    function tightenLine(bytes32 line, bytes32 policyId) external {
        _left[line].push(IPolicyBook.Kept(_current[line], uint40(block.timestamp), IPolicyBook.Leaving.Tightened));
        _current[line] = policyId;
    }

    function graceOf(bytes32 line) external view returns (IPolicyBook.Kept[] memory) {
        return _left[line];
    }

    function recordOf(address subject, bytes32 policyId) external view returns (IHealthRegistry.Record memory) {
        return _records[subject][policyId];
    }

    function isHealthyWithin(address subject, bytes32 policyId, uint32 maxStaleness) external view returns (bool) {
        uint256 age = block.timestamp - _records[subject][policyId].asOf;
        return isHealthy(subject, policyId) && age <= maxStaleness;
    }

    function navOf(address subject, bytes32 policyId) external view returns (NavRecord memory nav) {
        nav = _values[subject][policyId];
        nav.live = nav.asOf != 0 && isHealthy(subject, policyId);
    }

    function policyBook() external view returns (IPolicyBook) {
        return IPolicyBook(address(this));
    }

    function exists(bytes32) external pure returns (bool) {
        return true;
    }

    function isLine(bytes32 line) external view returns (bool) {
        return _current[line] != 0;
    }

    function currentOf(bytes32 line) external view returns (bytes32) {
        return _current[line];
    }

    function isHealthy(address subject, bytes32 policyId) public view returns (bool) {
        IHealthRegistry.Record storage record = _records[subject][policyId];
        return block.timestamp < record.expiry && record.standing == IHealthRegistry.Standing.Open;
    }
}
