// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {MultiSignerERC7913} from "@openzeppelin/contracts/utils/cryptography/signers/MultiSignerERC7913.sol";

/// @title A fund's administrator that is a contract: k of its signers sign for it (ERC-1271), for local chains
contract Administrator is MultiSignerERC7913, IERC1271 {
    constructor(bytes[] memory signers, uint64 threshold) MultiSignerERC7913(signers, threshold) {}

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return _rawSignatureValidation(hash, signature) ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
