// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockHealthRegistry} from "@keel/contracts/test/MockHealthRegistry.sol";
import {IHealthRegistry} from "@keel/contracts/interfaces/IHealthRegistry.sol";
import {Vault} from "../contracts/Vault.sol";

contract VaultTest {
    MockHealthRegistry private _registry = new MockHealthRegistry();
    Vault private _vault = new Vault(IHealthRegistry(address(_registry)), address(1), bytes32(uint256(2)));

    function test_opensOnlyWhileHealthy() external {
        try _vault.take() {
            revert("open without health");
        } catch {}
        _registry.setHealthy(address(1), bytes32(uint256(2)), uint40(block.timestamp), uint40(block.timestamp + 60));
        _vault.take();
        require(_vault.taken() == 1, "not taken");
    }
}
