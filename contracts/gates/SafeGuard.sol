// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HealthGate} from "../HealthGate.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";

/// @title SafeGuard: owners of a Safe (1.5) act while its portfolio is attested healthy, and unwind at all times
/// @notice While health has lapsed: calls of a fixed list, and `announceRemoval`, after whose delay the Safe can change itself.
///         Modules are guarded by `SafeModuleGuard`.
contract SafeGuard is HealthGate {
    uint40 public constant REMOVAL_DELAY = 7 days;

    address public immutable safe;
    mapping(address to => mapping(bytes4 selector => bool)) public unwinds;
    /// @notice From when on the Safe may call itself though health has lapsed; 0: not announced.
    uint40 public removableAt;

    event RemovalAnnounced(uint40 removableAt);
    error NotSafe(address caller);

    constructor(
        address safe_,
        address[] memory targets,
        bytes4[] memory selectors,
        IHealthRegistry registry_,
        address subject_,
        bytes32 policy_
    ) HealthGate(registry_, subject_, policy_) {
        safe = safe_;
        for (uint256 i = 0; i < targets.length; ++i) unwinds[targets[i]][selectors[i]] = true;
    }

    function announceRemoval() external {
        require(msg.sender == safe, NotSafe(msg.sender));
        removableAt = uint40(block.timestamp) + REMOVAL_DELAY;
        emit RemovalAnnounced(removableAt);
    }

    function checkAfterExecution(bytes32, bool) external {}

    /// @notice Asked by the Safe before its owners' transaction. Gas is not refunded while unwinding: it would be a payment. Unwinding
    ///         does not ask the registry.
    function checkTransaction(
        address to, uint256 value, bytes memory data, uint8 operation, uint256, uint256, uint256 gasPrice,
        address, address payable, bytes memory, address
    ) external view {
        bool isBare = operation == 0 && value == 0 && gasPrice == 0 && data.length >= 4;
        if (!isBare || !_mayUnwind(to, bytes4(data))) _checkHealth();
    }

    /// @notice ERC-165, and Safe's ITransactionGuard.
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0xe6d7a83a || id == 0x01ffc9a7;
    }

    function _mayUnwind(address to, bytes4 selector) private view returns (bool) {
        if (to == safe) return removableAt != 0 && block.timestamp >= removableAt;
        if (to == address(this)) return selector == this.announceRemoval.selector;
        return unwinds[to][selector];
    }
}
