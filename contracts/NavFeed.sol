// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";
import {IAggregatorV3Rounds} from "./interfaces/IAggregatorV3Rounds.sol";
import {IHealthGate} from "./interfaces/IHealthGate.sol";
import {INavSource} from "./interfaces/INavSource.sol";

/// @title NavFeed: a price feed of a fund's unit that a proof stands behind
/// @notice The answer is USD a unit with 8 decimals, rounded down. A round's id is the time of its snapshot, and so is its
///         `updatedAt`. A registry as source gives what custody holds; a strategy vault gives its shares' value with what is idle.
/// @dev Warning: units that do not all stand for what the proof values (shares of assets that are not in custody yet) make the
///      registry's answer fall. For shares of a strategy vault the source is the vault.
contract NavFeed is IAggregatorV3Rounds {
    /// @inheritdoc IAggregatorV3
    uint8 public constant decimals = 8;
    /// @inheritdoc IAggregatorV3Rounds
    uint256 public constant version = 1;

    INavSource public immutable source;
    /// @notice Whose value it is, under which policy.
    IHealthGate public immutable gate;
    /// @notice Whether there is no answer while health has lapsed; else the last one is given, and `updatedAt` is 0.
    bool public immutable revertsWhenStale;
    string public description;

    mapping(uint80 id => int256) private _kept;

    /// @notice An answer was kept, as Chainlink's aggregators say it.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    /// @dev Nothing is proven that counts now.
    error Stale(uint40 asOf, uint40 expiry);
    error NoRound(uint80 roundId);

    constructor(INavSource source_, IHealthGate gate_, string memory description_, bool revertsWhenStale_) {
        (source, gate, description, revertsWhenStale) = (source_, gate_, description_, revertsWhenStale_);
    }

    /// @notice Keeps the answer of now for `getRoundData`, once for each snapshot. Anybody may.
    function keep() external returns (uint80 id) {
        INavSource.NavRecord memory nav = _read();
        require(_counts(nav), Stale(nav.asOf, nav.expiry));
        id = nav.asOf;
        if (_kept[id] != 0) return id;
        _kept[id] = _answerOf(nav);
        emit AnswerUpdated(_kept[id], id, id);
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        INavSource.NavRecord memory nav = _read();
        bool counts = _counts(nav);
        require(counts || !revertsWhenStale, Stale(nav.asOf, nav.expiry));
        return (nav.asOf, _answerOf(nav), nav.asOf, counts ? nav.asOf : 0, nav.asOf);
    }

    /// @inheritdoc IAggregatorV3Rounds
    function getRoundData(uint80 id) external view returns (uint80, int256, uint256, uint256, uint80) {
        int256 answer = _kept[id];
        require(answer != 0, NoRound(id));
        return (id, answer, id, id, id);
    }

    function _read() private view returns (INavSource.NavRecord memory) {
        return source.navOf(gate.subject(), gate.policyId());
    }

    /// @dev An answer of 0 is none.
    function _counts(INavSource.NavRecord memory nav) private pure returns (bool) {
        return nav.live && _answerOf(nav) != 0;
    }

    /// @dev 16 decimals over 8 leave 8.
    function _answerOf(INavSource.NavRecord memory nav) private pure returns (int256) {
        return nav.units == 0 ? int256(0) : int256(nav.value / nav.units);
    }
}
