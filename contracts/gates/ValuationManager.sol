// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {HealthGate} from "../HealthGate.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";
import {ILagoonVault} from "../interfaces/ILagoonVault.sol";
import {INavSource} from "../interfaces/INavSource.sol";

/// @title ValuationManager: a Lagoon vault is valued by proofs, and by nothing else
/// @notice To be set as the vault's valuation manager. For vaults whose asset is a dollar; the policy's units are the vault's shares,
///         rounded up: a snapshot from before a settlement does not have what was settled, and is not proposed after it.
contract ValuationManager is HealthGate {
    ILagoonVault public immutable vault;
    /// @dev Of the value, with two decimals more than it has, for one of the asset's; at most 18 of those.
    uint256 private immutable _scale;
    /// @dev The smallest part of a share for one of a unit.
    uint256 private immutable _partsOfUnit;
    /// @notice Snapshot of the last proposal.
    uint40 public proposedAsOf;

    error NothingProven(uint40 asOf);

    constructor(ILagoonVault vault_, uint8 assetDecimals, IHealthRegistry registry_, address subject_, bytes32 policy_)
        HealthGate(registry_, subject_, policy_)
    {
        vault = vault_;
        _scale = 10 ** (18 - assetDecimals);
        _partsOfUnit = 10 ** (vault_.decimals() - 8);
    }

    /// @notice Proposes the proven value, once for each snapshot. Anybody may.
    function propose() external returns (uint256 totalAssets) {
        INavSource.NavRecord memory nav = INavSource(address(registry)).navOf(subject, policyId());
        uint256 supply = vault.totalSupply();
        bool isOfNow = supply == 0 || nav.units == Math.ceilDiv(supply, _partsOfUnit);
        require(nav.live && isOfNow && nav.units != 0 && nav.asOf > proposedAsOf, NothingProven(nav.asOf));
        proposedAsOf = nav.asOf;
        totalAssets = (nav.value * 100) / _scale;
        vault.updateNewTotalAssets(totalAssets);
    }
}
