// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IHealthGate} from "../interfaces/IHealthGate.sol";
import {INavSource} from "../interfaces/INavSource.sol";
import {IStrategyVault} from "../interfaces/IStrategyVault.sol";
import {AssetPrice} from "../lib/AssetPrice.sol";
import {Traces} from "../lib/Traces.sol";
import {VaultSetup} from "../lib/VaultSetup.sol";
import {VaultRequests} from "./VaultRequests.sol";

/// @title VaultSettlement: one price for all who asked, from a proof
abstract contract VaultSettlement is VaultRequests {
    using SafeCast for uint256;
    using Traces for Traces.Point[];

    uint256 private constant BPS = 10_000;
    uint256 private constant YEAR = 365 days;
    /// @dev Scale of an asset's base units for a share's.
    uint256 private constant PRICE = 1e18;

    /// @dev All assets and shares of the last settlement, before what it minted and burnt.
    uint128 internal _lastAssets;
    uint128 internal _lastShares;
    /// @dev The highest price that was settled, after fees.
    uint256 private _highest;

    /// @inheritdoc IStrategyVault
    function settle(uint80 round) external nonReentrant {
        require(!isWindingDown, WindingDown());
        NavRecord memory nav = provenValue();
        (uint256 low, uint256 high) = _totalsOf(nav, round);
        require(low != 0, NoProvenValue());
        uint256 shares = _takeFees(nav.asOf, low);
        (_lastAssets, _lastShares) = (low.toUint128(), shares.toUint128());
        emit Settled(nav.asOf, low, high, shares);
        uint96 unpaid = _fill(nav.asOf / _terms.dealingPeriod - 1, low, high, shares);
        _rememberSupply();
        uint40 since = unpaid != 0 ? _clock.waitingSince : _isWaiting() ? _periodEnd() : 0;
        _clock = Clock(nav.asOf, uint40(block.timestamp), _clock.notBefore, since, unpaid);
        _onSettled(nav);
    }

    /// @inheritdoc IStrategyVault
    function windDown() external nonReentrant {
        require(!isWindingDown, WindingDown());
        Clock memory clock_ = _clock;
        bool isOverdue = clock_.waitingSince != 0 && block.timestamp > uint256(clock_.waitingSince) + _terms.grace
            && (idle() < clock_.unpaid || !_canSettle());
        require(isOverdue || block.timestamp > _lastProven() + _terms.grace, NoReasonToWindDown());
        _startWindDown();
    }

    /// @inheritdoc IStrategyVault
    function navOf(address subject, bytes32 policyId) external view returns (NavRecord memory found) {
        IHealthGate current = gate();
        if (address(current) == address(0)) return found;
        if (current.subject() != subject || current.policyId() != policyId) return found;
        NavRecord memory nav = _read(current);
        uint256 price = AssetPrice.latest(_terms.assetFeed, _terms.feedStaleness);
        if (price == 0) return found;
        if (nav.asOf <= _clock.settledAt) {
            // Nothing was settled yet, or what was, stands.
            if (_lastShares == 0) return found;
            (nav.units, nav.asOf) = (uint96(_lastShares), _clock.asOf);
            nav.value = _toValue(_lastAssets, price);
            return nav;
        }
        if (nav.units != totalSupply()) return found;
        (uint256 low,) = _idleAt(nav.asOf);
        nav.value += _toValue(low, price);
        return nav;
    }

    /// @inheritdoc IStrategyVault
    function provenValue() public view returns (NavRecord memory nav) {
        IHealthGate current = gate();
        require(address(current) != address(0), NoProvenValue());
        nav = _read(current);
        require(nav.live, NoProvenValue());
        Clock memory clock_ = _clock;
        uint256 notBefore = Math.max(uint256(clock_.settledAt) + 1, clock_.notBefore);
        uint256 notAfter = uint256(nav.asOf) + _terms.maxLag;
        bool isFit = nav.asOf >= notBefore && block.timestamp <= notAfter;
        require(isFit, UnfitSnapshot(nav.asOf, notBefore, notAfter));
        require(nav.units == totalSupply(), ForeignUnits(totalSupply(), nav.units));
    }

    function _setUpSettlement(Setup memory setup) internal {
        _mint(setup.seedHolder, setup.seedShares - VaultSetup.LOCKED);
        _mint(address(this), VaultSetup.LOCKED);
        _rememberSupply();
        (_clock.asOf, _clock.settledAt) = (uint40(block.timestamp), uint40(block.timestamp));
    }

    /// @dev A vault that does more with a settlement does it here.
    function _onSettled(NavRecord memory nav) internal virtual {}

    function _keptBack() internal view override returns (uint256) {
        uint256 shares = _waitingShares();
        if (shares == 0 || _lastShares == 0) return 0;
        return Math.mulDiv(shares, _lastAssets, _lastShares, Math.Rounding.Ceil);
    }

    /// @dev Settles both sides up to `period`. @return unpaid assets of redemptions that the vault cannot pay
    function _fill(uint256 period, uint256 low, uint256 high, uint256 shares) private returns (uint96 unpaid) {
        Traces.Point memory asked = _asked.upTo(period);
        uint256 assets = asked.left - _settled.assets;
        if (assets != 0) _fillDeposits(period, assets, Math.mulDiv(assets, shares, high));
        uint256 redeemed = asked.right - _settled.shares;
        if (redeemed == 0) return 0;
        uint256 owed = Math.mulDiv(redeemed, low, shares);
        uint256 free = idle();
        if (owed <= free) {
            _fillRedemptions(period, redeemed, owed);
        } else {
            emit RedemptionsUnpaid(redeemed, owed, free);
            unpaid = uint96(Math.min(owed, type(uint96).max));
        }
    }

    function _fillDeposits(uint256 period, uint256 assets, uint256 minted) private {
        _settled.assets += assets.toUint104();
        _deposits.fills.push(period, assets, minted);
        _changeBase(assets, 0);
        _mint(address(this), minted);
        emit DepositsSettled(period, assets, minted);
    }

    function _fillRedemptions(uint256 period, uint256 burnt, uint256 assets) private {
        _settled.shares += burnt.toUint104();
        _redemptions.fills.push(period, burnt, assets);
        _changeBase(0, assets);
        _reserved += assets.toUint128();
        _burn(address(this), burnt);
        emit RedemptionsSettled(period, burnt, assets);
    }

    /// @return shares all shares, with those of the fees
    function _takeFees(uint40 asOf, uint256 assets) private returns (uint256 shares) {
        uint256 supply = totalSupply();
        uint256 part = _terms.managementFee * Math.min(asOf - _clock.asOf, YEAR);
        uint256 managing = Math.mulDiv(supply, part, BPS * YEAR - part);
        shares = supply + managing;
        uint256 performing = _performanceShares(assets, shares);
        shares += performing;
        _highest = Math.max(_highest, Math.mulDiv(assets, PRICE, shares));
        if (shares == supply) return shares;
        _mint(_terms.feeReceiver, shares - supply);
        emit FeesTaken(_terms.feeReceiver, managing, performing);
    }

    function _performanceShares(uint256 assets, uint256 shares) private view returns (uint256) {
        uint256 price = Math.mulDiv(assets, PRICE, shares);
        if (_highest == 0 || price <= _highest) return 0;
        uint256 gain = Math.mulDiv(price - _highest, shares, PRICE);
        uint256 fee = (gain * _terms.performanceFee) / BPS;
        return Math.mulDiv(shares, fee, assets - fee);
    }

    /// @dev All assets by a snapshot: what custody holds, and what was idle then.
    function _totalsOf(NavRecord memory nav, uint80 round) private view returns (uint256 low, uint256 high) {
        uint256 price = AssetPrice.priceAt(_terms.assetFeed, round, nav.asOf, _terms.feedStaleness);
        (low, high) = _idleAt(nav.asOf);
        low += AssetPrice.toAssets(nav.value, price, _assetDecimals, Math.Rounding.Floor);
        high += AssetPrice.toAssets(nav.value, price, _assetDecimals, Math.Rounding.Ceil);
    }

    function _canSettle() private view returns (bool) {
        try this.provenValue() returns (NavRecord memory) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev Time of the latest snapshot that shows what this vault's shares are worth.
    function _lastProven() private view returns (uint256 time) {
        time = _clock.settledAt;
        IHealthGate current = gate();
        if (address(current) == address(0)) return time;
        NavRecord memory nav = _read(current);
        if (nav.units == totalSupply()) time = Math.max(time, nav.asOf);
    }

    function _read(IHealthGate current) private view returns (NavRecord memory) {
        return INavSource(address(current.registry())).navOf(current.subject(), current.policyId());
    }

    function _toValue(uint256 assets, uint256 price) private view returns (uint256) {
        return Math.mulDiv(assets, price, 10 ** _assetDecimals);
    }
}
