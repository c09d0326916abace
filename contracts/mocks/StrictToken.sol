// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TestToken} from "./TestToken.sol";

/// @title An ERC-20 that changes an allowance only from 0 or to 0, as some tokens do
contract StrictToken is TestToken {
    error AllowanceInUse();

    constructor() TestToken("Strict", "STRICT", 6) {}

    function approve(address spender, uint256 value) public override returns (bool) {
        require(value == 0 || allowance(msg.sender, spender) == 0, AllowanceInUse());
        return super.approve(spender, value);
    }
}
