// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthGate} from "../interfaces/IHealthGate.sol";
import {IStrategyVault} from "../interfaces/IStrategyVault.sol";

/// @title VaultPowers: who may do what to a vault, and how long everybody sees it coming
abstract contract VaultPowers is IStrategyVault {
    Terms internal _terms;
    bool public depositsPaused;
    address public owner;
    address public offeredOwner;
    address public manager;
    IHealthGate private _gate;
    uint40 private _nextGateAt;
    IHealthGate private _nextGate;
    mapping(address custody => uint40) public custodyFrom;

    modifier onlyOwner() {
        require(msg.sender == owner, NotOwner(msg.sender));
        _;
    }

    modifier onlyManager() {
        require(msg.sender == manager, NotManager(msg.sender));
        _;
    }

    /// @inheritdoc IStrategyVault
    function announceGate(IHealthGate next) external onlyOwner {
        // Without one the next would count at once.
        require(address(next) != address(0), BadSetup("gate", 0));
        IHealthGate current = gate();
        uint40 liveAt = _liveAt(address(current) == address(0) || address(next) == address(current));
        (_gate, _nextGate, _nextGateAt) = (current, next, liveAt);
        emit GateAnnounced(next, liveAt);
    }

    /// @inheritdoc IStrategyVault
    function announceCustody(address custody) external onlyOwner {
        _listCustody(custody, _liveAt(false));
    }

    /// @inheritdoc IStrategyVault
    function removeCustody(address custody) external onlyOwner {
        require(custodyFrom[custody] != 0, NotCustody(custody));
        delete custodyFrom[custody];
        emit CustodyRemoved(custody);
    }

    /// @inheritdoc IStrategyVault
    function pauseDeposits(bool paused) external onlyManager {
        depositsPaused = paused;
        emit DepositsPaused(paused);
    }

    /// @inheritdoc IStrategyVault
    function setManager(address next) external onlyOwner {
        manager = next;
        emit ManagerChanged(next);
    }

    /// @inheritdoc IStrategyVault
    function offerOwner(address next) external onlyOwner {
        offeredOwner = next;
        emit OwnerOffered(next);
    }

    /// @inheritdoc IStrategyVault
    function acceptOwner() external {
        require(msg.sender == offeredOwner, NotOwner(msg.sender));
        (owner, offeredOwner) = (msg.sender, address(0));
        emit OwnerChanged(msg.sender);
    }

    /// @inheritdoc IStrategyVault
    function lowerFees(uint16 management, uint16 performance) external onlyOwner {
        bool lower = management <= _terms.managementFee && performance <= _terms.performanceFee;
        require(lower, FeesNotLower(management, performance));
        (_terms.managementFee, _terms.performanceFee) = (management, performance);
        emit FeesLowered(management, performance);
    }

    /// @inheritdoc IStrategyVault
    function terms() external view returns (Terms memory) {
        return _terms;
    }

    /// @inheritdoc IStrategyVault
    function pendingGate() external view returns (IHealthGate, uint40) {
        return block.timestamp < _nextGateAt ? (_nextGate, _nextGateAt) : (IHealthGate(address(0)), 0);
    }

    /// @inheritdoc IStrategyVault
    function isHealthy() public view returns (bool) {
        IHealthGate current = gate();
        return address(current) != address(0) && current.isHealthy();
    }

    /// @inheritdoc IStrategyVault
    function gate() public view returns (IHealthGate) {
        return _nextGateAt != 0 && block.timestamp >= _nextGateAt ? _nextGate : _gate;
    }

    function _setUpPowers(Setup memory setup) internal {
        _terms = setup.terms;
        (owner, manager, _gate) = (setup.owner, setup.manager, setup.gate);
        _listCustody(setup.custody, uint40(block.timestamp));
    }

    function _checkCustody(address custody) internal view {
        uint40 liveAt = custodyFrom[custody];
        require(liveAt != 0 && block.timestamp >= liveAt, NotCustody(custody));
    }

    function _listCustody(address custody, uint40 liveAt) private {
        bool isFit = custody != address(0) && custody != address(this) && custodyFrom[custody] == 0;
        require(isFit, BadCustody(custody));
        custodyFrom[custody] = liveAt;
        emit CustodyAnnounced(custody, liveAt);
    }

    function _liveAt(bool atOnce) private view returns (uint40) {
        return uint40(block.timestamp) + (atOnce ? 0 : _terms.delay);
    }
}
