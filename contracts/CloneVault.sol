// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {VaultClaims} from "./vault/VaultClaims.sol";

/// @title CloneVault: the code of strategy vaults that are minimal proxies of it
/// @dev `VaultFactory`, which makes it, checks a clone's set-up and is the only one to initialise it.
contract CloneVault is VaultClaims {
    /// @notice Who makes the clones.
    address public immutable factory = msg.sender;

    constructor() ERC20("", "") {}

    /// @notice Sets a clone up, once. The factory.
    function initialize(Setup memory setup) external {
        require(msg.sender == factory && owner == address(0), NotOwner(msg.sender));
        _setUp(setup);
    }
}
