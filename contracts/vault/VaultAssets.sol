// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IStrategyVault} from "../interfaces/IStrategyVault.sol";
import {Traces} from "../lib/Traces.sol";
import {VaultPowers} from "./VaultPowers.sol";
import {VaultShares} from "./VaultShares.sol";

/// @title VaultAssets: whose the assets in the vault are, and which of them counted at a time
/// @dev balance >= idle + waiting + reserved. Idle assets are the holders'. They are `_base`, which only settlements and payments of
///      a wind-down change, and what came from custody or as a gift less what went to custody, which is remembered by time. What is
///      in the balance beyond that sum came by plain transfer, and counts from `collect` on.
abstract contract VaultAssets is VaultPowers, VaultShares, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeCast for int256;
    using SafeERC20 for IERC20;
    using Traces for Traces.Point[];

    IERC20 internal _asset;

    /// @dev One slot with the next three, which the decimals fill before the first settlement does.
    int104 private _base;
    uint104 internal _reserved;
    uint8 internal _assetDecimals;
    /// @inheritdoc IStrategyVault
    bool public isWindingDown;
    /// @dev By time: left what came, right what went.
    Traces.Point[] private _flows;

    /// @dev Shares when the wind-down began, and what was paid to those who left.
    uint256 private _windDownShares;
    uint256 private _paidOut;
    mapping(address holder => uint256) private _givenUp;
    mapping(address holder => uint256) private _paidTo;

    /// @inheritdoc IStrategyVault
    function allocate(address custody, uint256 assets) external nonReentrant onlyManager {
        require(!isWindingDown, WindingDown());
        require(isHealthy(), NoProvenValue());
        _checkCustody(custody);
        uint256 kept = _keptBack();
        uint256 free = idle();
        free = free > kept ? free - kept : 0;
        require(assets <= free, MoreThanIdle(assets, free));
        Traces.Point memory sums = _flows.last();
        _flows.push(block.timestamp, sums.left, sums.right + assets);
        emit Allocated(custody, assets);
        _asset.safeTransfer(custody, assets);
    }

    /// @inheritdoc IStrategyVault
    function returnAssets(uint256 assets) external nonReentrant {
        _takeIn(msg.sender, assets);
        _come(msg.sender, assets);
    }

    /// @inheritdoc IStrategyVault
    function collect() external nonReentrant returns (uint256 assets) {
        assets = _asset.balanceOf(address(this)) - idle() - _reserved - _waitingAssets();
        _come(address(0), assets);
    }

    /// @inheritdoc IStrategyVault
    function surrender(uint256 shares, address receiver) external nonReentrant returns (uint256 assets) {
        require(isWindingDown, NotWindingDown());
        _transfer(msg.sender, address(this), shares);
        uint256 givenUp = _givenUp[msg.sender] + shares;
        _givenUp[msg.sender] = givenUp;
        assets = Math.mulDiv(givenUp, idle() + _paidOut, _windDownShares) - _paidTo[msg.sender];
        _paidTo[msg.sender] += assets;
        _paidOut += assets;
        _changeBase(0, assets, 0);
        emit Surrendered(msg.sender, receiver, shares, assets);
        _asset.safeTransfer(receiver, assets);
    }

    /// @inheritdoc IStrategyVault
    function idle() public view returns (uint256) {
        Traces.Point memory sums = _flows.last();
        return (int256(_base) + int256(uint256(sums.left)) - int256(uint256(sums.right))).toUint256();
    }

    function _setUpAssets(Setup memory setup) internal {
        _assetDecimals = IERC20Metadata(address(setup.asset)).decimals();
        _asset = setup.asset;
    }

    /// @dev Takes assets that may be delivered short.
    function _takeIn(address from, uint256 assets) internal {
        require(assets != 0, NothingAsked());
        uint256 before = _asset.balanceOf(address(this));
        _asset.safeTransferFrom(from, address(this), assets);
        uint256 received = _asset.balanceOf(address(this)) - before;
        require(received >= assets, AssetShortfall(assets, received));
    }

    /// @dev Moves assets between what waits, is reserved or is paid out, and what is idle.
    function _changeBase(uint256 more, uint256 less, uint256 reserved) internal {
        _base = (int256(_base) + more.toInt256() - less.toInt256()).toInt104();
        _reserved += reserved.toUint104();
    }

    function _startWindDown() internal {
        isWindingDown = true;
        _windDownShares = totalSupply();
        emit WindDownStarted(_windDownShares, idle());
    }

    /// @dev Idle assets at a time after the last settlement. What was on its way then, by `transit`, is in `high` only: it may be in
    ///      custody's proof as well, or in neither.
    function _idleAt(uint256 time) internal view returns (uint256 low, uint256 high) {
        Traces.Point memory then = _flows.upTo(time);
        Traces.Point memory arrived = _terms.transit == 0 ? then : _flows.upTo(time - _terms.transit);
        int256 base = int256(_base) + (isWindingDown ? _paidOut.toInt256() : int256(0));
        low = _atLeastZero(base + int256(uint256(arrived.left)) - int256(uint256(then.right)));
        high = _atLeastZero(base + int256(uint256(then.left)) - int256(uint256(arrived.right)));
    }

    /// @dev Assets of deposit requests that are not settled.
    function _waitingAssets() internal view virtual returns (uint256);

    /// @dev What redemptions that wait are worth by the last price.
    function _keptBack() internal view virtual returns (uint256);

    function _come(address from, uint256 assets) private {
        require(assets != 0, NothingReturned());
        Traces.Point memory sums = _flows.last();
        _flows.push(block.timestamp, sums.left + assets, sums.right);
        emit Returned(from, assets);
    }

    function _atLeastZero(int256 value) private pure returns (uint256) {
        return value > 0 ? uint256(value) : 0;
    }
}
