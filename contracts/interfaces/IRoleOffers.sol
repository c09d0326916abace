// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Roles that are offered and accepted
/// @notice A role that a person or a multi-signature account holds is offered by an administrator and held by who accepts it:
///         a mistyped address, or a contract that can call nothing, never comes to hold one. The administrator's execution
///         delay comes before the offer, the role's grant delay after the acceptance.
interface IRoleOffers {
    /// @notice A role was offered; it replaces an offer of the same role to the same account.
    event RoleOffered(uint64 indexed roleId, address indexed account, uint32 executionDelay, address by);
    /// @notice An offer was taken back, declined, or ended with the revocation of the role; or what was accepted of it was called
    ///         off before it counted.
    event RoleOfferWithdrawn(uint64 indexed roleId, address indexed account, address by);
    /// @notice An administrator was revoked: no offer made before can be accepted.
    event RoleOffersVoided(address indexed administrator, address by);

    /// @dev Only `MARKET_SOURCE`, which contracts hold that can accept nothing, is granted.
    error RoleIsOffered(uint64 roleId);
    /// @dev Never offered, taken back, or lapsed; and nothing was accepted that does not count yet.
    error NothingOffered(uint64 roleId, address account);
    /// @dev Zero, or the authority itself.
    error BadReceiver(uint64 roleId, address account);
    /// @dev A single key, also one that delegates to code (EIP-7702). Test chains allow it.
    error AdministratorWithoutCode(address account);
    /// @dev Somebody has to be administrator at each moment.
    error LastAdministrator(address account);
    /// @dev Neither an administrator nor a guardian nor the receiver.
    error NotYourOffer(uint64 roleId, address account, address caller);
    /// @dev Administrators grant every role, and what may be called on the authority stays as it is.
    error RuleIsFixed();

    /// @notice Offers a role. Administrator role, with its execution delay, by `schedule` and `execute`, as `grantRole` was.
    /// @param roleId Any role.
    /// @param account Who may accept for 30 days. To become administrator it has to be a contract, but on test chains.
    /// @param executionDelay Seconds that the account's calls by this role have to be scheduled before. A member that accepts
    ///        changes its own: up at once, down after as many seconds as it goes down.
    function offerRole(uint64 roleId, address account, uint32 executionDelay) external;

    /// @notice The caller accepts what it was offered, and holds the role after the role's grant delay.
    function acceptRole(uint64 roleId) external;

    /// @notice Takes an offer back, at once, and what was accepted and does not count yet: a role before the grant delay is over, or
    ///         a member's lower execution delay before it begins. Any administrator or guardian, or the receiver.
    function withdrawOffer(uint64 roleId, address account) external;

    /// @notice What `account` can accept: zeros when nothing is offered.
    /// @return executionDelay See `offerRole`.
    /// @return lapsesAt First second at which it can no longer be accepted.
    function offerOf(uint64 roleId, address account) external view returns (uint32 executionDelay, uint48 lapsesAt);

    /// @notice Who is administrator or becomes it after the grant delay.
    function administrators() external view returns (address[] memory);
}
