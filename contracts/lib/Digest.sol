// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bn254} from "./Bn254.sol";

/// @title The digest of a public vector [C1]: how any number of values become three public inputs of a proof
/// @notice Circuit side: c = Poseidon(v'), y = sum v'[i] x^i. As x depends on c and all of v, v' != v passes with a chance
///         of at most length / r for each hash tried.
library Digest {
    /// @dev `words` is abi.encodePacked(c, v): 32 bytes each, every one below r.
    function fold(bytes memory words) internal pure returns (uint256 x, uint256 y) {
        x = uint256(keccak256(words)) % Bn254.R;
        uint256 r = Bn254.R;
        assembly ("memory-safe") {
            // From the last word down to the one after c, which is the first.
            let first := add(words, 0x40)
            for { let word := add(words, mload(words)) } iszero(lt(word, first)) { word := sub(word, 0x20) } {
                y := addmod(mulmod(y, x, r), mload(word), r)
            }
        }
    }
}
