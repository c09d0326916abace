// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A source of units that answers whatever it is told to: to each call so many words, a revert, or nothing until its gas
///        is gone
contract OddSource {
    enum Manner {
        Answer,
        Revert,
        Burn
    }

    struct Reply {
        Manner manner;
        /// Bytes returned, the first word of which is `word`.
        uint256 size;
        uint256 word;
    }

    mapping(bytes4 selector => Reply) private _replies;

    /// @notice What a call of this selector gets; by default the time in one word.
    function set(bytes4 selector, Manner manner, uint256 size, uint256 word) external {
        _replies[selector] = Reply(manner, size, word);
    }

    // solhint-disable-next-line no-complex-fallback
    fallback() external {
        Reply memory reply = _replies[msg.sig];
        if (reply.manner == Manner.Burn) while (gasleft() > 0) continue;
        bool fails = reply.manner == Manner.Revert;
        (uint256 size, uint256 word) = reply.size == 0 ? (32, block.timestamp) : (reply.size, reply.word);
        assembly ("memory-safe") {
            let answer := mload(0x40)
            mstore(answer, word)
            if fails { revert(answer, size) }
            return(answer, size)
        }
    }
}
