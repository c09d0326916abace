// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Settlements of a vault: what each settled, at which price, and the supply that it left, in two slots
library Epochs {
    struct Epoch {
        /// Deposits, and redemptions, of periods up to these are settled.
        uint32 depositsThrough;
        uint32 redeemedThrough;
        /// All assets, as redemptions are paid by and as deposits are, that all shares stood for.
        uint96 low;
        uint96 high;
        uint40 time;
        uint96 shares;
        /// Shares after it.
        uint96 supply;
    }

    /// @dev `asOf`: the last settlement's snapshot, at first the vault's beginning. `notBefore`: the next snapshot is no older.
    ///      `waitingSince`: no request that waits is of a period that ended earlier, and no redemption was found unpaid in one; 0
    ///      without any. `highest`: the highest price that shares were settled at, after fees. `count` of epochs; the first one is the
    ///      vault's beginning. `isUnpaid`: redemptions wait that were due and could not be paid.
    struct Clock {
        uint40 asOf;
        uint40 notBefore;
        uint40 waitingSince;
        uint96 highest;
        uint32 count;
        bool isUnpaid;
    }

    struct Book {
        Clock clock;
        mapping(uint256 number => Epoch) epochs;
    }

    enum Key {
        Deposits,
        Redemptions,
        Time
    }

    /// @dev Writes an epoch; the caller counts it.
    function write(Book storage self, Epoch memory epoch) internal {
        self.epochs[self.clock.count] = epoch;
    }

    function last(Book storage self) internal view returns (Epoch storage) {
        return self.epochs[self.clock.count - 1];
    }

    /// @dev The supply that the last epoch of this time or before left; 0 before the first.
    function supplyAt(Book storage self, uint256 time) internal view returns (uint256) {
        uint256 count = _countUpTo(self, Key.Time, time);
        return count == 0 ? 0 : self.epochs[count - 1].supply;
    }

    /// @dev Whether a side's requests of a period are settled.
    function isSettled(Book storage self, Key side, uint256 period) internal view returns (bool) {
        return period <= _key(last(self), side);
    }

    /// @dev What is given for so much of a side's requests of a settled period.
    function given(Book storage self, Key side, uint256 period, uint256 asked) internal view returns (uint256) {
        if (asked == 0) return 0;
        (uint256 up, uint256 down) = _priceOf(self, side, period);
        return Math.mulDiv(asked, up, down);
    }

    /// @dev What has to be asked for, that so much is given.
    function needed(Book storage self, Key side, uint256 period, uint256 wanted) internal view returns (uint256) {
        (uint256 up, uint256 down) = _priceOf(self, side, period);
        return Math.mulDiv(wanted, down, up, Math.Rounding.Ceil);
    }

    function _priceOf(Book storage self, Key side, uint256 period) private view returns (uint256 up, uint256 down) {
        Epoch storage epoch = self.epochs[_countUpTo(self, side, period - 1)];
        return side == Key.Deposits ? (epoch.shares, epoch.high) : (epoch.low, epoch.shares);
    }

    /// @dev How many epochs have a key of at most `key`: steps back from the end, each twice as long, then halves.
    function _countUpTo(Book storage self, Key kind, uint256 key) private view returns (uint256 high) {
        high = self.clock.count;
        uint256 low;
        for (uint256 step = 1; low < high; step *= 2) {
            uint256 probe = high > step ? high - step : 0;
            if (_key(self.epochs[probe], kind) <= key) {
                low = probe + 1;
                break;
            }
            high = probe;
        }
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_key(self.epochs[middle], kind) <= key) low = middle + 1;
            else high = middle;
        }
    }

    function _key(Epoch storage epoch, Key kind) private view returns (uint256) {
        if (kind == Key.Time) return epoch.time;
        return kind == Key.Deposits ? epoch.depositsThrough : epoch.redeemedThrough;
    }
}
