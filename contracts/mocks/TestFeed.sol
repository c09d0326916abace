// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @title A price feed that says what it is told, for local chains
contract TestFeed is IAggregatorV3 {
    uint8 public decimals;
    int256 private _answer;
    uint256 private _startedAt;
    uint256 private _updatedAt;
    bool private _broken;

    error Broken();

    constructor(uint8 decimals_, int256 answer, uint256 updatedAt) {
        decimals = decimals_;
        set(answer, updatedAt);
    }

    function setDecimals(uint8 decimals_) external {
        decimals = decimals_;
    }

    function setBroken(bool broken) external {
        _broken = broken;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        require(!_broken, Broken());
        return (1, _answer, _startedAt, _updatedAt, 1);
    }

    function set(int256 answer, uint256 updatedAt) public {
        (_answer, _startedAt, _updatedAt) = (answer, updatedAt, updatedAt);
    }
}
