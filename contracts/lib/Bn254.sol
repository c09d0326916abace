// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The scalar field of BN254, in which statements are written
library Bn254 {
    /// @dev r, the order of the group; every statement value is below it.
    uint256 internal constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

    error NotInField(uint256 value);

    /// @dev Refuses r and above: two integers equal modulo r would make one statement of two.
    function check(uint256 value) internal pure {
        require(value < R, NotInField(value));
    }

    /// @dev As `check`; zero is refused too, for roots, of which zero is never one.
    function checkRoot(uint256 value) internal pure {
        require(value != 0 && value < R, NotInField(value));
    }
}
