// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IStrategyVault} from "../interfaces/IStrategyVault.sol";
import {Epochs} from "./Epochs.sol";

/// @title Requests of one side, and what is given for them
/// @dev A request's id is the period in which it was made. What is given for parts is rounded down, so they never come to more than
///      what an epoch gave for all.
library Requests {
    using Epochs for Epochs.Book;

    /// @dev What a controller may have open on one side, so that a claim never runs out of gas.
    uint256 internal constant MAX_OPEN = 16;

    struct Side {
        Epochs.Key key;
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

    /// @dev Takes a whole request back that is not settled yet.
    function remove(Side storage self, Epochs.Book storage book, uint256 id, address controller) internal returns (uint256 amount) {
        amount = pendingOf(self, book, id, controller);
        require(amount != 0, IStrategyVault.NothingPending(id, controller));
        uint256[] storage ids = self.ids[controller];
        uint256 i;
        while (ids[i] != id) ++i;
        _drop(ids, i);
        delete self.amounts[id][controller];
    }

    /// @dev Claims by what was asked for. @return given what there is for it, rounded down in each request
    function claim(Side storage self, Epochs.Book storage book, address controller, uint256 amount)
        internal
        returns (uint256 given)
    {
        uint256[] storage ids = self.ids[controller];
        uint256 left = amount;
        for (uint256 i = 0; i < ids.length && left != 0;) {
            uint256 have = claimableOf(self, book, ids[i], controller);
            uint256 part = Math.min(left, have);
            given += book.given(self.key, ids[i], part);
            left -= part;
            if (!_spend(self, ids, i, controller, part)) ++i;
        }
        require(left == 0, IStrategyVault.MoreThanClaimable(amount, amount - left));
    }

    /// @dev Claims by what is given. @return spent of what was asked for, rounded up in each request
    function claimExactly(Side storage self, Epochs.Book storage book, address controller, uint256 amount)
        internal
        returns (uint256 spent)
    {
        uint256[] storage ids = self.ids[controller];
        uint256 left = amount;
        for (uint256 i = 0; i < ids.length && left != 0;) {
            uint256 part = claimableOf(self, book, ids[i], controller);
            uint256 worth = book.given(self.key, ids[i], part);
            if (left < worth) (part, worth) = (book.needed(self.key, ids[i], left), left);
            // What is worth nothing is left for `claim`.
            else if (worth == 0) part = 0;
            left -= worth;
            spent += part;
            if (!_spend(self, ids, i, controller, part)) ++i;
        }
        require(left == 0, IStrategyVault.MoreThanClaimable(amount, amount - left));
    }

    function pendingOf(Side storage self, Epochs.Book storage book, uint256 id, address controller)
        internal
        view
        returns (uint256)
    {
        return book.isSettled(self.key, id) ? 0 : self.amounts[id][controller];
    }

    function claimableOf(Side storage self, Epochs.Book storage book, uint256 id, address controller)
        internal
        view
        returns (uint256)
    {
        return book.isSettled(self.key, id) ? self.amounts[id][controller] : 0;
    }

    /// @dev All that a controller can claim, as it was asked for and as it was given.
    function totalOf(Side storage self, Epochs.Book storage book, address controller)
        internal
        view
        returns (uint256 asked, uint256 given)
    {
        uint256[] storage ids = self.ids[controller];
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 amount = claimableOf(self, book, ids[i], controller);
            asked += amount;
            given += book.given(self.key, ids[i], amount);
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
}
