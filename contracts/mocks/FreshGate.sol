// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HealthGate} from "../HealthGate.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";

/// @title A gate that wants fresher snapshots than its policy's validity
contract FreshGate is HealthGate {
    uint32 private immutable _maxStaleness;

    constructor(IHealthRegistry registry_, address subject_, bytes32 policy_, uint32 maxStaleness_)
        HealthGate(registry_, subject_, policy_)
    {
        _maxStaleness = maxStaleness_;
    }

    function maxStaleness() public view override returns (uint32) {
        return _maxStaleness;
    }
}
