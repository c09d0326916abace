// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";

/// @title Measures what a question to the registry costs a contract that asks it first in its transaction
contract GasProbe {
    function isHealthy(IHealthRegistry registry, address subject, bytes32 policyId)
        external
        view
        returns (uint256 gas, bool healthy)
    {
        gas = gasleft();
        healthy = registry.isHealthy(subject, policyId);
        gas -= gasleft();
    }

    function isHealthyWithin(IHealthRegistry registry, address subject, bytes32 policyId, uint32 maxStaleness)
        external
        view
        returns (uint256 gas, bool healthy)
    {
        gas = gasleft();
        healthy = registry.isHealthyWithin(subject, policyId, maxStaleness);
        gas -= gasleft();
    }
}
