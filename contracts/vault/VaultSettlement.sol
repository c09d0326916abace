// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IHealthGate} from "../interfaces/IHealthGate.sol";
import {INavSource} from "../interfaces/INavSource.sol";
import {IStrategyVault} from "../interfaces/IStrategyVault.sol";
import {AssetPrice} from "../lib/AssetPrice.sol";
import {Epochs} from "../lib/Epochs.sol";
import {Traces} from "../lib/Traces.sol";
import {VaultSetup} from "../lib/VaultSetup.sol";
import {VaultRequests} from "./VaultRequests.sol";

/// @title VaultSettlement: one price for all who asked, from a proof
abstract contract VaultSettlement is VaultRequests {
    using Epochs for Epochs.Book;
    using SafeCast for uint256;
    using Traces for Traces.Point[];

    uint256 private constant BPS = 10_000;
    uint256 private constant YEAR = 365 days;
    /// @dev A whole asset's base units for a share's smallest part, in the highest price.
    uint256 private constant PRICE_DECIMALS = 28;
    /// @dev A hundredth of all assets may be on its way at a snapshot that prices shares.
    uint256 private constant ON_ITS_WAY = 100;

    /// @dev Assets that redemptions were due when they could not be paid.
    uint256 private _unpaid;

    /// @inheritdoc IStrategyVault
    function settle(uint80 round) external nonReentrant {
        require(!isWindingDown, WindingDown());
        NavRecord memory nav = provenValue();
        (uint256 low, uint256 high) =
            _totalsOf(nav, AssetPrice.priceAt(_terms.assetFeed, round, nav.asOf, _terms.feedStaleness));
        require(low != 0, NoProvenValue());
        require(_isNarrow(low, high), TooMuchOnItsWay(low, high));
        Epochs.Epoch memory epoch = _book.last();
        (epoch.low, epoch.high, epoch.time) = (low.toUint96(), high.toUint96(), uint40(block.timestamp));
        epoch.shares = _takeFees(nav.asOf, low, high);
        emit Settled(nav.asOf, low, high, epoch.shares);
        Epochs.Clock storage clock_ = _book.clock;
        bool wasUnpaid = clock_.isUnpaid;
        bool waits = _fill(nav.asOf / _terms.dealingPeriod - 1, epoch);
        epoch.supply = totalSupply().toUint96();
        _book.write(epoch);
        bool isUnpaid = clock_.isUnpaid;
        if (!wasUnpaid || !isUnpaid) clock_.waitingSince = waits || isUnpaid ? _periodEnd() : 0;
        (clock_.asOf, clock_.count) = (nav.asOf, clock_.count + 1);
        _onSettled(nav);
    }

    /// @inheritdoc IStrategyVault
    function windDown() external nonReentrant {
        require(!isWindingDown, WindingDown());
        Epochs.Clock storage clock_ = _book.clock;
        bool isOverdue = clock_.waitingSince != 0 && block.timestamp > uint256(clock_.waitingSince) + _terms.grace
            && ((clock_.isUnpaid && idle() < _unpaid) || !_canSettle());
        require(isOverdue || block.timestamp > _lastProven() + _terms.grace, NoReasonToWindDown());
        _startWindDown();
    }

    /// @inheritdoc IStrategyVault
    function navOf(address subject, bytes32 policyId) external view returns (NavRecord memory found) {
        IHealthGate current = gate();
        if (address(current) == address(0)) return found;
        if (current.subject() != subject || current.policyId() != policyId) return found;
        NavRecord memory nav = _read(current);
        uint256 price = _latestPrice();
        if (price == 0) return found;
        Epochs.Epoch storage last = _book.last();
        if (nav.asOf <= last.time) {
            // What was settled by it stands, and nothing by a newer one of before the settlement.
            if (nav.asOf != _book.clock.asOf) return found;
            (nav.units, nav.value) = (last.shares, _toValue(last.low, price));
            return nav;
        }
        if (nav.units != totalSupply()) return found;
        (uint256 low, uint256 high) = _totalsOf(nav, price);
        if (!_isNarrow(low, high)) return found;
        (nav.units, nav.value) = (_withFees(nav.asOf, low).toUint96(), _toValue(low, price));
        return nav;
    }

    /// @inheritdoc IStrategyVault
    function canSettle() external view returns (bool) {
        NavRecord memory nav = provenValue();
        uint256 price = _latestPrice();
        if (price == 0) return false;
        (uint256 low, uint256 high) = _totalsOf(nav, price);
        return low != 0 && _isNarrow(low, high);
    }

    /// @inheritdoc IStrategyVault
    function provenValue() public view returns (NavRecord memory nav) {
        IHealthGate current = gate();
        require(address(current) != address(0), NoProvenValue());
        nav = _read(current);
        require(nav.live, NoProvenValue());
        uint256 notBefore = Math.max(uint256(_book.last().time) + 1, _book.clock.notBefore);
        uint256 notAfter = uint256(nav.asOf) + _terms.maxLag;
        bool isFit = nav.asOf >= notBefore && block.timestamp <= notAfter;
        require(isFit, UnfitSnapshot(nav.asOf, notBefore, notAfter));
        uint256 supply = totalSupply();
        require(nav.units == supply, ForeignUnits(supply, nav.units));
    }

    function _setUpSettlement(Setup memory setup) internal {
        // The receiver of fees has the smallest part of a share, so that its first fee costs no more gas than a later one.
        uint256 first = VaultSetup.takesFees(setup.terms) ? 1 : 0;
        if (first != 0) _mint(setup.terms.feeReceiver, first);
        _mint(setup.seedHolder, setup.seedShares - VaultSetup.LOCKED - first);
        _mint(address(this), VaultSetup.LOCKED);
        _redemptions.key = Epochs.Key.Redemptions;
        uint40 time = uint40(block.timestamp);
        _book.write(Epochs.Epoch(0, 0, 0, 0, time, setup.seedShares, setup.seedShares));
        (_book.clock.asOf, _book.clock.count) = (time, 1);
    }

    /// @dev A vault that does more with a settlement does it here.
    function _onSettled(NavRecord memory nav) internal virtual {}

    function _keptBack() internal view override returns (uint256) {
        uint256 shares = _waitingShares();
        if (shares == 0) return 0;
        Epochs.Epoch storage last = _book.last();
        return Math.mulDiv(shares, last.low, last.shares, Math.Rounding.Ceil);
    }

    function _supplyAt(uint256 time) internal view override returns (uint256) {
        return _book.supplyAt(time);
    }

    /// @dev Settles both sides up to `period`, from where the epoch before left them.
    /// @return waits whether anything was asked for after `period`
    function _fill(uint256 period, Epochs.Epoch memory epoch) private returns (bool waits) {
        Traces.Point memory asked = _asked.upTo(period);
        Traces.Point memory then = _asked.upTo(epoch.depositsThrough);
        uint256 assets = asked.left - then.left;
        if (epoch.redeemedThrough != epoch.depositsThrough) then = _asked.upTo(epoch.redeemedThrough);
        uint256 redeemed = asked.right - then.right;
        epoch.depositsThrough = uint32(period);
        uint256 owed = _pay(period, redeemed, assets, epoch);
        if (_book.clock.isUnpaid) redeemed = 0;
        uint256 minted = Math.mulDiv(assets, epoch.shares, epoch.high);
        if (assets != 0) emit DepositsSettled(period, assets, minted);
        _changeBase(assets, owed, owed);
        if (minted > redeemed) _mint(address(this), minted - redeemed);
        else if (redeemed > minted) _burn(address(this), redeemed - minted);
        then = _asked.last();
        waits = then.left != asked.left || then.right != asked.right;
    }

    /// @dev Redemptions are paid all, or none is.
    /// @return owed what is to be reserved for them
    function _pay(uint256 period, uint256 redeemed, uint256 assets, Epochs.Epoch memory epoch)
        private
        returns (uint256 owed)
    {
        owed = Math.mulDiv(redeemed, epoch.low, epoch.shares);
        uint256 free = idle() + assets;
        bool isUnpaid = owed > free;
        if (isUnpaid != _book.clock.isUnpaid) _book.clock.isUnpaid = isUnpaid;
        if (isUnpaid) {
            emit RedemptionsUnpaid(redeemed, owed, free);
            _unpaid = owed;
            return 0;
        }
        epoch.redeemedThrough = uint32(period);
        if (redeemed != 0) emit RedemptionsSettled(period, redeemed, owed);
    }

    /// @dev The highest price is what was paid for shares, rounded up: there is no fee on what a holder did not gain.
    /// @return all shares, with those of the fees
    function _takeFees(uint40 asOf, uint256 low, uint256 high) private returns (uint96) {
        uint256 supply = totalSupply();
        uint256 shares = _withFees(asOf, low);
        uint256 price = Math.mulDiv(high, _priceScale(), shares, Math.Rounding.Ceil);
        if (price > _book.clock.highest) _book.clock.highest = price.toUint96();
        if (shares != supply) _mint(_terms.feeReceiver, shares - supply);
        return shares.toUint96();
    }

    /// @dev All shares, with those that fees would be at a settlement by `asOf`. There is none in a wind-down.
    function _withFees(uint40 asOf, uint256 assets) private view returns (uint256 shares) {
        shares = totalSupply();
        if (isWindingDown) return shares;
        uint256 part = _terms.managementFee * Math.min(asOf - _book.clock.asOf, YEAR);
        shares += Math.mulDiv(shares, part, BPS * YEAR - part);
        shares += _performanceShares(assets, shares);
    }

    function _performanceShares(uint256 assets, uint256 shares) private view returns (uint256) {
        uint256 scale = _priceScale();
        uint256 price = Math.mulDiv(assets, scale, shares);
        uint256 highest = _book.clock.highest;
        if (highest == 0 || price <= highest) return 0;
        uint256 gain = Math.mulDiv(price - highest, shares, scale);
        uint256 fee = (gain * _terms.performanceFee) / BPS;
        return Math.mulDiv(shares, fee, assets - fee);
    }

    /// @dev Whether what may be on its way is so little that nobody moves the price by it.
    function _isNarrow(uint256 low, uint256 high) private pure returns (bool) {
        return high - low <= high / ON_ITS_WAY + 1;
    }

    /// @dev Of the highest price: as exact for assets of few decimals as for those of many.
    function _priceScale() private view returns (uint256) {
        return 10 ** (PRICE_DECIMALS - _assetDecimals);
    }

    /// @dev All assets by a snapshot: what custody holds, and what was idle then.
    function _totalsOf(NavRecord memory nav, uint256 price) private view returns (uint256 low, uint256 high) {
        (low, high) = _idleAt(nav.asOf);
        low += AssetPrice.toAssets(nav.value, price, _assetDecimals, Math.Rounding.Floor);
        high += AssetPrice.toAssets(nav.value, price, _assetDecimals, Math.Rounding.Ceil);
    }

    function _canSettle() internal view override returns (bool) {
        try this.canSettle() returns (bool can) {
            return can;
        } catch {
            return false;
        }
    }

    /// @dev Time of the latest snapshot that shows what this vault's shares are worth. None is known where the gate's policy has only
    ///      others, as after a line moved or a gate was exchanged: that alone is no end, and a request that waits can bring it.
    function _lastProven() private view returns (uint256) {
        IHealthGate current = gate();
        if (address(current) == address(0)) return block.timestamp;
        NavRecord memory nav = _read(current);
        bool isKnown = nav.units == totalSupply() || nav.asOf == _book.clock.asOf;
        return isKnown ? Math.max(_book.last().time, nav.asOf) : block.timestamp;
    }

    function _read(IHealthGate current) private view returns (NavRecord memory) {
        return INavSource(address(current.registry())).navOf(current.subject(), current.policyId());
    }

    function _latestPrice() private view returns (uint256) {
        return AssetPrice.latest(_terms.assetFeed, _terms.feedStaleness);
    }

    function _toValue(uint256 assets, uint256 price) private view returns (uint256) {
        return Math.mulDiv(assets, price, 10 ** _assetDecimals);
    }
}
