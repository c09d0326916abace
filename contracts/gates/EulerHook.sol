// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HealthGate} from "../HealthGate.sol";
import {IEulerFactory} from "../interfaces/IEulerFactory.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";

/// @title EulerHook: an Euler vault takes deposits and lends while a portfolio is attested healthy
/// @notice A hook target. Hook deposit, mint, skim (a deposit of what was sent before) and borrow to it, and no other operation: whoever
///         repays, withdraws or liquidates takes risk off. What is hooked by mistake beside those four passes.
contract EulerHook is HealthGate {
    bytes4 private constant DEPOSIT = bytes4(keccak256("deposit(uint256,address)"));
    bytes4 private constant MINT = bytes4(keccak256("mint(uint256,address)"));
    bytes4 private constant SKIM = bytes4(keccak256("skim(uint256,address)"));
    bytes4 private constant BORROW = bytes4(keccak256("borrow(uint256,address)"));

    IEulerFactory public immutable factory;

    constructor(IEulerFactory factory_, IHealthRegistry registry_, address subject_, bytes32 policy_)
        HealthGate(registry_, subject_, policy_)
    {
        factory = factory_;
    }

    /// @dev A vault calls it with its operation's calldata and the caller's address behind it.
    // solhint-disable-next-line no-complex-fallback
    fallback() external {
        bytes4 operation = msg.sig;
        if (operation == DEPOSIT || operation == MINT || operation == SKIM || operation == BORROW) _checkHealth();
    }

    /// @notice Its own selector, to vaults of the factory.
    function isHookTarget() external view returns (bytes4) {
        return factory.isProxy(msg.sender) ? this.isHookTarget.selector : bytes4(0);
    }
}
