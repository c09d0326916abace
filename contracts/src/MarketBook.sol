// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IMarketBook} from "./interfaces/IMarketBook.sol";
import {Bn254} from "./lib/Bn254.sol";

/// @title MarketBook: market tables accepted from k of n publishers
contract MarketBook is IMarketBook, AccessManaged, EIP712 {
    bytes32 private constant MARKET_TABLE = keccak256("MarketTable(uint256 root,uint64 asOf)");

    /// @inheritdoc IMarketBook
    uint256 public immutable maxDelay;
    /// @inheritdoc IMarketBook
    uint256 public threshold;
    /// @inheritdoc IMarketBook
    mapping(address account => bool) public isPublisher;
    /// @inheritdoc IMarketBook
    mapping(uint256 root => mapping(uint64 asOf => Standing)) public standingOf;

    address[] private _publishers;

    constructor(address authority, uint256 maxDelay_, address[] memory publishers_, uint256 threshold_)
        AccessManaged(authority)
        EIP712("Keel MarketBook", "1")
    {
        require(maxDelay_ != 0, ZeroMaxDelay());
        maxDelay = maxDelay_;
        _setPublishers(publishers_, threshold_);
    }

    /// @inheritdoc IMarketBook
    function publish(uint256 root, uint64 asOf, bytes[] calldata signatures) external {
        Bn254.checkRoot(root);
        _checkTime(asOf);
        address[] memory signers = _checkSignatures(digestOf(root, asOf), signatures);
        if (_accept(root, asOf)) emit MarketAccepted(root, asOf, signers);
    }

    /// @inheritdoc IMarketBook
    function accept(uint256 root, uint64 asOf) external restricted {
        Bn254.checkRoot(root);
        _checkTime(asOf);
        if (_accept(root, asOf)) emit MarketAcceptedFrom(root, asOf, msg.sender);
    }

    /// @inheritdoc IMarketBook
    function withdraw(uint256 root, uint64 asOf, string calldata reason) external restricted {
        standingOf[root][asOf] = Standing.Withdrawn;
        emit MarketWithdrawn(root, asOf, msg.sender, reason);
    }

    /// @inheritdoc IMarketBook
    function setPublishers(address[] calldata publishers_, uint256 threshold_) external restricted {
        _setPublishers(publishers_, threshold_);
    }

    /// @inheritdoc IMarketBook
    function isAccepted(uint256 root, uint64 asOf) external view returns (bool) {
        return standingOf[root][asOf] == Standing.Accepted;
    }

    /// @inheritdoc IMarketBook
    function publishers() external view returns (address[] memory) {
        return _publishers;
    }

    /// @inheritdoc IMarketBook
    function digestOf(uint256 root, uint64 asOf) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(MARKET_TABLE, root, asOf)));
    }

    /// @return isNew False when it was accepted before.
    function _accept(uint256 root, uint64 asOf) private returns (bool isNew) {
        Standing standing = standingOf[root][asOf];
        require(standing != Standing.Withdrawn, MarketAlreadyWithdrawn(root, asOf));
        isNew = standing == Standing.Unknown;
        if (isNew) standingOf[root][asOf] = Standing.Accepted;
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
}
