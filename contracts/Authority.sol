// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {IRoleOffers} from "./interfaces/IRoleOffers.sol";
import {TestChains} from "./lib/TestChains.sol";

/// @title Authority: the OpenZeppelin AccessManager of a Keel deployment, with its roles by name
/// @notice Role 0 (`ADMIN_ROLE`) offers the others and is meant for a multi-signature account. There is always somebody who
///         holds it. Guardians call off whatever is scheduled, or accepted and not in force, except their own revocation: they
///         buy time, and the administrator has the last word.
contract Authority is IRoleOffers, AccessManager {
    using EnumerableSet for EnumerableSet.AddressSet;

    struct Offer {
        uint32 executionDelay;
        /// First second at which it can no longer be accepted; 0 when nothing is offered.
        uint48 lapsesAt;
        /// How many administrators had been revoked.
        uint64 round;
    }

    /// @notice Stops things: closes records, retires verifiers, withdraws markets, closes universes, calls off what is
    ///         announced, scheduled or offered. Opens only what it closed. Takes a tightening back, and lets a subject that lost
    ///         its state start its drawdown chain over.
    uint64 public constant GUARDIAN = 1;
    /// @notice Adds verifiers, which take effect after the book's delay.
    uint64 public constant VERIFIER_ADMIN = 2;
    /// @notice Announces the market's publishers and opens universes of feeds, which count after a delay.
    uint64 public constant MARKET_ADMIN = 3;
    /// @notice Opens and moves policy lines: tightening at once, anything else after the book's delay.
    uint64 public constant CURATOR = 4;
    /// @notice Contracts whose market tables the market book accepts on their word. Granted, not offered.
    uint64 public constant MARKET_SOURCE = 5;

    /// @dev How long an offer stands.
    uint48 private constant OFFER_LIFE = 30 days;

    mapping(uint64 roleId => mapping(address account => Offer)) private _offers;
    EnumerableSet.AddressSet private _administrators;
    uint64 private _round;

    constructor(address initialAdmin) AccessManager(initialAdmin) {
        string[5] memory labels = ["GUARDIAN", "VERIFIER_ADMIN", "MARKET_ADMIN", "CURATOR", "MARKET_SOURCE"];
        for (uint64 role = GUARDIAN; role <= MARKET_SOURCE; ++role) {
            emit RoleLabel(role, labels[role - 1]);
            _setRoleGuardian(role, GUARDIAN);
        }
    }

    /// @inheritdoc IRoleOffers
    function offerRole(uint64 roleId, address account, uint32 executionDelay) external onlyAuthorized {
        if (roleId == PUBLIC_ROLE) revert AccessManagerLockedRole(roleId);
        require(account != address(0) && account != address(this), BadReceiver(roleId, account));
        _checkReceiver(roleId, account);
        _offers[roleId][account] = Offer(executionDelay, uint48(block.timestamp) + OFFER_LIFE, _round);
        emit RoleOffered(roleId, account, executionDelay, msg.sender);
    }

    /// @inheritdoc IRoleOffers
    function acceptRole(uint64 roleId) external {
        (uint32 executionDelay, uint48 lapsesAt) = offerOf(roleId, msg.sender);
        require(lapsesAt != 0, NothingOffered(roleId, msg.sender));
        _checkReceiver(roleId, msg.sender);
        delete _offers[roleId][msg.sender];
        _grantRole(roleId, msg.sender, getRoleGrantDelay(roleId), executionDelay);
    }

    /// @inheritdoc IRoleOffers
    function withdrawOffer(uint64 roleId, address account) external {
        bool may = msg.sender == account || _holds(ADMIN_ROLE, msg.sender) || _holds(GUARDIAN, msg.sender);
        require(may, NotYourOffer(roleId, account, msg.sender));
        (, uint48 lapsesAt) = offerOf(roleId, account);
        _forget(roleId, account);
        require(_stop(roleId, account) || lapsesAt != 0, NothingOffered(roleId, account));
    }

    /// @inheritdoc IRoleOffers
    function administrators() external view returns (address[] memory) {
        return _administrators.values();
    }

    /// @notice Gives `MARKET_SOURCE` to a contract. Every other role is offered.
    function grantRole(uint64 roleId, address account, uint32 executionDelay) public override {
        require(roleId == MARKET_SOURCE, RoleIsOffered(roleId));
        super.grantRole(roleId, account, executionDelay);
    }

    /// @notice Takes a role, and what is offered of it. The last administrator stays.
    /// @dev What an administrator that is taken out offered is void with it. Nobody can tell whose an offer was, so all are.
    function revokeRole(uint64 roleId, address account) public override {
        super.revokeRole(roleId, account);
        if (roleId != ADMIN_ROLE) return;
        ++_round;
        emit RoleOffersVoided(account, msg.sender);
    }

    /// @inheritdoc IRoleOffers
    function offerOf(uint64 roleId, address account)
        public
        view
        returns (uint32 executionDelay, uint48 lapsesAt)
    {
        Offer storage offer = _offers[roleId][account];
        if (block.timestamp >= offer.lapsesAt || offer.round != _round) return (0, 0);
        return (offer.executionDelay, offer.lapsesAt);
    }

    function _grantRole(uint64 roleId, address account, uint32 grantDelay, uint32 executionDelay)
        internal
        override
        returns (bool)
    {
        if (roleId == ADMIN_ROLE) _administrators.add(account);
        return super._grantRole(roleId, account, grantDelay, executionDelay);
    }

    /// @dev An offer must not bring back what was taken or given up.
    function _revokeRole(uint64 roleId, address account) internal override returns (bool revoked) {
        revoked = super._revokeRole(roleId, account);
        if (_offers[roleId][account].lapsesAt != 0) _forget(roleId, account);
        if (roleId != ADMIN_ROLE || !revoked) return revoked;
        _administrators.remove(account);
        require(_hasAdministrator(), LastAdministrator(account));
    }

    function _setRoleAdmin(uint64, uint64) internal pure override {
        revert RuleIsFixed();
    }

    function _setTargetFunctionRole(address target, bytes4 selector, uint64 roleId) internal override {
        require(target != address(this), RuleIsFixed());
        super._setTargetFunctionRole(target, selector, roleId);
    }

    /// @dev Guardians call off any operation but the one that ends a guardian.
    function _canCancel(address caller, address target, bytes calldata data) internal view override returns (bool) {
        if (super._canCancel(caller, target, data)) return true;
        return _holds(GUARDIAN, msg.sender) && !_endsGuardian(target, data);
    }

    /// @dev Ends what was accepted and does not count yet: a membership, or a lower execution delay of a member.
    function _stop(uint64 roleId, address account) private returns (bool) {
        (uint48 since, uint32 executionDelay,, uint48 lowerFrom) = getAccess(roleId, account);
        if (since > block.timestamp) return _revokeRole(roleId, account);
        if (lowerFrom == 0) return false;
        super._grantRole(roleId, account, 0, executionDelay);
        return true;
    }

    function _forget(uint64 roleId, address account) private {
        delete _offers[roleId][account];
        emit RoleOfferWithdrawn(roleId, account, msg.sender);
    }

    function _endsGuardian(address target, bytes calldata data) private view returns (bool) {
        if (target != address(this) || bytes4(data) != this.revokeRole.selector) return false;
        return data.length >= 36 && uint256(bytes32(data[4:36])) == GUARDIAN;
    }

    /// @dev A key that delegates to code (EIP-7702) has code of 23 bytes, 0xef0100 and an address, and is still a key.
    function _checkReceiver(uint64 roleId, address account) private view {
        if (roleId != ADMIN_ROLE || TestChains.has(block.chainid)) return;
        uint256 size = account.code.length;
        bool isKey = size == 0 || (size == 23 && bytes3(account.code) == 0xef0100);
        require(!isKey, AdministratorWithoutCode(account));
    }

    function _hasAdministrator() private view returns (bool) {
        for (uint256 i = 0; i < _administrators.length(); ++i) {
            if (_holds(ADMIN_ROLE, _administrators.at(i))) return true;
        }
        return false;
    }

    function _holds(uint64 roleId, address account) private view returns (bool holds) {
        (holds,) = hasRole(roleId, account);
    }
}
