// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";

/// @title Stands for a sound verifier in long random walks: a proof is true when it is the hash of its inputs
/// @dev Walks need many true proofs and many false ones, at once; real ones take a second each.
contract TruthVerifier is IGroth16Verifier {
    function verify(uint256[8] calldata proof, uint256[3] calldata inputs) external pure returns (bool) {
        return _isTrue(proof, inputs);
    }

    function verifyBatch(uint256[8][] calldata proofs, uint256[3][] calldata inputs) external pure returns (bool) {
        for (uint256 i = 0; i < proofs.length; ++i) {
            if (!_isTrue(proofs[i], inputs[i])) return false;
        }
        return true;
    }

    function circuit() external pure returns (bytes32) {
        return keccak256("test/truth");
    }

    function part(uint256[8] calldata, uint256[3] calldata, uint256) external pure returns (bool, uint256[14] memory) {}

    function verifyWith(uint256[8] calldata, uint256[3] calldata, uint256, uint256[14][] calldata)
        external
        pure
        returns (bool)
    {}

    function base() external pure returns (bytes32) {}

    function insecure() external pure returns (bool) {
        return true;
    }

    function gammaG2() external pure returns (uint256[4] memory) {
        return [uint256(1), 2, 3, 4];
    }

    function deltaG2() external pure returns (uint256[4] memory) {
        return [uint256(5), 6, 7, 8];
    }

    function _isTrue(uint256[8] calldata proof, uint256[3] calldata inputs) private pure returns (bool) {
        return proof[0] == uint256(keccak256(abi.encode(inputs)));
    }
}
