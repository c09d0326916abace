// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {HealthGate} from "./HealthGate.sol";
import {IGatedVault} from "./interfaces/IGatedVault.sol";
import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";

/// @title GatedVault: ERC-4626 with deposits gated on health and withdrawals never
contract GatedVault is IGatedVault, ERC4626, HealthGate, ReentrancyGuard {
    constructor(
        IERC20 asset_,
        string memory name_,
        string memory symbol_,
        IHealthRegistry registry_,
        address subject_,
        bytes32 policy_
    ) ERC20(name_, symbol_) ERC4626(asset_) HealthGate(registry_, subject_, policy_) {}

    /// @inheritdoc IERC4626
    function deposit(uint256 assets, address receiver)
        public
        override(ERC4626, IERC4626)
        nonReentrant
        whenHealthy
        returns (uint256)
    {
        return super.deposit(assets, receiver);
    }

    /// @inheritdoc IERC4626
    function mint(uint256 shares, address receiver)
        public
        override(ERC4626, IERC4626)
        nonReentrant
        whenHealthy
        returns (uint256)
    {
        return super.mint(shares, receiver);
    }

    /// @inheritdoc IERC4626
    function withdraw(uint256 assets, address receiver, address owner)
        public
        override(ERC4626, IERC4626)
        nonReentrant
        returns (uint256)
    {
        return super.withdraw(assets, receiver, owner);
    }

    /// @inheritdoc IERC4626
    function redeem(uint256 shares, address receiver, address owner)
        public
        override(ERC4626, IERC4626)
        nonReentrant
        returns (uint256)
    {
        return super.redeem(shares, receiver, owner);
    }

    /// @inheritdoc IERC4626
    function maxDeposit(address receiver) public view override(ERC4626, IERC4626) returns (uint256) {
        return isHealthy() ? super.maxDeposit(receiver) : 0;
    }

    /// @inheritdoc IERC4626
    function maxMint(address receiver) public view override(ERC4626, IERC4626) returns (uint256) {
        return isHealthy() ? super.maxMint(receiver) : 0;
    }

    function _transferIn(address from, uint256 assets) internal override {
        uint256 before = totalAssets();
        super._transferIn(from, assets);
        uint256 received = totalAssets() - before;
        require(received >= assets, AssetShortfall(assets, received));
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }
}
