// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HealthGate} from "../HealthGate.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";

/// @title SafeModuleGuard: modules of a Safe (1.5) act while its portfolio is attested healthy, and unwind at all times
/// @notice The owners' own transactions are not guarded. A module cannot reach the Safe itself, nor use a delegate call, which would
///         take the guard away.
contract SafeModuleGuard is HealthGate {
    address public immutable safe;
    /// @notice Calls that take risk off, by target and selector.
    mapping(address to => mapping(bytes4 selector => bool)) public unwinds;

    event UnwindSet(address indexed to, bytes4 indexed selector, bool allowed);

    error NotSafe(address caller);
    error Refused(address to, uint8 operation);

    constructor(address safe_, IHealthRegistry registry_, address subject_, bytes32 policy_)
        HealthGate(registry_, subject_, policy_)
    {
        safe = safe_;
    }

    /// @notice Puts a call on the list or takes it off. The Safe, by its owners.
    function setUnwind(address to, bytes4 selector, bool allowed) external {
        require(msg.sender == safe, NotSafe(msg.sender));
        unwinds[to][selector] = allowed;
        emit UnwindSet(to, selector, allowed);
    }

    function checkAfterModuleExecution(bytes32, bool) external {}

    /// @notice Asked by the Safe before a module's transaction.
    function checkModuleTransaction(address to, uint256 value, bytes calldata data, uint8 operation, address)
        external
        view
        returns (bytes32)
    {
        require(operation == 0 && to != safe && to != address(this), Refused(to, operation));
        bool isUnwind = value == 0 && data.length >= 4 && unwinds[to][bytes4(data)];
        if (!isUnwind) _checkHealth();
        return 0;
    }

    /// @notice ERC-165, and Safe's IModuleGuard.
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x58401ed8 || id == 0x01ffc9a7;
    }
}
