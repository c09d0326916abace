// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IFeedMarket} from "../interfaces/IFeedMarket.sol";

/// @title The market's vector [M4], as circuits/src/market-root.circom hashes it
library MarketRows {
    /// @dev Factor 14, funded 1, exposed 1, underlying 8.
    uint256 private constant ROW_BITS = 24;
    uint256 private constant ROWS_A_WORD = 10;

    /// @dev ascii "keel", kind 2 (market), version 1; the length is added.
    uint256 private constant TAG = (0x6b65656c << 64) | (2 << 48) | (1 << 32);

    /// @dev All columns but the price, ten rows a word, the first lowest.
    function pack(IFeedMarket.Instrument[] calldata instruments, uint256 capacity)
        internal
        pure
        returns (uint256[] memory words)
    {
        words = new uint256[]((capacity + ROWS_A_WORD - 1) / ROWS_A_WORD);
        for (uint256 i = 0; i < instruments.length; ++i) {
            words[i / ROWS_A_WORD] |= _row(instruments[i]) << (ROW_BITS * (i % ROWS_A_WORD));
        }
    }

    function vector(
        uint64 asOf,
        uint256 underlyingsId,
        uint256 universeId,
        uint256[] memory prices,
        uint256[] memory rows
    ) internal pure returns (uint256[] memory v) {
        uint256 length = 4 + prices.length + rows.length;
        v = new uint256[](length);
        (v[0], v[1], v[2], v[3]) = (TAG | length, asOf, underlyingsId, universeId);
        for (uint256 i = 0; i < prices.length; ++i) {
            v[4 + i] = prices[i];
        }
        for (uint256 i = 0; i < rows.length; ++i) {
            v[4 + prices.length + i] = rows[i];
        }
    }

    /// @dev A price with `decimals` as USD with 8 decimals, rounded down. Reverts when it cannot be represented.
    function toUsd8(uint256 price, uint8 decimals) internal pure returns (uint256) {
        return decimals > 8 ? price / 10 ** (decimals - 8) : price * 10 ** (8 - decimals);
    }

    function _row(IFeedMarket.Instrument calldata row) private pure returns (uint256) {
        return uint256(row.collateralFactor) | (row.funded ? 1 << 14 : 0) | (row.exposed ? 1 << 15 : 0)
            | (uint256(row.underlying) << 16);
    }
}
