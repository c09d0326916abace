// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ERC-7540: deposits that are requested and claimed. ERC-165 id 0xce3bbe50
interface IERC7540Deposit {
    event DepositRequest(
        address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 assets
    );

    /// @notice Takes `assets` of `owner` for a request that `controller` claims.
    function requestDeposit(uint256 assets, address controller, address owner) external returns (uint256 requestId);

    /// @notice Assets of a request that still waits.
    function pendingDepositRequest(uint256 requestId, address controller) external view returns (uint256 assets);

    /// @notice Assets of a request whose shares can be claimed.
    function claimableDepositRequest(uint256 requestId, address controller) external view returns (uint256 assets);

    /// @notice Claims the shares for `assets` of the controller's requests.
    function deposit(uint256 assets, address receiver, address controller) external returns (uint256 shares);

    /// @notice Claims so many shares of the controller's requests.
    function mint(uint256 shares, address receiver, address controller) external returns (uint256 assets);
}
