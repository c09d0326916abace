// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What `gates/EulerHook.sol` asks Euler's factory
interface IEulerFactory {
    /// @notice Whether the factory made this vault.
    function isProxy(address proxy) external view returns (bool);
}
