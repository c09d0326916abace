// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IERC7540Deposit} from "../interfaces/IERC7540Deposit.sol";
import {IERC7540Operator} from "../interfaces/IERC7540Operator.sol";
import {IERC7540Redeem} from "../interfaces/IERC7540Redeem.sol";
import {IERC7575} from "../interfaces/IERC7575.sol";
import {Epochs} from "../lib/Epochs.sol";
import {Requests} from "../lib/Requests.sol";
import {VaultSettlement} from "./VaultSettlement.sol";
import {VaultShares} from "./VaultShares.sol";

/// @title VaultClaims: what was settled is claimed by ERC-4626's functions, as ERC-7540 has it, request by request
abstract contract VaultClaims is VaultSettlement, IERC4626, IERC165 {
    using Epochs for Epochs.Book;
    using Requests for Requests.Side;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev ERC-7575: ERC-4626's functions and `share`.
    bytes4 private constant ERC7575_ID = 0x2f0a18c5;

    /// @inheritdoc IERC4626
    function deposit(uint256 assets, address receiver) external returns (uint256 shares) {
        return deposit(assets, receiver, msg.sender);
    }

    /// @inheritdoc IERC4626
    function mint(uint256 shares, address receiver) external returns (uint256 assets) {
        return mint(shares, receiver, msg.sender);
    }

    /// @inheritdoc IERC4626
    function withdraw(uint256 assets, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 shares)
    {
        _checkCaller(controller);
        shares = _redemptions.claimExactly(_book, controller, assets);
        _payOut(controller, receiver, assets, shares);
    }

    /// @inheritdoc IERC4626
    function redeem(uint256 shares, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 assets)
    {
        _checkCaller(controller);
        assets = _redemptions.claim(_book, controller, shares);
        _payOut(controller, receiver, assets, shares);
    }

    /// @inheritdoc IERC4626
    function asset() external view returns (address) {
        return address(_asset);
    }

    /// @inheritdoc IERC7575
    function share() external view returns (address) {
        return address(this);
    }

    /// @inheritdoc IERC4626
    /// @dev All shares by the last settled price; what is not settled since does not show.
    function totalAssets() external view returns (uint256) {
        return convertToAssets(totalSupply());
    }

    /// @inheritdoc IERC4626
    function convertToShares(uint256 assets) external view returns (uint256) {
        Epochs.Epoch storage last = _book.last();
        return last.low == 0 ? 0 : Math.mulDiv(assets, last.shares, last.low);
    }

    /// @inheritdoc IERC4626
    function maxDeposit(address controller) external view returns (uint256 assets) {
        (assets,) = _deposits.totalOf(_book, controller);
    }

    /// @inheritdoc IERC4626
    function maxMint(address controller) external view returns (uint256 shares) {
        (, shares) = _deposits.totalOf(_book, controller);
    }

    /// @inheritdoc IERC4626
    function maxWithdraw(address controller) external view returns (uint256 assets) {
        (, assets) = _redemptions.totalOf(_book, controller);
    }

    /// @inheritdoc IERC4626
    function maxRedeem(address controller) external view returns (uint256 shares) {
        (shares,) = _redemptions.totalOf(_book, controller);
    }

    /// @inheritdoc IERC4626
    function previewDeposit(uint256) external pure returns (uint256) {
        revert AsyncOnly();
    }

    /// @inheritdoc IERC4626
    function previewMint(uint256) external pure returns (uint256) {
        revert AsyncOnly();
    }

    /// @inheritdoc IERC4626
    function previewWithdraw(uint256) external pure returns (uint256) {
        revert AsyncOnly();
    }

    /// @inheritdoc IERC4626
    function previewRedeem(uint256) external pure returns (uint256) {
        revert AsyncOnly();
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC165).interfaceId || id == type(IERC7540Operator).interfaceId
            || id == type(IERC7540Deposit).interfaceId || id == type(IERC7540Redeem).interfaceId || id == ERC7575_ID;
    }

    /// @inheritdoc IERC7540Deposit
    function deposit(uint256 assets, address receiver, address controller)
        public
        nonReentrant
        returns (uint256 shares)
    {
        _checkCaller(controller);
        shares = _deposits.claim(_book, controller, assets);
        _handOut(controller, receiver, assets, shares);
    }

    /// @inheritdoc IERC7540Deposit
    function mint(uint256 shares, address receiver, address controller)
        public
        nonReentrant
        returns (uint256 assets)
    {
        _checkCaller(controller);
        assets = _deposits.claimExactly(_book, controller, shares);
        _handOut(controller, receiver, assets, shares);
    }

    /// @inheritdoc IERC4626
    function convertToAssets(uint256 shares) public view returns (uint256) {
        Epochs.Epoch storage last = _book.last();
        return Math.mulDiv(shares, last.low, last.shares);
    }

    /// @inheritdoc VaultShares
    function name() public view override(VaultShares, IERC20Metadata) returns (string memory) {
        return super.name();
    }

    /// @inheritdoc VaultShares
    function symbol() public view override(VaultShares, IERC20Metadata) returns (string memory) {
        return super.symbol();
    }

    /// @inheritdoc VaultShares
    function decimals() public pure override(VaultShares, IERC20Metadata) returns (uint8) {
        return super.decimals();
    }

    function _setUp(Setup memory setup) internal {
        _nameShares(setup.name, setup.symbol);
        _setUpPowers(setup);
        _setUpAssets(setup);
        _setUpSettlement(setup);
    }

    function _handOut(address controller, address receiver, uint256 assets, uint256 shares) private {
        emit Deposit(controller, receiver, assets, shares);
        _transfer(address(this), receiver, shares);
    }

    function _payOut(address controller, address receiver, uint256 assets, uint256 shares) private {
        _reserved -= assets.toUint104();
        emit Withdraw(msg.sender, receiver, controller, assets, shares);
        _asset.safeTransfer(receiver, assets);
    }
}
