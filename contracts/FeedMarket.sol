// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";
import {IFeedMarket} from "./interfaces/IFeedMarket.sol";
import {IGroth16Verifier} from "./interfaces/IGroth16Verifier.sol";
import {IMarketBook} from "./interfaces/IMarketBook.sol";
import {IVerifierBook} from "./interfaces/IVerifierBook.sol";
import {Bn254} from "./lib/Bn254.sol";
import {Digest} from "./lib/Digest.sol";
import {MarketRows} from "./lib/MarketRows.sol";
import {Sequencers} from "./lib/Sequencers.sol";

/// @title FeedMarket: market tables that the contract itself read from price feeds
contract FeedMarket is IFeedMarket, AccessManaged {
    /// @dev What is left of an instrument once its row is packed; two slots.
    struct Source {
        IAggregatorV3 feed;
        uint24 heartbeat;
        uint8 decimals;
        uint64 fixedPrice;
        uint64 minPrice;
        uint64 maxPrice;
    }

    struct Entry {
        bytes32 circuit;
        uint256 underlyingsId;
        uint256 universeId;
        uint16 capacity;
        bool closed;
        uint40 liveAt;
        Source[] sources;
        uint256[] rows;
    }

    /// @dev More decimals or larger answers than any feed has; within them no conversion overflows.
    uint8 private constant MAX_DECIMALS = 36;
    int256 private constant MAX_ANSWER = int256(uint256(type(uint160).max));

    /// @inheritdoc IFeedMarket
    IMarketBook public immutable marketBook;
    /// @inheritdoc IFeedMarket
    IVerifierBook public immutable verifierBook;
    /// @inheritdoc IFeedMarket
    IAggregatorV3 public immutable sequencer;
    /// @inheritdoc IFeedMarket
    uint256 public immutable gracePeriod;
    /// @inheritdoc IFeedMarket
    uint40 public immutable delay;

    mapping(bytes32 id => Entry) private _entries;
    /// @dev Whether a universe was ever opened.
    bool private _begun;

    constructor(
        address authority,
        IMarketBook marketBook_,
        IVerifierBook verifierBook_,
        IAggregatorV3 sequencer_,
        uint256 gracePeriod_,
        uint40 delay_
    ) AccessManaged(authority) {
        bool isNamed = address(sequencer_) != address(0);
        require(isNamed || !Sequencers.isOf(block.chainid), SequencerNeeded(block.chainid));
        (marketBook, verifierBook, sequencer, gracePeriod) = (marketBook_, verifierBook_, sequencer_, gracePeriod_);
        delay = delay_;
    }

    /// @inheritdoc IFeedMarket
    function open(Universe calldata universe) external restricted returns (bytes32 id) {
        id = keccak256(abi.encode(universe));
        require(_entries[id].circuit == 0, UniverseExists(id));
        _check(universe);
        uint40 liveAt = uint40(block.timestamp) + (_begun ? delay : 0);
        _begun = true;
        _store(_entries[id], universe, liveAt);
        emit UniverseOpened(id, universe.universeId, universe, liveAt);
    }

    /// @inheritdoc IFeedMarket
    function close(bytes32 id, string calldata reason) external restricted {
        _find(id).closed = true;
        emit UniverseClosed(id, msg.sender, reason);
    }

    /// @inheritdoc IFeedMarket
    function publish(bytes32 id, uint256 root, uint64 asOf, uint32 version, uint256[8] calldata proof) external {
        Bn254.checkRoot(root);
        Entry storage entry = _findLive(id);
        uint256[] memory prices = _prices(entry, asOf);
        uint256[] memory vector = _vector(entry, asOf, prices);
        (uint256 x, uint256 y) = Digest.fold(root, vector);
        IGroth16Verifier verifier = verifierBook.verifierOf(entry.circuit, version);
        require(verifier.verify(proof, [root, x, y]), RootRefused(id, root, asOf));
        marketBook.accept(id, root, asOf, keccak256(abi.encodePacked(vector)));
        emit TableAccepted(id, root, asOf, prices);
    }

    /// @inheritdoc IFeedMarket
    function vectorOf(bytes32 id, uint64 asOf) external view returns (uint256[] memory) {
        Entry storage entry = _findLive(id);
        return _vector(entry, asOf, _prices(entry, asOf));
    }

    /// @inheritdoc IFeedMarket
    function liveAtOf(bytes32 id) external view returns (uint40) {
        return _find(id).liveAt;
    }

    function _store(Entry storage entry, Universe calldata universe, uint40 liveAt) private {
        entry.liveAt = liveAt;
        entry.circuit = universe.circuit;
        entry.underlyingsId = universe.underlyingsId;
        entry.universeId = universe.universeId;
        entry.capacity = universe.capacity;
        entry.rows = MarketRows.pack(universe.instruments, universe.capacity);
        for (uint256 i = 0; i < universe.instruments.length; ++i) {
            Instrument calldata row = universe.instruments[i];
            uint8 decimals = address(row.feed) == address(0) ? 0 : _decimalsOf(i, row.feed);
            entry.sources.push(
                Source(row.feed, row.heartbeat, decimals, row.fixedPrice, row.minPrice, row.maxPrice)
            );
        }
    }

    function _findLive(bytes32 id) private view returns (Entry storage entry) {
        entry = _find(id);
        require(block.timestamp >= entry.liveAt, UniverseNotLiveYet(id, entry.liveAt));
    }

    function _find(bytes32 id) private view returns (Entry storage entry) {
        entry = _entries[id];
        require(entry.circuit != 0, UnknownUniverse(id));
        require(!entry.closed, UniverseIsClosed(id));
    }

    function _prices(Entry storage entry, uint64 asOf) private view returns (uint256[] memory prices) {
        require(asOf <= block.timestamp, TableInFuture(asOf, block.timestamp));
        _checkSequencer();
        prices = new uint256[](entry.capacity);
        for (uint256 i = 0; i < entry.sources.length; ++i) {
            Source memory source = entry.sources[i];
            prices[i] = address(source.feed) == address(0) ? source.fixedPrice : _read(i, source, asOf);
        }
    }

    /// @dev USD with 8 decimals, from whatever the feed has; further decimals are cut off. An aggregator with bounds answers the
    ///      bound when the true price is beyond it, so the bounds themselves are no prices.
    function _read(uint256 index, Source memory source, uint64 asOf) private view returns (uint256 price) {
        (int256 answer, uint256 updatedAt) = _latest(index, source.feed);
        uint8 decimals = _decimalsOf(index, source.feed);
        require(decimals == source.decimals, FeedDecimals(index, source.decimals, decimals));
        require(answer > 0 && updatedAt != 0, FeedAnswer(index, answer));
        require(updatedAt <= asOf, FeedInFuture(index, updatedAt, asOf));
        require(asOf - updatedAt <= source.heartbeat, FeedStale(index, updatedAt, asOf, source.heartbeat));
        require(answer <= MAX_ANSWER, PriceOutOfRange(index, uint256(answer)));
        price = MarketRows.toUsd8(uint256(answer), decimals);
        require(price > source.minPrice && price < source.maxPrice, PriceOutOfRange(index, price));
    }

    function _latest(uint256 index, IAggregatorV3 feed) private view returns (int256, uint256) {
        try feed.latestRoundData() returns (uint80, int256 answer, uint256, uint256 updatedAt, uint80) {
            return (answer, updatedAt);
        } catch {
            revert FeedFailed(index, address(feed));
        }
    }

    /// @dev Asked by hand: an address without code, or one that answers something else, is to be told by name.
    function _decimalsOf(uint256 index, IAggregatorV3 feed) private view returns (uint8) {
        (bool ok, bytes memory answer) = address(feed).staticcall(abi.encodeCall(IAggregatorV3.decimals, ()));
        ok = ok && answer.length > 31;
        uint256 decimals = ok ? uint256(bytes32(answer)) : 0;
        require(ok && decimals <= MAX_DECIMALS, FeedWithoutDecimals(index, address(feed)));
        return uint8(decimals);
    }

    function _checkSequencer() private view {
        if (address(sequencer) == address(0)) return;
        (, int256 down, uint256 startedAt,,) = sequencer.latestRoundData();
        require(down == 0 && startedAt != 0, SequencerDown());
        require(block.timestamp >= startedAt + gracePeriod, SequencerStarting(startedAt, startedAt + gracePeriod));
    }

    function _vector(Entry storage entry, uint64 asOf, uint256[] memory prices)
        private
        view
        returns (uint256[] memory)
    {
        return MarketRows.vector(asOf, entry.underlyingsId, entry.universeId, prices, entry.rows);
    }

    function _check(Universe calldata universe) private pure {
        require(universe.circuit != 0, NoCircuit());
        uint256 count = universe.instruments.length;
        require(count != 0 && count <= universe.capacity, BadCapacity(count, universe.capacity));
        Bn254.check(universe.underlyingsId);
        Bn254.check(universe.universeId);
        for (uint256 i = 0; i < count; ++i) {
            require(_isSound(universe.instruments[i]), BadInstrument(i));
        }
    }

    function _isSound(Instrument calldata row) private pure returns (bool) {
        bool isFeed = address(row.feed) != address(0);
        bool priced = isFeed ? row.heartbeat != 0 && row.fixedPrice == 0 : row.heartbeat == 0 && row.fixedPrice != 0;
        bool bounded = isFeed
            ? row.minPrice != 0 && row.minPrice < row.maxPrice
            : row.minPrice == 0 && row.maxPrice == 0;
        return priced && bounded && row.collateralFactor <= (row.funded ? 10_000 : 0);
    }
}
