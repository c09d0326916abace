// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IMarketBook} from "./interfaces/IMarketBook.sol";
import {Bn254} from "./lib/Bn254.sol";
import {Series} from "./lib/Series.sol";

/// @title MarketBook: tables of series, accepted from k of n publishers or from a market source
contract MarketBook is IMarketBook, AccessManaged, EIP712 {
    bytes32 private constant MARKET_TABLE =
        keccak256("MarketTable(bytes32 series,uint256 root,uint64 asOf,bytes32 contentHash)");

    /// @inheritdoc IMarketBook
    uint256 public immutable maxDelay;
    /// @inheritdoc IMarketBook
    uint256 public threshold;
    /// @inheritdoc IMarketBook
    mapping(address account => bool) public isPublisher;

    /// @dev By the hash of series, root and time.
    mapping(bytes32 table => Standing) private _standings;
    address[] private _publishers;

    constructor(address authority, uint256 maxDelay_, address[] memory publishers_, uint256 threshold_)
        AccessManaged(authority)
        EIP712("Keel MarketBook", "2")
    {
        require(maxDelay_ != 0, ZeroMaxDelay());
        maxDelay = maxDelay_;
        _setPublishers(publishers_, threshold_);
    }

    /// @inheritdoc IMarketBook
    function publish(bytes32 series, uint256 root, uint64 asOf, bytes32 contentHash, bytes[] calldata signatures)
        external
    {
        require(Series.isPublishable(series), NotPublishable(series));
        address[] memory signers = _checkSignatures(digestOf(series, root, asOf, contentHash), signatures);
        if (_accept(series, root, asOf)) emit MarketAccepted(series, root, asOf, contentHash, signers);
    }

    /// @inheritdoc IMarketBook
    function accept(bytes32 id, uint256 root, uint64 asOf, bytes32 contentHash) external restricted {
        bytes32 series = seriesOf(msg.sender, id);
        if (_accept(series, root, asOf)) emit MarketAcceptedFrom(series, root, asOf, contentHash, msg.sender);
    }

    /// @inheritdoc IMarketBook
    function withdraw(bytes32 series, uint256 root, uint64 asOf, string calldata reason) external restricted {
        require(Series.isKnown(series), UnknownSeries(series));
        Bn254.checkRoot(root);
        _standings[_tableOf(series, root, asOf)] = Standing.Withdrawn;
        emit MarketWithdrawn(series, root, asOf, msg.sender, reason);
    }

    /// @inheritdoc IMarketBook
    function setPublishers(address[] calldata publishers_, uint256 threshold_) external restricted {
        _setPublishers(publishers_, threshold_);
    }

    /// @inheritdoc IMarketBook
    function isAccepted(bytes32 series, uint256 root, uint64 asOf) external view returns (bool) {
        return standingOf(series, root, asOf) == Standing.Accepted;
    }

    /// @inheritdoc IMarketBook
    function publishers() external view returns (address[] memory) {
        return _publishers;
    }

    /// @inheritdoc IMarketBook
    function standingOf(bytes32 series, uint256 root, uint64 asOf) public view returns (Standing) {
        return _standings[_tableOf(series, root, asOf)];
    }

    /// @inheritdoc IMarketBook
    function digestOf(bytes32 series, uint256 root, uint64 asOf, bytes32 contentHash) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(MARKET_TABLE, series, root, asOf, contentHash)));
    }

    /// @inheritdoc IMarketBook
    function seriesOf(address source, bytes32 id) public pure returns (bytes32 series) {
        return Series.ofFeeds(source, id);
    }

    /// @return isNew False when it was accepted before.
    function _accept(bytes32 series, uint256 root, uint64 asOf) private returns (bool isNew) {
        Bn254.checkRoot(root);
        _checkTime(asOf);
        bytes32 table = _tableOf(series, root, asOf);
        Standing standing = _standings[table];
        require(standing != Standing.Withdrawn, MarketAlreadyWithdrawn(series, root, asOf));
        isNew = standing == Standing.Unknown;
        if (isNew) _standings[table] = Standing.Accepted;
    }

    function _setPublishers(address[] memory next, uint256 threshold_) private {
        require(threshold_ != 0 && threshold_ <= next.length, BadThreshold(threshold_, next.length));
        _clearPublishers();
        address previous;
        for (uint256 i = 0; i < next.length; ++i) {
            require(next[i] > previous, PublishersNotAscending(previous, next[i]));
            isPublisher[next[i]] = true;
            previous = next[i];
        }
        _publishers = next;
        threshold = threshold_;
        emit PublishersSet(next, threshold_);
    }

    function _clearPublishers() private {
        for (uint256 i = 0; i < _publishers.length; ++i) {
            isPublisher[_publishers[i]] = false;
        }
    }

    function _checkTime(uint64 asOf) private view {
        require(asOf <= block.timestamp, MarketInFuture(asOf, block.timestamp));
        uint256 age = block.timestamp - asOf;
        require(age <= maxDelay, MarketStale(asOf, age, maxDelay));
    }

    function _checkSignatures(bytes32 digest, bytes[] calldata signatures)
        private
        view
        returns (address[] memory signers)
    {
        require(signatures.length >= threshold, TooFewSignatures(signatures.length, threshold));
        signers = new address[](signatures.length);
        address previous;
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = ECDSA.recover(digest, signatures[i]);
            require(isPublisher[signer], NotPublisher(signer));
            require(signer > previous, SignersNotAscending(previous, signer));
            signers[i] = previous = signer;
        }
    }

    function _tableOf(bytes32 series, uint256 root, uint64 asOf) private pure returns (bytes32) {
        return keccak256(abi.encode(series, root, asOf));
    }
}
