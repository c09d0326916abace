// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What `gates/ValuationManager.sol` calls at a Lagoon vault
interface ILagoonVault {
    /// @notice Proposes what all assets are worth; the valuation manager may.
    function updateNewTotalAssets(uint256 newTotalAssets) external;

    /// @notice All shares, which settlements change.
    function totalSupply() external view returns (uint256);

    /// @notice Of its shares.
    function decimals() external view returns (uint8);
}
