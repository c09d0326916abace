// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGroth16Verifier} from "./interfaces/IGroth16Verifier.sol";
import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";
import {Bn254} from "./lib/Bn254.sol";
import {Claim, PROOFS} from "./lib/Claim.sol";

/// @title ProofChecker: verifies several proofs in one product of pairings
/// @notice Keeps nothing and may nothing: a registry makes its own, for attestations with more than one proof and for batches.
contract ProofChecker {
    /// @notice Index of the first claim of a submission that does not hold; `PROOFS` when each does. Empty claims hold.
    /// @dev Where the keys share alpha, beta and gamma, as those of one powers of tau do, all are first checked together: two pairs
    ///      a proof and two more, instead of four a proof. What does not hold together is looked at one by one, so that a false
    ///      answer is never given for want of a common base.
    function firstFalse(Claim[PROOFS] calldata claims) external view returns (uint256 index) {
        if (_holdTogether(claims)) return PROOFS;
        for (; index < PROOFS; ++index) {
            if (!_holds(claims[index])) break;
        }
    }

    /// @notice One verification for all claims of a kind that are not empty, which have to be for one verifier.
    /// @dev Reverts with `MixedVerifiers` or `BatchRefused`.
    function verifyBatch(Claim[PROOFS][] calldata claims) external view {
        for (uint256 kind = 0; kind < PROOFS; ++kind) {
            _verifyKind(claims, kind);
        }
    }

    function _verifyKind(Claim[PROOFS][] calldata claims, uint256 kind) private view {
        uint256 size;
        for (uint256 i = 0; i < claims.length; ++i) {
            if (address(claims[i][kind].verifier) != address(0)) ++size;
        }
        if (size == 0) return;
        IGroth16Verifier verifier;
        uint256[8][] memory proofs = new uint256[8][](size);
        uint256[3][] memory inputs = new uint256[3][](size);
        uint256 found;
        for (uint256 i = 0; i < claims.length; ++i) {
            Claim calldata claim = claims[i][kind];
            IGroth16Verifier next = claim.verifier;
            if (address(next) == address(0)) continue;
            require(
                found == 0 || address(next) == address(verifier),
                IHealthRegistry.MixedVerifiers(i, address(verifier), address(next))
            );
            verifier = next;
            (proofs[found], inputs[found]) = (claim.proof, claim.inputs);
            ++found;
        }
        require(verifier.verifyBatch(proofs, inputs), IHealthRegistry.BatchRefused(address(verifier), size));
    }

    /// @dev The first claim's verifier makes the product, of what the others' give it for numbers that nobody knows before all
    ///      proofs and inputs are fixed.
    function _holdTogether(Claim[PROOFS] calldata claims) private view returns (bool) {
        bytes32 base = claims[0].verifier.base();
        bytes32 seed = keccak256(abi.encode(claims));
        uint256 sum = 1;
        uint256 size;
        uint256[14][] memory parts = new uint256[14][](PROOFS - 1);
        for (uint256 i = 1; i < PROOFS; ++i) {
            Claim calldata claim = claims[i];
            if (address(claim.verifier) == address(0)) continue;
            if (claim.verifier.base() != base) return false;
            uint256 r = uint128(uint256(keccak256(abi.encode(seed, i))));
            (bool ok, uint256[14] memory part) = claim.verifier.part(claim.proof, claim.inputs, r);
            if (!ok) return false;
            parts[size++] = part;
            sum = addmod(sum, r, Bn254.R);
        }
        assembly ("memory-safe") {
            mstore(parts, size)
        }
        return claims[0].verifier.verifyWith(claims[0].proof, claims[0].inputs, sum, parts);
    }

    function _holds(Claim calldata claim) private view returns (bool) {
        return address(claim.verifier) == address(0) || claim.verifier.verify(claim.proof, claim.inputs);
    }
}
