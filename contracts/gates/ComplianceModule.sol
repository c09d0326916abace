// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HealthGate} from "../HealthGate.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";

/// @title ComplianceModule: shares of an ERC-3643 fund are issued while its portfolio is attested healthy
/// @notice Transfers between holders, and redemptions, never wait for health.
contract ComplianceModule is HealthGate {
    mapping(address compliance => bool) public isComplianceBound;

    event ComplianceBound(address indexed compliance);
    event ComplianceUnbound(address indexed compliance);

    error NotCompliance(address caller);

    constructor(IHealthRegistry registry_, address subject_, bytes32 policy_) HealthGate(registry_, subject_, policy_) {}

    function bindCompliance(address compliance) external {
        require(msg.sender == compliance && !isComplianceBound[compliance], NotCompliance(msg.sender));
        isComplianceBound[compliance] = true;
        emit ComplianceBound(compliance);
    }

    function unbindCompliance(address compliance) external {
        require(msg.sender == compliance && isComplianceBound[compliance], NotCompliance(msg.sender));
        isComplianceBound[compliance] = false;
        emit ComplianceUnbound(compliance);
    }

    function moduleTransferAction(address, address, uint256) external {}

    function moduleMintAction(address, uint256) external {}

    function moduleBurnAction(address, uint256) external {}

    /// @notice Whether a transfer may be: the one from nobody, which issues shares, while healthy.
    function moduleCheck(address from, address, uint256, address) external view returns (bool) {
        return from != address(0) || isHealthy();
    }

    function canComplianceBind(address) external pure returns (bool) {
        return true;
    }

    function isPlugAndPlay() external pure returns (bool) {
        return true;
    }

    function name() external pure returns (string memory) {
        return "KeelHealthModule";
    }
}
