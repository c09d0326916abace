// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthGate} from "./interfaces/IHealthGate.sol";
import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";
import {IPolicyBook} from "./interfaces/IPolicyBook.sol";

/// @title HealthGate: a mixin that opens functions only while a subject is attested healthy
abstract contract HealthGate is IHealthGate {
    /// @inheritdoc IHealthGate
    IHealthRegistry public immutable registry;
    /// @inheritdoc IHealthGate
    address public immutable subject;
    /// @inheritdoc IHealthGate
    bytes32 public immutable policyId;

    modifier whenHealthy() {
        require(isHealthy(), NotHealthy(subject, policyId));
        _;
    }

    /// @dev A mistyped policy would close the gate for ever, so it must be known to the registry's book.
    constructor(IHealthRegistry registry_, address subject_, bytes32 policyId_) {
        require(registry_.policyBook().exists(policyId_), IPolicyBook.UnknownPolicy(policyId_));
        registry = registry_;
        subject = subject_;
        policyId = policyId_;
    }

    /// @inheritdoc IHealthGate
    function isHealthy() public view returns (bool) {
        return registry.isHealthy(subject, policyId);
    }
}
