// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {VaultSetup} from "./lib/VaultSetup.sol";
import {VaultClaims} from "./vault/VaultClaims.sol";

/// @title StrategyVault: ERC-7540, priced by proofs
/// @notice See `IStrategyVault`. `CloneVault` is the same for clones.
contract StrategyVault is VaultClaims {
    constructor(Setup memory setup) ERC20("", "") {
        VaultSetup.check(setup);
        _setUp(setup);
    }
}
