// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAggregatorV3Rounds} from "../interfaces/IAggregatorV3Rounds.sol";

/// @title A price feed with rounds that is told each of them, for local chains
contract RoundFeed is IAggregatorV3Rounds {
    struct Round {
        int256 answer;
        uint256 updatedAt;
    }

    string public constant description = "round";
    uint256 public constant version = 1;
    uint8 public immutable decimals;
    uint80 private _last;
    mapping(uint80 => Round) private _rounds;

    error NoRound();

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function push(uint80 id, int256 answer, uint256 updatedAt) external {
        (_last, _rounds[id]) = (id, Round(answer, updatedAt));
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(_last);
    }

    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = _rounds[id];
        require(round.updatedAt != 0, NoRound());
        return (id, round.answer, round.updatedAt, round.updatedAt, id);
    }
}
