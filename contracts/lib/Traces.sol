// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Two sums that remember what they were, a slot for each change
/// @dev Keys (times, or numbers of periods) never fall. Looking up costs the logarithm of how far back the key lies, so what is
///      recent is cheap however long the trace is.
library Traces {
    using SafeCast for uint256;

    struct Point {
        uint48 key;
        uint104 left;
        uint104 right;
    }

    /// @dev Writes both sums at `key`, over those of the last point when that has the same key.
    function push(Point[] storage self, uint256 key, uint256 left, uint256 right) internal {
        Point memory point = Point(key.toUint48(), left.toUint104(), right.toUint104());
        uint256 length = self.length;
        if (length != 0 && self[length - 1].key == point.key) self[length - 1] = point;
        else self.push(point);
    }

    /// @dev The last point; zeros when there is none.
    function last(Point[] storage self) internal view returns (Point memory point) {
        uint256 length = self.length;
        if (length != 0) point = self[length - 1];
    }

    /// @dev The last point whose key is at most `key`; zeros when there is none.
    function upTo(Point[] storage self, uint256 key) internal view returns (Point memory point) {
        uint256 count = _countUpTo(self, key);
        if (count != 0) point = self[count - 1];
    }

    /// @dev How many points have a key of at most `key`: steps back from the end, each twice as long, then halves.
    function _countUpTo(Point[] storage self, uint256 key) private view returns (uint256 high) {
        high = self.length;
        uint256 low;
        for (uint256 step = 1; low < high; step *= 2) {
            uint256 probe = high > step ? high - step : 0;
            if (self[probe].key <= key) {
                low = probe + 1;
                break;
            }
            high = probe;
        }
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (self[middle].key <= key) low = middle + 1;
            else high = middle;
        }
    }
}
