// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HealthGate} from "../HealthGate.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";

/// @title MorphoVaultGate: a Morpho Vault V2 takes deposits while its curator's portfolio is attested healthy
/// @notice To be set as `sendAssetsGate`, which deposits ask. Never as a gate of receiving or sending shares, or of receiving assets:
///         exits, and shares that come back from elsewhere, would wait for health.
/// @dev A gate of such a vault must not revert, nor take much gas.
contract MorphoVaultGate is HealthGate {
    /// @dev What a line needs that was tightened as often as one may be.
    uint256 private constant GAS = 200_000;

    constructor(IHealthRegistry registry_, address subject_, bytes32 policy_) HealthGate(registry_, subject_, policy_) {}

    /// @notice Whether a depositor may send assets to the vault now: all may, or none.
    function canSendAssets(address) external view returns (bool) {
        try this.isHealthy{gas: GAS}() returns (bool healthy) {
            return healthy;
        } catch {
            return false;
        }
    }
}
