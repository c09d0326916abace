// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Accepted market and returns tables, each of a series
/// @notice A series is what tables of different times have in common: which instruments, at which factors, from whom. Its id
///         is one byte of kind and 31 bytes of a hash (`lib/Series.sol`); a policy names the series that it is about, so
///         nobody can choose a kinder table. A table enters by the EIP-712 signatures of k of n publishers over
///         `MarketTable(bytes32 series,uint256 root,uint64 asOf,bytes32 contentHash)`, which anybody may bring, or from a
///         contract with the market source role, such as the feed market, and then only into that contract's own series.
///         A root may be accepted at several times; the same root in two series is two tables.
interface IMarketBook {
    enum Standing {
        Unknown,
        Accepted,
        Withdrawn
    }

    /// @notice A publisher's signature of a table.
    struct Signed {
        address signer;
        /// 65 bytes r, s, v of a key; of a contract whatever its ERC-1271 function wants.
        bytes signature;
    }

    /// @notice A table was accepted. `contentHash` is keccak256 of its file's canonical text: who has the file can show that it
    ///         is the one.
    event MarketAccepted(
        bytes32 indexed series, uint256 indexed root, uint64 indexed asOf, bytes32 contentHash, address[] signers
    );
    /// @notice A table was accepted from a contract with the market source role. `contentHash` is keccak256 of what it read.
    event MarketAcceptedFrom(
        bytes32 indexed series, uint256 indexed root, uint64 indexed asOf, bytes32 contentHash, address source
    );
    /// @notice A guardian withdrew a table; what rests on it can be voided by anybody.
    event MarketWithdrawn(
        bytes32 indexed series, uint256 indexed root, uint64 indexed asOf, address by, string reason
    );
    /// @notice The publishers with which the book begins.
    event PublishersSet(address[] publishers, uint256 threshold);
    /// @notice Other publishers sign tables from `liveAt` on, unless this is called off. It replaces what was announced and is
    ///         not in force yet.
    event PublishersAnnounced(address[] publishers, uint256 threshold, uint40 liveAt);
    /// @notice The announced publishers were called off.
    event PublishersCancelled(address indexed by);

    error MarketInFuture(uint64 asOf, uint256 now_);
    error MarketStale(uint64 asOf, uint256 age, uint256 maxDelay);
    error MarketAlreadyWithdrawn(bytes32 series, uint256 root, uint64 asOf);
    /// @dev Publishers sign for series of publishers' markets and of returns only.
    error NotPublishable(bytes32 series);
    /// @dev Of no kind that there are tables of.
    error UnknownSeries(bytes32 series);
    error TooFewSignatures(uint256 received, uint256 threshold);
    error NotPublisher(address signer);
    /// @dev Neither the key of the address nor the contract there signed just this table.
    error WrongSignature(address signer);
    error NoPublishersAnnounced();
    /// @dev Signatures are sorted by signer, ascending, each signer once.
    error SignersNotAscending(address previous, address next);
    error PublishersNotAscending(address previous, address next);
    error BadThreshold(uint256 threshold, uint256 publishers);
    error ZeroMaxDelay();

    /// @notice Accepts a table signed by at least `threshold` publishers.
    /// @param series A series of publishers' markets (0x01) or of returns (0x03).
    /// @param root Poseidon root of the table, non-zero, below r.
    /// @param asOf The table's time in unix seconds; not in the future and at most `maxDelay` old.
    /// @param contentHash keccak256 of the canonical text of the table's file.
    /// @param signatures Sorted by signer, no signer twice.
    /// @dev Accepting an accepted table again changes nothing; a withdrawn one never comes back.
    function publish(bytes32 series, uint256 root, uint64 asOf, bytes32 contentHash, Signed[] calldata signatures)
        external;

    /// @notice Accepts a market table on a contract's word, as `publish` does on signatures. Market source role.
    /// @param id The source's own name for what it reads; the series is `seriesOf(msg.sender, id)`.
    function accept(bytes32 id, uint256 root, uint64 asOf, bytes32 contentHash) external;

    /// @notice Withdraws a wrong table: no new attestation can use it, and anybody can void those that did. Guardian role.
    /// @dev A table that was not accepted yet can be withdrawn in advance; what could not be a table is refused.
    function withdraw(bytes32 series, uint256 root, uint64 asOf, string calldata reason) external;

    /// @notice Announces other publishers, who replace the present ones after `delay`. Market administrator role. Replaces
    ///         what was announced and is not in force yet, and the delay begins anew.
    /// @param publishers Ascending, no zero address, no address twice. Keys or ERC-1271 contracts.
    /// @param threshold How many must sign: from 1 to all of them.
    function announcePublishers(address[] calldata publishers, uint256 threshold) external;

    /// @notice Calls off the announced publishers. Guardian role.
    function cancelPublishers() external;

    /// @notice Whether the table `root` at `asOf` of a series may be used in an attestation.
    function isAccepted(bytes32 series, uint256 root, uint64 asOf) external view returns (bool);

    /// @notice What was decided about a table.
    function standingOf(bytes32 series, uint256 root, uint64 asOf) external view returns (Standing);

    /// @notice The series (0x02) of what a contract with the market source role reads under its name `id`.
    function seriesOf(address source, bytes32 id) external pure returns (bytes32 series);

    /// @notice Who signs market tables, ascending.
    function publishers() external view returns (address[] memory);

    /// @notice Who is announced, how many of them must sign, and the first second at which they count; empty and zeros when
    ///         nothing is announced that is not in force yet.
    function pendingPublishers()
        external
        view
        returns (address[] memory publishers, uint256 threshold, uint40 liveAt);

    /// @notice Whether `account` signs market tables.
    function isPublisher(address account) external view returns (bool);

    /// @notice How many publishers have to sign.
    function threshold() external view returns (uint256);

    /// @notice Seconds from the announcement of other publishers until they count.
    function delay() external view returns (uint40);

    /// @notice Seconds after its time for which a table can be published.
    function maxDelay() external view returns (uint256);

    /// @notice The EIP-712 digest that publishers sign.
    function digestOf(bytes32 series, uint256 root, uint64 asOf, bytes32 contentHash) external view returns (bytes32);
}
