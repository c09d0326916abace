// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAggregatorV3} from "./IAggregatorV3.sol";
import {IMarketBook} from "./IMarketBook.sol";
import {IVerifierBook} from "./IVerifierBook.sol";

/// @title Market tables from price feeds: trust the feeds, not publishers
/// @notice The contract reads every price itself and builds the market's vector. Poseidon is too dear here, so whoever
///         brings the root proves with the `market-root` circuit that it is the root of just that vector. One accepted root
///         serves every subject. In the market book it is of the series that belongs to this contract and the universe, so a
///         policy that names the series names the feeds, their heartbeats and the factors.
interface IFeedMarket {
    /// @notice One instrument: a feed, or a fixed price where there is nothing to read (US dollars).
    struct Instrument {
        /// Answers in USD per unit; zero address for a fixed price.
        IAggregatorV3 feed;
        /// Seconds for which an answer is good; 0 with a fixed price.
        uint24 heartbeat;
        /// USD with 8 decimals; 0 with a feed.
        uint64 fixedPrice;
        /// USD with 8 decimals between which a feed's price lies, neither included: the bounds of its aggregator, or closer. 0
        /// with a fixed price.
        uint64 minPrice;
        uint64 maxPrice;
        /// Collateral factor in basis points, at most 10000; 0 unless funded.
        uint16 collateralFactor;
        /// The value is part of equity.
        bool funded;
        /// Dollar delta per unit is the price.
        bool exposed;
        /// Index into the universe's underlyings.
        uint8 underlying;
    }

    /// @notice An ordered list of instruments, as policies and sources know it by its two names.
    struct Universe {
        /// keccak256 of the market-root circuit's name.
        bytes32 circuit;
        /// Rows of that circuit; those behind the last instrument stay zero.
        uint16 capacity;
        /// Hash of the ordered names of underlyings, and of the ordered instruments: below r.
        uint256 underlyingsId;
        uint256 universeId;
        Instrument[] instruments;
    }

    /// @notice A universe was opened, of which tables are accepted from `liveAt` on. Feeds are bound to the decimals they have at
    ///         this moment.
    event UniverseOpened(bytes32 indexed id, uint256 indexed universeId, Universe universe, uint40 liveAt);
    /// @notice A guardian closed a universe, or called it off before it counted.
    event UniverseClosed(bytes32 indexed id, address indexed by, string reason);
    /// @notice A table was read from feeds, proven and accepted.
    event TableAccepted(bytes32 indexed id, uint256 indexed root, uint64 indexed asOf, uint256[] prices);

    error UnknownUniverse(bytes32 id);
    error UniverseExists(bytes32 id);
    error UniverseIsClosed(bytes32 id);
    error NoCircuit();
    error BadCapacity(uint256 instruments, uint16 capacity);
    error UniverseNotLiveYet(bytes32 id, uint40 liveAt);
    /// @dev On this chain prices stand still while the sequencer is down, and its uptime feed is not named.
    error SequencerNeeded(uint256 chainId);
    /// @dev No `decimals()`, or more than any feed has.
    error FeedWithoutDecimals(uint256 index, address feed);
    /// @dev Neither a feed with a heartbeat and bounds nor a fixed price, or both; or a factor that does not fit.
    error BadInstrument(uint256 index);
    error FeedFailed(uint256 index, address feed);
    error FeedAnswer(uint256 index, int256 answer);
    /// @dev `updatedAt` is after the table's time: the answer was not yet in force then.
    error FeedInFuture(uint256 index, uint256 updatedAt, uint64 asOf);
    error FeedStale(uint256 index, uint256 updatedAt, uint64 asOf, uint256 heartbeat);
    error FeedDecimals(uint256 index, uint8 expected, uint8 received);
    /// @dev The price is at or beyond the instrument's least or greatest.
    error PriceOutOfRange(uint256 index, uint256 price);
    error SequencerDown();
    error SequencerStarting(uint256 startedAt, uint256 graceEnd);
    error TableInFuture(uint64 asOf, uint256 now_);
    error RootRefused(bytes32 id, uint256 root, uint64 asOf);

    /// @notice Opens a universe. Market administrator role: whoever chooses the feeds chooses the prices. The contract's first
    ///         universe counts at once, every later one after `delay`.
    /// @return id keccak256(abi.encode(universe)).
    function open(Universe calldata universe) external returns (bytes32 id);

    /// @notice Closes a universe for ever, be it live or not yet. Guardian role.
    function close(bytes32 id, string calldata reason) external;

    /// @notice Reads the feeds, checks the proof and hands the root to the market book, with keccak256 of the vector as its
    ///         content; anybody may.
    /// @param id The universe.
    /// @param root The Poseidon root that is proven.
    /// @param asOf The table's time. Each feed's present answer must have been in force then and no older than its
    ///        heartbeat, so a table is of one moment; when a feed moves on, prove again.
    /// @param version Version of the circuit's verifier in the verifier book.
    /// @param proof See `IGroth16Verifier.verify`.
    function publish(bytes32 id, uint256 root, uint64 asOf, uint32 version, uint256[8] calldata proof) external;

    /// @notice The vector whose root `publish` would accept now: tag, asOf, the two names, prices, packed rows.
    function vectorOf(bytes32 id, uint64 asOf) external view returns (uint256[] memory);

    /// @notice First second at which tables of an open universe are accepted.
    function liveAtOf(bytes32 id) external view returns (uint40);

    /// @notice Seconds from opening a later universe until its tables are accepted.
    function delay() external view returns (uint40);

    /// @notice Where accepted tables go.
    function marketBook() external view returns (IMarketBook);

    /// @notice Where the verifiers of market-root proofs are.
    function verifierBook() external view returns (IVerifierBook);

    /// @notice The uptime feed of a layer-2 sequencer; zero on chains without one. Chains that are known to have one need it.
    function sequencer() external view returns (IAggregatorV3);

    /// @notice Seconds after the sequencer came back in which no table is accepted.
    function gracePeriod() external view returns (uint256);
}
