// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";

/// @dev A proof of a submission and what it has to show; each kind once, and the health proof first.
struct Claim {
    IHealthRegistry.ProofKind kind;
    IGroth16Verifier verifier;
    uint256[8] proof;
    uint256[3] inputs;
}
