// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bn254} from "./Bn254.sol";

/// @title What a policy may want shown: the step of a net asset value, and the keys of viewers
library Viewers {
    /// @dev The most that any disclosure circuit has places for.
    uint256 internal constant MOST = 4;

    /// @dev USD 1e16.
    uint256 private constant CENT = 1e14;
    /// @dev BabyJubJub (ERC-2494): A x^2 + y^2 = 1 + D x^2 y^2 in the scalar field of BN254.
    uint256 private constant A = 168_700;
    uint256 private constant D = 168_696;

    /// @dev A power of ten, a cent at least.
    function isStep(uint96 navStep) internal pure returns (bool) {
        uint256 step = CENT;
        while (step < navStep) step *= 10;
        return step == navStep;
    }

    /// @dev On the curve, and x not 0, as with the identity: the circuit proves nothing for such a key. The subgroup is not looked at,
    ///      which would cost more than a policy: public readers do.
    function isKey(uint256[2] calldata key) internal pure returns (bool) {
        (uint256 x, uint256 y) = (key[0], key[1]);
        if (x == 0 || x >= Bn254.R || y >= Bn254.R) return false;
        uint256 xx = mulmod(x, x, Bn254.R);
        uint256 yy = mulmod(y, y, Bn254.R);
        uint256 left = addmod(mulmod(A, xx, Bn254.R), yy, Bn254.R);
        return left == addmod(1, mulmod(D, mulmod(xx, yy, Bn254.R), Bn254.R), Bn254.R);
    }
}
