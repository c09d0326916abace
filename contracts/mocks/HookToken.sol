// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TestToken} from "./TestToken.sol";

/// @title An ERC-20 that calls back in the middle of each transfer, as ERC-777 tokens do
contract HookToken is TestToken {
    address private _target;
    bytes private _call;

    /// @notice Whether the last call back succeeded.
    bool public reentered;
    /// @notice What the last call back returned, or the error that refused it.
    bytes public answer;

    constructor() TestToken("Hook", "HOOK", 18) {}

    /// @notice What to call at the next transfer, once.
    function arm(address target, bytes calldata call_) external {
        _target = target;
        _call = call_;
    }

    function _update(address from, address to, uint256 value) internal override {
        address target = _target;
        _target = address(0);
        // solhint-disable-next-line avoid-low-level-calls
        if (target != address(0)) (reentered, answer) = target.call(_call);
        super._update(from, to, value);
    }
}
