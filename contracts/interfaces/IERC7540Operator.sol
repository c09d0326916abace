// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ERC-7540: accounts that act for others. ERC-165 id 0xe3bc4e65
interface IERC7540Operator {
    /// @notice `controller` let `operator` act for it, or no longer.
    event OperatorSet(address indexed controller, address indexed operator, bool approved);

    /// @notice Whether `operator` may make and claim requests for `controller`.
    function isOperator(address controller, address operator) external view returns (bool status);

    /// @notice Lets `operator` act for the caller, or no longer.
    function setOperator(address operator, bool approved) external returns (bool);
}
