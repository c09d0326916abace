// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HealthGate} from "@keel/contracts/HealthGate.sol";
import {IHealthRegistry} from "@keel/contracts/interfaces/IHealthRegistry.sol";

contract Vault is HealthGate {
    uint256 public taken;

    constructor(IHealthRegistry registry, address subject, bytes32 policy) HealthGate(registry, subject, policy) {}

    function take() external whenHealthy {
        ++taken;
    }
}
