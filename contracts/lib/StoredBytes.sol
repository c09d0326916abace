// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Bytes that never change, as the code of a contract that does nothing
/// @dev Reading costs one cold account, whatever the length; slots cost one cold read for each 32 bytes.
library StoredBytes {
    /// @dev STOP before the bytes: whoever calls them runs nothing.
    uint256 private constant PREFIX = 1;

    error NotStored();

    /// @param data Below 24,576 bytes, the longest code.
    function write(bytes memory data) internal returns (address at) {
        // PUSH2 size, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN, and what is copied: ten bytes, then STOP and the data.
        bytes memory creation =
            abi.encodePacked(hex"61", uint16(data.length + PREFIX), hex"80600a5f395ff300", data);
        assembly ("memory-safe") {
            at := create(0, add(creation, 0x20), mload(creation))
        }
        require(at != address(0), NotStored());
    }

    function read(address at) internal view returns (bytes memory data) {
        uint256 length = at.code.length - PREFIX;
        data = new bytes(length);
        assembly ("memory-safe") {
            extcodecopy(at, add(data, 0x20), PREFIX, length)
        }
    }
}
