// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bn254} from "./Bn254.sol";

/// @title The digest of a public vector [C1]: how any number of values become three public inputs of a proof
/// @notice Circuit side: c = Poseidon(v'), y = sum v'[i] x^i. As x depends on c and all of v, v' != v passes with a chance
///         of at most length / r for each hash tried.
library Digest {
    /// @dev x = keccak256(abi.encodePacked(c, v)) mod r. Refuses a c that is not below r; every other value is, by the caller's care.
    function fold(uint256 c, uint256[] memory v) internal pure returns (uint256 x, uint256 y) {
        Bn254.check(c);
        uint256 r = Bn254.R;
        uint256 length = v.length;
        assembly ("memory-safe") {
            // While both are hashed c stands where the length does, which is before the first value.
            mstore(v, c)
            x := mod(keccak256(v, shl(5, add(length, 1))), r)
            mstore(v, length)
            for { let word := add(v, shl(5, length)) } gt(word, v) { word := sub(word, 0x20) } {
                y := addmod(mulmod(y, x, r), mload(word), r)
            }
        }
    }
}
