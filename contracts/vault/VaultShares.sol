// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";

/// @title VaultShares: a share token that remembers its supply by timestamps, so that a policy can name it as its source of units
/// @dev Shares have 8 decimals, as units have: a policy's units and the supply are the same number, and nothing is rounded.
abstract contract VaultShares is ERC20, IERC6372 {
    /// @dev ERC-5805: the supply of the running second can still change.
    error ERC5805FutureLookup(uint256 timepoint, uint48 clock);

    ShortString private _label;
    ShortString private _ticker;

    /// @notice Total supply at the end of a second that has passed.
    function getPastTotalSupply(uint256 timepoint) external view returns (uint256) {
        require(timepoint < clock(), ERC5805FutureLookup(timepoint, clock()));
        return _supplyAt(timepoint);
    }

    /// @inheritdoc ERC20
    function name() public view virtual override returns (string memory) {
        return ShortStrings.toString(_label);
    }

    /// @inheritdoc ERC20
    function symbol() public view virtual override returns (string memory) {
        return ShortStrings.toString(_ticker);
    }

    /// @inheritdoc IERC6372
    function clock() public view returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @inheritdoc ERC20
    function decimals() public pure virtual override returns (uint8) {
        return 8;
    }

    /// @inheritdoc IERC6372
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure returns (string memory) {
        return "mode=timestamp";
    }

    /// @dev Kept in storage, so that clones have names of their own.
    function _nameShares(ShortString name_, ShortString symbol_) internal {
        (_label, _ticker) = (name_, symbol_);
    }

    function _supplyAt(uint256 time) internal view virtual returns (uint256);
}
