// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGroth16Verifier} from "./interfaces/IGroth16Verifier.sol";
import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";
import {Bn254} from "./lib/Bn254.sol";
import {Claim} from "./lib/Claim.sol";

/// @title ProofChecker: verifies several proofs in one product of pairings
/// @notice Keeps nothing and may nothing: a registry makes its own, for attestations with more than one proof and for batches.
contract ProofChecker {
    /// @notice Index of the first claim of a submission that does not hold; their number when each does.
    /// @dev Where the keys share alpha, beta and gamma, as those of one powers of tau do, all are first checked together: two pairs
    ///      a proof and two more, instead of four a proof. What does not hold together is looked at one by one, so that a false
    ///      answer is never given for want of a common base.
    function firstFalse(Claim[] calldata claims) external view returns (uint256 index) {
        if (_holdTogether(claims)) return claims.length;
        for (; index < claims.length; ++index) {
            if (!claims[index].verifier.verify(claims[index].proof, claims[index].inputs)) break;
        }
    }

    /// @notice One verification for all claims of a kind, which have to be for one verifier.
    /// @dev Reverts with `MixedVerifiers` or `BatchRefused`.
    function verifyBatch(Claim[][] calldata claims) external view {
        for (uint256 kind = 0; kind <= uint256(type(IHealthRegistry.ProofKind).max); ++kind) {
            _verifyKind(claims, IHealthRegistry.ProofKind(kind));
        }
    }

    function _verifyKind(Claim[][] calldata claims, IHealthRegistry.ProofKind kind) private view {
        uint256[8][] memory proofs = new uint256[8][](claims.length);
        uint256[3][] memory inputs = new uint256[3][](claims.length);
        IGroth16Verifier verifier;
        uint256 size;
        for (uint256 i = 0; i < claims.length; ++i) {
            (bool found, uint256 at) = _find(claims[i], kind);
            if (!found) continue;
            Claim calldata claim = claims[i][at];
            require(
                size == 0 || address(claim.verifier) == address(verifier),
                IHealthRegistry.MixedVerifiers(i, address(verifier), address(claim.verifier))
            );
            verifier = claim.verifier;
            (proofs[size], inputs[size]) = (claim.proof, claim.inputs);
            ++size;
        }
        if (size == 0) return;
        assembly ("memory-safe") {
            mstore(proofs, size)
            mstore(inputs, size)
        }
        require(verifier.verifyBatch(proofs, inputs), IHealthRegistry.BatchRefused(address(verifier), size));
    }

    /// @dev The place of a submission's claim of a kind.
    function _find(Claim[] calldata claims, IHealthRegistry.ProofKind kind) private pure returns (bool found, uint256 at) {
        while (at < claims.length && claims[at].kind != kind) ++at;
        found = at < claims.length;
    }

    /// @dev The first claim's verifier makes the product, of what the others' give it for numbers that nobody knows before all
    ///      proofs and inputs are fixed.
    function _holdTogether(Claim[] calldata claims) private view returns (bool) {
        bytes32 base = claims[0].verifier.base();
        bytes32 seed = keccak256(abi.encode(claims));
        uint256 sum = 1;
        uint256[14][] memory parts = new uint256[14][](claims.length - 1);
        for (uint256 i = 1; i < claims.length; ++i) {
            Claim calldata claim = claims[i];
            if (claim.verifier.base() != base) return false;
            uint256 r = uint128(uint256(keccak256(abi.encode(seed, i))));
            bool ok;
            (ok, parts[i - 1]) = claim.verifier.part(claim.proof, claim.inputs, r);
            if (!ok) return false;
            sum = addmod(sum, r, Bn254.R);
        }
        return claims[0].verifier.verifyWith(claims[0].proof, claims[0].inputs, sum, parts);
    }
}
