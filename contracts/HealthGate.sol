// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthGate} from "./interfaces/IHealthGate.sol";
import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";
import {IPolicyBook} from "./interfaces/IPolicyBook.sol";

/// @title HealthGate: a mixin that opens functions only while a subject is attested healthy
/// @dev `whenHealthy` is for what takes risk on, `whenUnwindOnly` for what everybody may do to take risk off once
///      health has lapsed. What the owner of an asset may always do (withdraw) carries neither.
abstract contract HealthGate is IHealthGate {
    /// @inheritdoc IHealthGate
    IHealthRegistry public immutable registry;
    /// @inheritdoc IHealthGate
    address public immutable subject;
    /// @inheritdoc IHealthGate
    bytes32 public immutable policy;

    IPolicyBook private immutable _book;
    bool private immutable _followsLine;

    modifier whenHealthy() {
        _checkHealth();
        _;
    }

    modifier whenUnwindOnly() {
        if (isHealthy()) revert StillHealthy(subject, policyId());
        _;
    }

    /// @dev A mistyped policy would close the gate for ever, so it must be known to the registry's book.
    constructor(IHealthRegistry registry_, address subject_, bytes32 policy_) {
        IPolicyBook book = registry_.policyBook();
        bool followsLine = book.isLine(policy_);
        require(followsLine || book.exists(policy_), IPolicyBook.UnknownPolicy(policy_));
        (registry, subject, policy, _book, _followsLine) = (registry_, subject_, policy_, book, followsLine);
    }

    /// @inheritdoc IHealthGate
    function policyId() public view returns (bytes32) {
        return _followsLine ? _book.currentOf(policy) : policy;
    }

    /// @inheritdoc IHealthGate
    function isHealthy() public view returns (bool) {
        return _isHealthyUnder(policyId()) || (_followsLine && _isInGrace());
    }

    /// @inheritdoc IHealthGate
    /// @dev A gate that wants fresher snapshots than the policy's validity overrides it.
    function maxStaleness() public view virtual returns (uint32) {
        return type(uint32).max;
    }

    /// @inheritdoc IHealthGate
    function unwindOnly() public view returns (bool) {
        return !isHealthy();
    }

    /// @dev Not a `require`, whose error is made in any case: that would ask the book for the policy in vain, and stop exits
    ///      when it does not answer.
    function _checkHealth() internal view {
        if (!isHealthy()) revert NotHealthy(subject, policyId());
    }

    /// @dev Whether the subject was healthy when the line was tightened, by a snapshot from before, and that still lasts.
    function _isInGrace() private view returns (bool) {
        IPolicyBook.Kept[] memory left = _book.graceOf(policy);
        for (uint256 i = 0; i < left.length; ++i) {
            if (!_isHealthyUnder(left[i].policyId)) continue;
            IHealthRegistry.Record memory record = registry.recordOf(subject, left[i].policyId);
            if (record.since < left[i].leftAt && record.asOf < left[i].leftAt) return true;
        }
        return false;
    }

    function _isHealthyUnder(bytes32 id) private view returns (bool) {
        uint32 limit = maxStaleness();
        if (limit == type(uint32).max) return registry.isHealthy(subject, id);
        return registry.isHealthyWithin(subject, id, limit);
    }
}
