// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {HealthGate} from "../HealthGate.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";

/// @title A strategy that puts tokens to a venue while healthy, and that everybody may unwind once health lapses
contract GatedStrategy is HealthGate {
    using SafeERC20 for IERC20;

    IERC20 public immutable token;
    address public immutable manager;
    address public immutable venue;

    error NotManager(address caller);

    modifier onlyManager() {
        require(msg.sender == manager, NotManager(msg.sender));
        _;
    }

    constructor(IERC20 token_, address venue_, IHealthRegistry registry_, address subject_, bytes32 policy_)
        HealthGate(registry_, subject_, policy_)
    {
        (token, manager, venue) = (token_, msg.sender, venue_);
    }

    /// @notice Takes risk on: the manager, while healthy.
    function allocate(uint256 amount) external onlyManager whenHealthy {
        token.safeTransfer(venue, amount);
    }

    /// @notice Takes risk off: the manager, at all times.
    function unwind(uint256 amount) external onlyManager {
        token.safeTransferFrom(venue, address(this), amount);
    }

    /// @notice Takes all risk off: anybody, once health has lapsed.
    function unwindAll() external whenUnwindOnly {
        token.safeTransferFrom(venue, address(this), token.balanceOf(venue));
    }
}
