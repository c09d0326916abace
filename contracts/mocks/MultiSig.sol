// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title A small multi-signature account: any owner proposes, and a call runs when enough owners have confirmed it
contract MultiSig {
    uint256 public immutable threshold;
    mapping(address account => bool) public isOwner;
    mapping(bytes32 id => mapping(address owner => bool)) public confirmed;
    mapping(bytes32 id => uint256) public confirmations;
    mapping(bytes32 id => bool) public executed;

    error NotOwner(address caller);
    error AlreadyConfirmed(bytes32 id, address owner);
    error TooFewConfirmations(uint256 received, uint256 threshold);
    error AlreadyExecuted(bytes32 id);

    constructor(address[] memory owners, uint256 threshold_) {
        threshold = threshold_;
        for (uint256 i = 0; i < owners.length; ++i) {
            isOwner[owners[i]] = true;
        }
    }

    function confirm(address target, bytes calldata data, uint256 nonce) external {
        bytes32 id = keccak256(abi.encode(target, data, nonce));
        require(isOwner[msg.sender], NotOwner(msg.sender));
        require(!confirmed[id][msg.sender], AlreadyConfirmed(id, msg.sender));
        confirmed[id][msg.sender] = true;
        ++confirmations[id];
    }

    function execute(address target, bytes calldata data, uint256 nonce) external {
        bytes32 id = keccak256(abi.encode(target, data, nonce));
        require(confirmations[id] >= threshold, TooFewConfirmations(confirmations[id], threshold));
        require(!executed[id], AlreadyExecuted(id));
        executed[id] = true;
        Address.functionCall(target, data);
    }
}
