// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ERC-7575: a vault that says which token its shares are. With ERC-4626's functions its ERC-165 id is 0x2f0a18c5
interface IERC7575 {
    /// @notice The token of the vault's shares.
    function share() external view returns (address shareTokenAddress);
}
