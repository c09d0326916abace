// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IStrategyVault} from "../interfaces/IStrategyVault.sol";

/// @title Bounds of what a strategy vault is made with
/// @dev Apart from the vaults: they are near the size that a contract may have, and clones are checked by their factory.
library VaultSetup {
    /// @dev Shares that nobody can ever redeem: moving the price of the last ones costs a million times what it takes from others.
    uint256 internal constant LOCKED = 1e6;

    uint256 private constant MAX_DECIMALS = 18;

    function check(IStrategyVault.Setup memory setup) internal view {
        IStrategyVault.Terms memory terms = setup.terms;
        _between("managementFee", terms.managementFee, 0, 500);
        _between("performanceFee", terms.performanceFee, 0, 3_000);
        _between("seedShares", setup.seedShares, 100 * LOCKED, 2 ** 80);
        _between("dealingPeriod", terms.dealingPeriod, 1 minutes, 31 days);
        _between("transit", terms.transit, 0, 7 days);
        _between("maxLag", terms.maxLag, 1, 7 days);
        // What is taken back late makes snapshots until the running period's end useless; a later one is in time.
        _between("grace", terms.grace, Math.max(1 days, uint256(terms.dealingPeriod) + terms.maxLag), 180 days);
        _between("delay", terms.delay, 1 days, 60 days);
        _between("asset", IERC20Metadata(address(setup.asset)).decimals(), 0, MAX_DECIMALS);
        if (address(terms.assetFeed) != address(0)) {
            _between("assetFeed", terms.assetFeed.decimals(), 0, MAX_DECIMALS);
        }
        require(setup.owner != address(0), IStrategyVault.BadSetup("owner", 0));
        require(!takesFees(terms) || terms.feeReceiver != address(0), IStrategyVault.BadSetup("feeReceiver", 0));
    }

    function takesFees(IStrategyVault.Terms memory terms) internal pure returns (bool) {
        return terms.managementFee != 0 || terms.performanceFee != 0;
    }

    function _between(string memory what, uint256 value, uint256 least, uint256 most) private pure {
        require(value >= least && value <= most, IStrategyVault.BadSetup(what, value));
    }
}
