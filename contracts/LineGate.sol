// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HealthGate} from "./HealthGate.sol";
import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";

/// @title LineGate: a gate by itself, for contracts whose gate may be replaced or that come before their policy
contract LineGate is HealthGate {
    constructor(IHealthRegistry registry_, address subject_, bytes32 policy_) HealthGate(registry_, subject_, policy_) {}
}
