// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IStrategyVault} from "../interfaces/IStrategyVault.sol";
import {Traces} from "./Traces.sol";

/// @title Requests of one side, and what was given for them
/// @dev A request's id is the period in which it was made. A fill is a point of a trace: all requests of periods up to its key
///      that no earlier fill has asked for `left` and were given `right`, each its part, rounded down. So the parts never come to
///      more than the whole.
library Requests {
    using Traces for Traces.Point[];

    /// @dev What a controller may have open on one side, so that a claim never runs out of gas.
    uint256 internal constant MAX_OPEN = 16;

    struct Side {
        Traces.Point[] fills;
        mapping(uint256 id => mapping(address controller => uint256)) amounts;
        mapping(address controller => uint256[]) ids;
    }

    function add(Side storage self, uint256 id, address controller, uint256 amount) internal {
        uint256 before = self.amounts[id][controller];
        if (before == 0) {
            uint256[] storage ids = self.ids[controller];
            require(ids.length < MAX_OPEN, IStrategyVault.TooManyRequests(controller));
            ids.push(id);
        }
        self.amounts[id][controller] = before + amount;
    }

    /// @dev Takes a whole request back that is not filled yet.
    function remove(Side storage self, uint256 id, address controller) internal returns (uint256 amount) {
        amount = pendingOf(self, id, controller);
        require(amount != 0, IStrategyVault.NothingPending(id, controller));
        uint256[] storage ids = self.ids[controller];
        uint256 i;
        while (ids[i] != id) ++i;
        _drop(ids, i);
        delete self.amounts[id][controller];
    }

    /// @dev Claims by what was asked for. @return given what there is for it, rounded down in each request
    function claim(Side storage self, address controller, uint256 amount) internal returns (uint256 given) {
        uint256[] storage ids = self.ids[controller];
        uint256 left = amount;
        for (uint256 i = 0; i < ids.length && left != 0;) {
            uint256 have = claimableOf(self, ids[i], controller);
            uint256 part = Math.min(left, have);
            given += _given(self, ids[i], part);
            left -= part;
            if (!_spend(self, ids, i, controller, part)) ++i;
        }
        require(left == 0, IStrategyVault.MoreThanClaimable(amount, amount - left));
    }

    /// @dev Claims by what is given. @return spent of what was asked for, rounded up in each request
    function claimExactly(Side storage self, address controller, uint256 amount) internal returns (uint256 spent) {
        uint256[] storage ids = self.ids[controller];
        uint256 left = amount;
        for (uint256 i = 0; i < ids.length && left != 0;) {
            uint256 part = claimableOf(self, ids[i], controller);
            uint256 worth = _given(self, ids[i], part);
            if (left < worth) (part, worth) = (_needed(self, ids[i], left), left);
            // What is worth nothing is left for `claim`.
            else if (worth == 0) part = 0;
            left -= worth;
            spent += part;
            if (!_spend(self, ids, i, controller, part)) ++i;
        }
        require(left == 0, IStrategyVault.MoreThanClaimable(amount, amount - left));
    }

    function pendingOf(Side storage self, uint256 id, address controller) internal view returns (uint256) {
        return _isFilled(self, id) ? 0 : self.amounts[id][controller];
    }

    function claimableOf(Side storage self, uint256 id, address controller) internal view returns (uint256) {
        return _isFilled(self, id) ? self.amounts[id][controller] : 0;
    }

    /// @dev All that a controller can claim, as it was asked for and as it was given.
    function totalOf(Side storage self, address controller) internal view returns (uint256 asked, uint256 given) {
        uint256[] storage ids = self.ids[controller];
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 amount = claimableOf(self, ids[i], controller);
            asked += amount;
            given += _given(self, ids[i], amount);
        }
    }

    /// @return emptied whether the request is gone, and another one stands in its place
    function _spend(Side storage self, uint256[] storage ids, uint256 i, address controller, uint256 part)
        private
        returns (bool emptied)
    {
        uint256 id = ids[i];
        uint256 left = self.amounts[id][controller] - part;
        self.amounts[id][controller] = left;
        emptied = left == 0;
        if (emptied) _drop(ids, i);
    }

    function _drop(uint256[] storage ids, uint256 i) private {
        ids[i] = ids[ids.length - 1];
        ids.pop();
    }

    function _isFilled(Side storage self, uint256 id) private view returns (bool) {
        return id <= self.fills.last().key;
    }

    function _given(Side storage self, uint256 id, uint256 part) private view returns (uint256) {
        if (part == 0) return 0;
        Traces.Point memory fill = self.fills.from(id);
        return Math.mulDiv(part, fill.right, fill.left);
    }

    function _needed(Side storage self, uint256 id, uint256 given) private view returns (uint256) {
        Traces.Point memory fill = self.fills.from(id);
        return Math.mulDiv(given, fill.left, fill.right, Math.Rounding.Ceil);
    }
}
