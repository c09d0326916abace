// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Traces} from "../lib/Traces.sol";

/// @title A trace by itself, to be compared with a plain list
contract TraceProbe {
    using Traces for Traces.Point[];

    Traces.Point[] private _trace;

    /// @notice Writes both sums at a key.
    function push(uint256 key, uint256 left, uint256 right) external {
        _trace.push(key, left, right);
    }

    /// @notice The last point whose key is at most `key`.
    function upTo(uint256 key) external view returns (Traces.Point memory point) {
        return _trace.upTo(key);
    }
}
