// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPolicyBook} from "./interfaces/IPolicyBook.sol";
import {Bn254} from "./lib/Bn254.sol";

/// @title PolicyBook: risk policies, addressed by their content
contract PolicyBook is IPolicyBook {
    mapping(bytes32 policyId => Policy) private _policies;

    /// @inheritdoc IPolicyBook
    function publish(Policy calldata policy) external returns (bytes32 policyId) {
        policyId = keccak256(abi.encode(policy));
        if (exists(policyId)) return policyId;
        _check(policy);
        _policies[policyId] = policy;
        emit PolicyPublished(policyId, policy);
    }

    /// @inheritdoc IPolicyBook
    function policyOf(bytes32 policyId) external view returns (Policy memory) {
        require(exists(policyId), UnknownPolicy(policyId));
        return _policies[policyId];
    }

    /// @inheritdoc IPolicyBook
    function exists(bytes32 policyId) public view returns (bool) {
        return _policies[policyId].circuit != 0;
    }

    function _check(Policy calldata policy) private pure {
        require(policy.circuit != 0, NoCircuit());
        Bn254.checkRoot(policy.scenarioRoot);
        Bn254.checkRoot(policy.sourcesRoot);
        require(policy.netDeltaLo <= policy.netDeltaHi, EmptyDeltaBand(policy.netDeltaLo, policy.netDeltaHi));
        require(policy.validity != 0, ZeroValidity());
    }
}
