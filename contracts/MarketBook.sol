// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IMarketBook} from "./interfaces/IMarketBook.sol";
import {Bn254} from "./lib/Bn254.sol";
import {Series} from "./lib/Series.sol";

/// @title MarketBook: tables of series, accepted from k of n publishers or from a market source
contract MarketBook is IMarketBook, AccessManaged, EIP712 {
    /// @dev Who may sign, and how many must. A list is written once and never changes.
    struct List {
        uint256 threshold;
        address[] publishers;
        mapping(address account => bool) has;
    }

    bytes32 private constant MARKET_TABLE =
        keccak256("MarketTable(bytes32 series,uint256 root,uint64 asOf,bytes32 contentHash)");

    /// @inheritdoc IMarketBook
    uint256 public immutable maxDelay;
    /// @inheritdoc IMarketBook
    uint40 public immutable delay;

    /// @dev By the hash of series, root and time.
    mapping(bytes32 table => Standing) private _standings;
    mapping(uint64 place => List) private _lists;
    /// @dev How many lists there are. `_next` replaces `_current` at `_nextLiveAt`, or nothing is announced and that is 0.
    uint64 private _count;
    uint64 private _current;
    uint64 private _next;
    uint40 private _nextLiveAt;

    constructor(
        address authority,
        uint256 maxDelay_,
        address[] memory publishers_,
        uint256 threshold_,
        uint40 delay_
    ) AccessManaged(authority) EIP712("Keel MarketBook", "2") {
        require(maxDelay_ != 0, ZeroMaxDelay());
        (maxDelay, delay) = (maxDelay_, delay_);
        _write(publishers_, threshold_);
        emit PublishersSet(publishers_, threshold_);
    }

    /// @inheritdoc IMarketBook
    function publish(bytes32 series, uint256 root, uint64 asOf, bytes32 contentHash, Signed[] calldata signatures)
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
    function announcePublishers(address[] calldata publishers_, uint256 threshold_) external restricted {
        _current = _inForce();
        _next = _write(publishers_, threshold_);
        _nextLiveAt = uint40(block.timestamp) + delay;
        emit PublishersAnnounced(publishers_, threshold_, _nextLiveAt);
    }

    /// @inheritdoc IMarketBook
    function cancelPublishers() external restricted {
        require(_isPending(), NoPublishersAnnounced());
        _nextLiveAt = 0;
        emit PublishersCancelled(msg.sender);
    }

    /// @inheritdoc IMarketBook
    function isAccepted(bytes32 series, uint256 root, uint64 asOf) external view returns (bool) {
        return standingOf(series, root, asOf) == Standing.Accepted;
    }

    /// @inheritdoc IMarketBook
    function publishers() external view returns (address[] memory) {
        return _lists[_inForce()].publishers;
    }

    /// @inheritdoc IMarketBook
    function isPublisher(address account) external view returns (bool) {
        return _lists[_inForce()].has[account];
    }

    /// @inheritdoc IMarketBook
    function threshold() external view returns (uint256) {
        return _lists[_inForce()].threshold;
    }

    /// @inheritdoc IMarketBook
    function pendingPublishers()
        external
        view
        returns (address[] memory publishers_, uint256 threshold_, uint40 liveAt)
    {
        if (!_isPending()) return (publishers_, 0, 0);
        List storage list = _lists[_next];
        return (list.publishers, list.threshold, _nextLiveAt);
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

    function _write(address[] memory publishers_, uint256 threshold_) private returns (uint64 place) {
        require(threshold_ != 0 && threshold_ <= publishers_.length, BadThreshold(threshold_, publishers_.length));
        place = _count++;
        List storage list = _lists[place];
        address previous;
        for (uint256 i = 0; i < publishers_.length; ++i) {
            require(publishers_[i] > previous, PublishersNotAscending(previous, publishers_[i]));
            list.has[publishers_[i]] = true;
            previous = publishers_[i];
        }
        (list.publishers, list.threshold) = (publishers_, threshold_);
    }

    /// @dev The place of the list that counts now.
    function _inForce() private view returns (uint64) {
        return _nextLiveAt != 0 && block.timestamp >= _nextLiveAt ? _next : _current;
    }

    /// @dev Whether a list is announced that does not count yet.
    function _isPending() private view returns (bool) {
        return block.timestamp < _nextLiveAt;
    }

    function _checkTime(uint64 asOf) private view {
        require(asOf <= block.timestamp, MarketInFuture(asOf, block.timestamp));
        uint256 age = block.timestamp - asOf;
        require(age <= maxDelay, MarketStale(asOf, age, maxDelay));
    }

    function _checkSignatures(bytes32 digest, Signed[] calldata signatures)
        private
        view
        returns (address[] memory signers)
    {
        List storage list = _lists[_inForce()];
        require(signatures.length >= list.threshold, TooFewSignatures(signatures.length, list.threshold));
        signers = new address[](signatures.length);
        address previous;
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = signatures[i].signer;
            require(list.has[signer], NotPublisher(signer));
            require(signer > previous, SignersNotAscending(previous, signer));
            require(_isSigned(signer, digest, signatures[i].signature), WrongSignature(signer));
            signers[i] = previous = signer;
        }
    }

    /// @dev By the key of the address, also where the key delegates to code (EIP-7702), or by the contract there (ERC-1271).
    function _isSigned(address signer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature);
    }

    function _tableOf(bytes32 series, uint256 root, uint64 asOf) private pure returns (bytes32) {
        return keccak256(abi.encode(series, root, asOf));
    }
}
