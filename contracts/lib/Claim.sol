// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";

/// @dev Proofs of a submission: health, tail risk, disclosure.
uint256 constant PROOFS = 3;

/// @dev A proof and what it has to show; empty when `verifier` is 0.
struct Claim {
    IGroth16Verifier verifier;
    uint256[8] proof;
    uint256[3] inputs;
}
