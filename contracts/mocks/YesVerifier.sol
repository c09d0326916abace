// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";

/// @title A broken verifier that says yes to everything, for the verifier book to refuse
contract YesVerifier is IGroth16Verifier {
    bytes32 public immutable circuit;

    constructor(bytes32 circuit_) {
        circuit = circuit_;
    }

    function verify(uint256[8] calldata, uint256[3] calldata) external pure returns (bool) {
        return true;
    }

    function verifyBatch(uint256[8][] calldata, uint256[3][] calldata) external pure returns (bool) {
        return true;
    }

    function part(uint256[8] calldata, uint256[3] calldata, uint256) external pure returns (bool, uint256[14] memory) {}

    function verifyWith(uint256[8] calldata, uint256[3] calldata, uint256, uint256[14][] calldata)
        external
        pure
        returns (bool)
    {}

    function base() external pure returns (bytes32) {}

    function insecure() external pure returns (bool) {
        return false;
    }

    function gammaG2() external pure returns (uint256[4] memory) {
        return [uint256(1), 2, 3, 4];
    }

    function deltaG2() external pure returns (uint256[4] memory) {
        return [uint256(5), 6, 7, 8];
    }
}
