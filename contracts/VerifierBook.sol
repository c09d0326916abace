// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IGroth16Verifier} from "./interfaces/IGroth16Verifier.sol";
import {IVerifierBook} from "./interfaces/IVerifierBook.sol";
import {TestChains} from "./lib/TestChains.sol";

/// @title VerifierBook: versioned Groth16 verifiers for each circuit
contract VerifierBook is IVerifierBook, AccessManaged {
    /// @inheritdoc IVerifierBook
    uint40 public immutable delay;
    /// @inheritdoc IVerifierBook
    uint40 public immutable setUpUntil;

    mapping(bytes32 circuit => uint32) private _counts;
    /// @dev From 1 to the circuit's count.
    mapping(bytes32 circuit => mapping(uint32 version => Version)) private _versions;

    constructor(address authority, uint40 delay_) AccessManaged(authority) {
        delay = delay_;
        setUpUntil = uint40(block.timestamp) + delay_;
    }

    /// @inheritdoc IVerifierBook
    function add(bytes32 circuit, IGroth16Verifier verifier) external restricted returns (uint32 version) {
        return _add(circuit, verifier, false);
    }

    /// @inheritdoc IVerifierBook
    function addStandby(bytes32 circuit, IGroth16Verifier verifier) external restricted returns (uint32 version) {
        require(versionCount(circuit) != 0, NothingToStandBy(circuit));
        return _add(circuit, verifier, true);
    }

    /// @inheritdoc IVerifierBook
    function retire(bytes32 circuit, uint32 version, string calldata reason) external restricted {
        Version storage found = _find(circuit, version);
        require(found.retiredAt == 0, Retired(circuit, version, found.retiredAt));
        found.retiredAt = uint40(block.timestamp);
        emit VerifierRetired(circuit, version, msg.sender, reason);
    }

    /// @inheritdoc IVerifierBook
    function verifierOf(bytes32 circuit, uint32 version) external view returns (IGroth16Verifier) {
        Version storage found = _find(circuit, version);
        require(block.timestamp >= found.liveAt, NotLiveYet(circuit, version, found.liveAt));
        require(found.retiredAt == 0, Retired(circuit, version, found.retiredAt));
        require(!found.standby || !_isHeld(circuit, version), StandsBy(circuit, version));
        bytes32 codeHash = address(found.verifier).codehash;
        require(codeHash == found.codeHash, CodeChanged(address(found.verifier), found.codeHash, codeHash));
        return found.verifier;
    }

    /// @inheritdoc IVerifierBook
    function versionOf(bytes32 circuit, uint32 version) external view returns (Version memory) {
        return _versions[circuit][version];
    }

    /// @inheritdoc IVerifierBook
    function latest(bytes32 circuit) external view returns (uint32 version) {
        for (version = versionCount(circuit); version > 0; --version) {
            Version storage found = _versions[circuit][version];
            if (_stands(found) && !(found.standby && _isHeld(circuit, version))) break;
        }
    }

    /// @inheritdoc IVerifierBook
    function insecure(bytes32 circuit, uint32 version) external view returns (bool) {
        return _find(circuit, version).verifier.insecure();
    }

    /// @inheritdoc IVerifierBook
    function versionCount(bytes32 circuit) public view returns (uint32) {
        return _counts[circuit];
    }

    function _add(bytes32 circuit, IGroth16Verifier verifier, bool standby) private returns (uint32 version) {
        _check(circuit, verifier);
        version = ++_counts[circuit];
        // A verifier of any circuit speaks for every subject's drawdown chain, so the first of a new circuit waits as well.
        bool atOnce = version == 1 && block.timestamp < setUpUntil;
        uint40 liveAt = uint40(block.timestamp) + (atOnce ? 0 : delay);
        bytes32 codeHash = address(verifier).codehash;
        _versions[circuit][version] = Version(verifier, liveAt, 0, standby, codeHash);
        emit VerifierAdded(circuit, version, address(verifier), codeHash, liveAt, verifier.insecure(), standby);
    }

    /// @dev Whether a standby version has to wait: for any version that is none, and for a standby version before it.
    function _isHeld(bytes32 circuit, uint32 version) private view returns (bool) {
        uint32 count = _counts[circuit];
        for (uint32 other = 1; other <= count; ++other) {
            Version storage found = _versions[circuit][other];
            bool goesFirst = !found.standby || other < version;
            if (goesFirst && _stands(found)) return true;
        }
        return false;
    }

    function _stands(Version storage found) private view returns (bool) {
        return found.retiredAt == 0 && block.timestamp >= found.liveAt;
    }

    /// @dev Without a look at the count: no version is without a verifier.
    function _find(bytes32 circuit, uint32 version) private view returns (Version storage found) {
        found = _versions[circuit][version];
        require(address(found.verifier) != address(0), UnknownVersion(circuit, version));
    }

    function _check(bytes32 circuit, IGroth16Verifier verifier) private view {
        require(address(verifier).code.length != 0, NoCode(address(verifier)));
        bytes32 received = verifier.circuit();
        require(received == circuit, WrongCircuit(address(verifier), circuit, received));
        require(!verifier.insecure() || TestChains.has(block.chainid), InsecureVerifier(address(verifier), block.chainid));
        require(!_lacksContribution(verifier), KeyWithoutContribution(address(verifier)));
        require(!_acceptsEmptyProof(verifier), AcceptsAnything(address(verifier)));
    }

    /// @dev By x alone: delta = -gamma is as bad as delta = gamma.
    function _lacksContribution(IGroth16Verifier verifier) private view returns (bool) {
        uint256[4] memory gamma = verifier.gammaG2();
        uint256[4] memory delta = verifier.deltaG2();
        return gamma[0] == delta[0] && gamma[1] == delta[1];
    }

    function _acceptsEmptyProof(IGroth16Verifier verifier) private view returns (bool) {
        uint256[8] memory proof;
        uint256[3] memory inputs;
        return verifier.verify(proof, inputs);
    }
}
