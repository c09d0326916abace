// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {CloneVault} from "./CloneVault.sol";
import {IStrategyVault} from "./interfaces/IStrategyVault.sol";
import {VaultSetup} from "./lib/VaultSetup.sol";

/// @title VaultFactory: strategy vaults at addresses that are known before, so that a policy can name one as its source of units
contract VaultFactory {
    /// @notice The code that all vaults of this factory run.
    address public immutable implementation = address(new CloneVault());

    event VaultMade(address indexed vault, address indexed maker, bytes32 salt);

    /// @notice Makes a vault and sets it up.
    function make(IStrategyVault.Setup calldata setup, bytes32 salt) external returns (address vault) {
        VaultSetup.check(setup);
        vault = Clones.cloneDeterministic(implementation, _saltOf(msg.sender, salt));
        CloneVault(vault).initialize(setup);
        emit VaultMade(vault, msg.sender, salt);
    }

    /// @notice Where `maker` makes a vault with this salt.
    function addressOf(address maker, bytes32 salt) external view returns (address) {
        return Clones.predictDeterministicAddress(implementation, _saltOf(maker, salt));
    }

    function _saltOf(address maker, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(maker, salt));
    }
}
