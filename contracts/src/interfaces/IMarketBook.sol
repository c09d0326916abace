// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Accepted market tables
/// @notice A market table enters by the EIP-712 signatures of k of n publishers over `MarketTable(uint256 root,
///         uint64 asOf)`, which anybody may bring, or from a contract with the market source role, such as the feed
///         market. A root may be accepted at several times.
interface IMarketBook {
    enum Standing {
        Unknown,
        Accepted,
        Withdrawn
    }

    /// @notice A market table was accepted.
    event MarketAccepted(uint256 indexed root, uint64 indexed asOf, address[] signers);
    /// @notice A market table was accepted from a contract with the market source role.
    event MarketAcceptedFrom(uint256 indexed root, uint64 indexed asOf, address indexed source);
    /// @notice A guardian withdrew a market table; attestations that used it can be revoked one by one.
    event MarketWithdrawn(uint256 indexed root, uint64 indexed asOf, address indexed by, string reason);
    /// @notice The publishers or their threshold changed.
    event PublishersSet(address[] publishers, uint256 threshold);

    error MarketInFuture(uint64 asOf, uint256 now_);
    error MarketStale(uint64 asOf, uint256 age, uint256 maxDelay);
    error MarketAlreadyWithdrawn(uint256 root, uint64 asOf);
    error TooFewSignatures(uint256 received, uint256 threshold);
    error NotPublisher(address signer);
    /// @dev Signatures are sorted by signer, ascending, each signer once.
    error SignersNotAscending(address previous, address next);
    error PublishersNotAscending(address previous, address next);
    error BadThreshold(uint256 threshold, uint256 publishers);
    error ZeroMaxDelay();

    /// @notice Accepts a market table signed by at least `threshold` publishers.
    /// @param root Poseidon root of the table, non-zero, below r.
    /// @param asOf The table's time in unix seconds; not in the future and at most `maxDelay` old.
    /// @param signatures 65-byte signatures (r, s, v), sorted by signer, no signer twice.
    /// @dev Accepting an accepted table again changes nothing; a withdrawn one never comes back.
    function publish(uint256 root, uint64 asOf, bytes[] calldata signatures) external;

    /// @notice Accepts a market table on a contract's word, as `publish` does on signatures. Market source role.
    function accept(uint256 root, uint64 asOf) external;

    /// @notice Withdraws a wrong market table: no new attestation can use it. Guardian role.
    /// @dev A table that was not accepted yet can be withdrawn in advance.
    function withdraw(uint256 root, uint64 asOf, string calldata reason) external;

    /// @notice Replaces the publishers. Market administrator role.
    /// @param publishers Ascending, no zero address, no address twice.
    /// @param threshold How many must sign: from 1 to all of them.
    function setPublishers(address[] calldata publishers, uint256 threshold) external;

    /// @notice Whether the table `root` at `asOf` may be used in an attestation.
    function isAccepted(uint256 root, uint64 asOf) external view returns (bool);

    /// @notice What was decided about a table.
    function standingOf(uint256 root, uint64 asOf) external view returns (Standing);

    /// @notice Who signs market tables, ascending.
    function publishers() external view returns (address[] memory);

    /// @notice Whether `account` signs market tables.
    function isPublisher(address account) external view returns (bool);

    /// @notice How many publishers have to sign.
    function threshold() external view returns (uint256);

    /// @notice Seconds after its time for which a table can be published.
    function maxDelay() external view returns (uint256);

    /// @notice The EIP-712 digest that publishers sign.
    function digestOf(uint256 root, uint64 asOf) external view returns (bytes32);
}
