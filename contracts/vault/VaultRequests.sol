// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IERC7540Deposit} from "../interfaces/IERC7540Deposit.sol";
import {IERC7540Operator} from "../interfaces/IERC7540Operator.sol";
import {IERC7540Redeem} from "../interfaces/IERC7540Redeem.sol";
import {IStrategyVault} from "../interfaces/IStrategyVault.sol";
import {Epochs} from "../lib/Epochs.sol";
import {Requests} from "../lib/Requests.sol";
import {Traces} from "../lib/Traces.sol";
import {VaultAssets} from "./VaultAssets.sol";

/// @title VaultRequests: who asks for what, and takes it back
abstract contract VaultRequests is VaultAssets {
    using Epochs for Epochs.Book;
    using Requests for Requests.Side;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;
    using Traces for Traces.Point[];

    /// @inheritdoc IERC7540Operator
    mapping(address controller => mapping(address operator => bool)) public isOperator;

    Requests.Side internal _deposits;
    Requests.Side internal _redemptions;
    /// @dev By period: left all assets that were asked to be deposited, right all shares that were asked to be redeemed, without
    ///      those that were taken back.
    Traces.Point[] internal _asked;
    Epochs.Book internal _book;

    /// @inheritdoc IERC7540Operator
    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    /// @inheritdoc IERC7540Deposit
    function requestDeposit(uint256 assets, address controller, address owner_)
        external
        nonReentrant
        returns (uint256 id)
    {
        require(!isWindingDown && !depositsPaused && isHealthy(), DepositsClosed());
        _checkCaller(owner_);
        _onDepositRequest(controller, owner_, assets);
        id = _ask(controller, owner_, assets, 0);
        _deposits.add(id, controller, assets);
        emit DepositRequest(controller, owner_, id, msg.sender, assets);
        _takeIn(owner_, assets);
    }

    /// @inheritdoc IERC7540Redeem
    function requestRedeem(uint256 shares, address controller, address owner_)
        external
        nonReentrant
        returns (uint256 id)
    {
        require(!isWindingDown, WindingDown());
        require(shares != 0, NothingAsked());
        if (msg.sender != owner_ && !isOperator[owner_][msg.sender]) _spendAllowance(owner_, msg.sender, shares);
        id = _ask(controller, owner_, 0, shares);
        _redemptions.add(id, controller, shares);
        _transfer(owner_, address(this), shares);
        emit RedeemRequest(controller, owner_, id, msg.sender, shares);
    }

    /// @inheritdoc IStrategyVault
    function cancelDeposit(uint256 id, address controller, address receiver)
        external
        nonReentrant
        returns (uint256 assets)
    {
        _checkCancel(id, controller);
        assets = _deposits.remove(_book, id, controller);
        _unask(assets, 0);
        emit DepositRequestCancelled(controller, id, receiver, assets);
        _asset.safeTransfer(receiver, assets);
    }

    /// @inheritdoc IStrategyVault
    function cancelRedeem(uint256 id, address controller, address receiver)
        external
        nonReentrant
        returns (uint256 shares)
    {
        _checkCancel(id, controller);
        shares = _redemptions.remove(_book, id, controller);
        _unask(0, shares);
        emit RedeemRequestCancelled(controller, id, receiver, shares);
        _transfer(address(this), receiver, shares);
    }

    /// @inheritdoc IERC7540Deposit
    function pendingDepositRequest(uint256 id, address controller) external view returns (uint256) {
        return _deposits.pendingOf(_book, id, controller);
    }

    /// @inheritdoc IERC7540Deposit
    function claimableDepositRequest(uint256 id, address controller) external view returns (uint256) {
        return _deposits.claimableOf(_book, id, controller);
    }

    /// @inheritdoc IERC7540Redeem
    function pendingRedeemRequest(uint256 id, address controller) external view returns (uint256) {
        return _redemptions.pendingOf(_book, id, controller);
    }

    /// @inheritdoc IERC7540Redeem
    function claimableRedeemRequest(uint256 id, address controller) external view returns (uint256) {
        return _redemptions.claimableOf(_book, id, controller);
    }

    /// @inheritdoc IStrategyVault
    function currentPeriod() public view returns (uint256) {
        return block.timestamp / _terms.dealingPeriod;
    }

    /// @dev A vault that lets only some deposit, or so much, reverts here.
    function _onDepositRequest(address controller, address owner_, uint256 assets) internal virtual {}

    /// @dev Whether there is a proven value that requests can be settled by now.
    function _canSettle() internal view virtual returns (bool);

    /// @dev Whether anything waits that is not settled.
    function _isWaiting() internal view returns (bool) {
        return _waitingAssets() != 0 || _waitingShares() != 0;
    }

    /// @dev When the running period ends.
    function _periodEnd() internal view returns (uint40) {
        return uint40((currentPeriod() + 1) * _terms.dealingPeriod);
    }

    function _waitingAssets() internal view override returns (uint256) {
        return _asked.last().left - _asked.upTo(_book.last().depositsThrough).left;
    }

    function _waitingShares() internal view returns (uint256) {
        return _asked.last().right - _asked.upTo(_book.last().redeemedThrough).right;
    }

    function _checkCaller(address controller) internal view {
        bool may = msg.sender == controller || isOperator[controller][msg.sender];
        require(may, NotAuthorized(msg.sender, controller));
    }

    /// @dev Nobody fills another one's list of requests.
    function _ask(address controller, address owner_, uint256 assets, uint256 shares) private returns (uint256 id) {
        if (controller != owner_) _checkCaller(controller);
        id = currentPeriod();
        Traces.Point memory asked = _asked.last();
        _asked.push(id, asked.left + assets, asked.right + shares);
        if (_book.clock.waitingSince == 0) _book.clock.waitingSince = _periodEnd();
    }

    function _unask(uint256 assets, uint256 shares) private {
        Traces.Point memory asked = _asked.last();
        _asked.push(currentPeriod(), asked.left - assets, asked.right - shares);
        if (!_isWaiting()) _book.clock.waitingSince = 0;
    }

    /// @dev Who takes back after the period's end did not know the price either: no snapshot from before counts any more.
    function _checkCancel(uint256 id, address controller) private {
        _checkCaller(controller);
        if (isWindingDown || id == currentPeriod()) return;
        require(!isHealthy() && !_canSettle(), TooLateToCancel(id, currentPeriod()));
        _book.clock.notBefore = _periodEnd();
    }
}
