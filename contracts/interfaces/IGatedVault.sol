// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IHealthGate} from "./IHealthGate.sol";

/// @title An ERC-4626 vault that takes deposits only while its manager's portfolio is attested healthy
/// @notice Without a live attestation `maxDeposit` and `maxMint` are 0 and `deposit` and `mint` revert with
///         `NotHealthy`. Health never blocks `withdraw` and `redeem`.
/// @dev Shares have six more decimals than the asset, and six decimals of virtual shares make an inflation attack
///      cost a million times what it takes from the victim.
interface IGatedVault is IERC4626, IHealthGate {
    /// @dev The asset delivered less than it was asked for (a fee on transfer): shares would be under-backed.
    error AssetShortfall(uint256 expected, uint256 received);
}
