// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IPolicyBook} from "./interfaces/IPolicyBook.sol";
import {Bn254} from "./lib/Bn254.sol";
import {PolicyOrder} from "./lib/PolicyOrder.sol";
import {Series} from "./lib/Series.sol";
import {Statement} from "./lib/Statement.sol";
import {Terms} from "./lib/Terms.sol";
import {StoredBytes} from "./lib/StoredBytes.sol";
import {Viewers} from "./lib/Viewers.sol";

/// @title PolicyBook: risk policies by content, and lines of policies that loosen only after a delay
contract PolicyBook is IPolicyBook, AccessManaged {
    /// @dev Longest times that a policy can set, in seconds.
    uint256 private constant MAX_AGE = 7 days;
    uint256 private constant MAX_VALIDITY = 92 days;
    uint256 private constant MAX_MARKET_SKEW = 1 days;
    uint256 private constant MAX_RETURNS_SKEW = 35 days;
    uint256 private constant MAX_LIQUIDITY_SKEW = 7 days;
    /// @dev Ten years, in 1e-4 days.
    uint256 private constant MAX_DAYS_TO_UNWIND = 3_650 * 10_000;
    /// @dev The circuit squares the limit, and proves none above.
    uint32 private constant MAX_VOLATILITY = 2 ** 20 - 1;
    /// @dev The circuit gives equity 96 bits in USD 1e16, and proves no more than that.
    uint256 private constant MAX_EQUITY = uint256(type(uint96).max) / 1e8;
    /// @dev A drawdown of all that there is: from here on the limit bounds nothing. Also a share of all that is traded.
    uint32 private constant ALL = 10_000;
    /// @dev Most moves of a line within the delay that a tightening may be the last of: gates look at all of them, and at as many
    ///      that took one back.
    uint256 private constant MAX_GRACE = 16;

    /// @inheritdoc IPolicyBook
    uint40 public immutable delay;

    /// @dev Where the policy's ABI encoding is stored as code: read at a third of what its terms cost in slots.
    mapping(bytes32 policyId => address) private _policies;
    mapping(bytes32 line => Line) private _lines;
    /// @dev What was current before what `_lines` has as current.
    mapping(bytes32 line => Kept[]) private _past;
    mapping(uint256 domain => Member[]) private _members;

    constructor(address authority, uint40 delay_) AccessManaged(authority) {
        delay = delay_;
    }

    /// @inheritdoc IPolicyBook
    function declareDomain(Member[] calldata members) external returns (uint256 domain) {
        domain = Statement.declaredDomainOf(members);
        if (_members[domain].length != 0) return domain;
        require(members.length > 1, TooFewMembers(members.length));
        for (uint256 i = 0; i < members.length; ++i) {
            require(i == 0 || _order(members[i - 1]) < _order(members[i]), MembersNotAscending(i));
            _members[domain].push(members[i]);
        }
        emit DomainDeclared(domain, members);
    }

    /// @inheritdoc IPolicyBook
    function publish(Policy calldata policy) external returns (bytes32 policyId) {
        policyId = _publish(policy, abi.encode(policy));
    }

    /// @inheritdoc IPolicyBook
    function publishWithLiquidity(Policy calldata policy, Liquidity calldata liquidity)
        external
        returns (bytes32 policyId)
    {
        bytes memory encoded = abi.encode(policy, liquidity);
        policyId = keccak256(encoded);
        if (exists(policyId)) return policyId;
        _checkLiquidity(liquidity);
        _publish(policy, encoded);
        emit LiquidityLimited(policyId, liquidity);
    }

    /// @inheritdoc IPolicyBook
    function openLine(string calldata name, bytes32 policyId) external restricted returns (bytes32 line) {
        line = keccak256(abi.encode("keel/line/1", name));
        require(!isLine(line), LineExists(line));
        require(exists(policyId), UnknownPolicy(policyId));
        _lines[line].current = policyId;
        emit LineOpened(line, name, policyId);
    }

    /// @inheritdoc IPolicyBook
    function moveLine(bytes32 line, bytes32 policyId) external restricted {
        bytes32 from = _settle(line);
        bool tighter = isTighter(policyId, from);
        uint40 liveAt = uint40(block.timestamp) + (tighter ? 0 : delay);
        if (tighter && policyId != from) _keep(line, Kept(from, liveAt, Leaving.Tightened));
        _lines[line] = tighter ? Line(policyId, 0, 0) : Line(from, policyId, liveAt);
        emit LineMoved(line, from, policyId, liveAt, tighter);
    }

    /// @inheritdoc IPolicyBook
    function cancelMove(bytes32 line) external restricted {
        bytes32 current = _settle(line);
        bytes32 next = _lines[line].next;
        require(next != 0, NothingAnnounced(line));
        _lines[line] = Line(current, 0, 0);
        emit LineMoveCancelled(line, next, msg.sender);
    }

    /// @inheritdoc IPolicyBook
    function undoTightening(bytes32 line) external restricted {
        bytes32 current = _settle(line);
        Kept[] storage past = _past[line];
        uint256 i = past.length;
        while (i > 0 && _isRecent(past[i - 1].leftAt) && past[i - 1].how != Leaving.Tightened) --i;
        require(i > 0 && _isRecent(past[i - 1].leftAt), NothingToUndo(line));
        Kept storage left = past[i - 1];
        left.how = Leaving.Returned;
        past.push(Kept(current, uint40(block.timestamp), Leaving.Undone));
        _lines[line] = Line(left.policyId, 0, 0);
        emit TighteningUndone(line, current, left.policyId, msg.sender);
    }

    /// @inheritdoc IPolicyBook
    function isMember(uint256 domain, uint256 chainId, address registry) external view returns (bool) {
        Member[] storage members = _members[domain];
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i].chainId == chainId && members[i].registry == registry) return true;
        }
        return false;
    }

    /// @inheritdoc IPolicyBook
    function membersOf(uint256 domain) external view returns (Member[] memory) {
        require(_members[domain].length != 0, UnknownDomain(domain));
        return _members[domain];
    }

    /// @inheritdoc IPolicyBook
    function policyOf(bytes32 policyId) external view returns (Policy memory) {
        bytes memory encoded = _encodingOf(policyId);
        // It is what this function has to return, as it lies there.
        assembly ("memory-safe") {
            return(add(encoded, 0x20), mload(encoded))
        }
    }

    /// @inheritdoc IPolicyBook
    function liquidityOf(bytes32 policyId) external view returns (Liquidity memory liquidity) {
        bytes memory encoded = _encodingOf(policyId);
        if (Terms.hasLiquidity(encoded)) liquidity = Terms.liquidityIn(encoded);
    }

    /// @inheritdoc IPolicyBook
    function grace() external view returns (uint40) {
        return delay;
    }

    /// @inheritdoc IPolicyBook
    function policiesOf(bytes32 line) external view returns (Kept[] memory policies) {
        Kept[] storage past = _past[line];
        bytes32 current = currentOf(line);
        Line storage written = _lines[line];
        bool moved = current != written.current;
        policies = new Kept[](past.length + (moved ? 2 : 1));
        for (uint256 i = 0; i < past.length; ++i) {
            policies[i] = past[i];
        }
        if (moved) policies[past.length] = Kept(written.current, written.nextLiveAt, Leaving.Replaced);
        policies[policies.length - 1].policyId = current;
    }

    /// @inheritdoc IPolicyBook
    function graceOf(bytes32 line) external view returns (Kept[] memory policies) {
        Kept[] storage past = _past[line];
        uint256 found;
        policies = new Kept[](MAX_GRACE);
        // A tightening is the last of at most MAX_GRACE that are recent, and taking one back puts one in its place.
        for (uint256 i = past.length; i > 0 && _isRecent(past[i - 1].leftAt); --i) {
            Kept memory left = past[i - 1];
            if (left.how == Leaving.Tightened || left.how == Leaving.Undone) policies[found++] = left;
        }
        assembly ("memory-safe") {
            mstore(policies, found)
        }
    }

    /// @inheritdoc IPolicyBook
    function exists(bytes32 policyId) public view returns (bool) {
        return _policies[policyId] != address(0);
    }

    /// @inheritdoc IPolicyBook
    function currentOf(bytes32 line) public view returns (bytes32) {
        return lineOf(line).current;
    }

    /// @inheritdoc IPolicyBook
    function lineOf(bytes32 line) public view returns (Line memory found) {
        require(isLine(line), UnknownLine(line));
        found = _lines[line];
        if (found.next != 0 && block.timestamp >= found.nextLiveAt) found = Line(found.next, 0, 0);
    }

    /// @inheritdoc IPolicyBook
    function isLine(bytes32 line) public view returns (bool) {
        return _lines[line].current != 0;
    }

    /// @inheritdoc IPolicyBook
    function isTighter(bytes32 policyId, bytes32 than) public view returns (bool) {
        (bytes memory a, bytes memory b) = (_encodingOf(policyId), _encodingOf(than));
        if (!PolicyOrder.isTighter(abi.decode(a, (Policy)), abi.decode(b, (Policy)))) return false;
        // A policy that limits no days to unwind is looser than any that does.
        if (!Terms.hasLiquidity(b)) return true;
        return Terms.hasLiquidity(a) && PolicyOrder.unwindsSooner(Terms.liquidityIn(a), Terms.liquidityIn(b));
    }

    /// @dev Checks and stores what was not published yet.
    function _publish(Policy calldata policy, bytes memory encoded) private returns (bytes32 policyId) {
        policyId = keccak256(encoded);
        if (exists(policyId)) return policyId;
        _check(policy);
        _policies[policyId] = StoredBytes.write(encoded);
        emit PolicyPublished(policyId, policy);
    }

    /// @dev Writes down an announced move that has come into force, before anything takes its place.
    function _settle(bytes32 line) private returns (bytes32 current) {
        Line memory found = lineOf(line);
        current = found.current;
        Line memory before = _lines[line];
        if (current == before.current) return current;
        _past[line].push(Kept(before.current, before.nextLiveAt, Leaving.Replaced));
        _lines[line] = found;
    }

    /// @dev Remembers a policy that was left for a tighter one, as far as gates have room to look at it.
    function _keep(bytes32 line, Kept memory left) private {
        Kept[] storage past = _past[line];
        if (past.length >= MAX_GRACE) {
            uint40 oldest = past[past.length - MAX_GRACE].leftAt;
            require(!_isRecent(oldest), TooManyTightenings(line, oldest + delay));
        }
        past.push(left);
    }

    function _encodingOf(bytes32 policyId) private view returns (bytes memory) {
        address at = _policies[policyId];
        require(at != address(0), UnknownPolicy(policyId));
        return StoredBytes.read(at);
    }

    /// @dev A loosening comes `delay` after the last tightening at the earliest, since a tightening and its undoing call off what
    ///      is announced. So nothing that was left before a loosening came is recent.
    function _isRecent(uint40 leftAt) private view returns (bool) {
        return block.timestamp < uint256(leftAt) + delay;
    }

    function _check(Policy calldata policy) private view {
        require(policy.circuit != 0, NoCircuit());
        Bn254.checkRoot(policy.scenarioRoot);
        Bn254.checkRoot(policy.sourcesRoot);
        require(policy.netDeltaLo <= policy.netDeltaHi, EmptyDeltaBand(policy.netDeltaLo, policy.netDeltaHi));
        require(policy.domain == 0 || _members[policy.domain].length != 0, UnknownDomain(policy.domain));
        require(Series.isMarket(policy.marketSeries), WrongSeries(policy.marketSeries));
        require(policy.maxVenue != 0, NoVenue());
        _checkCeiling("minEquity", policy.minEquity, MAX_EQUITY);
        _checkTimes(policy);
        _checkTail(policy);
        _checkUnits(policy);
        _checkDisclosure(policy);
    }

    function _checkTimes(Policy calldata policy) private pure {
        require(policy.validity != 0, ZeroValidity());
        _checkCeiling("maxAge", policy.maxAge, MAX_AGE);
        _checkCeiling("validity", policy.validity, MAX_VALIDITY);
        _checkCeiling("maxMarketSkew", policy.maxMarketSkew, MAX_MARKET_SKEW);
        _checkCeiling("maxReturnsSkew", policy.maxReturnsSkew, MAX_RETURNS_SKEW);
        bool counts = policy.minInterval != 0 && policy.minInterval <= policy.validity;
        require(counts, BadInterval(policy.minInterval, policy.validity));
    }

    function _checkTail(Policy calldata policy) private pure {
        bool none = PolicyOrder.hasNoTail(policy);
        require((policy.tailCircuit == 0) == none, TailCircuitMismatch(policy.tailCircuit));
        if (policy.maxVolatility != PolicyOrder.ABSENT_MAX) {
            _checkCeiling("maxVolatility", policy.maxVolatility, MAX_VOLATILITY);
        }
        bool fits = none ? policy.returnsSeries == 0 : Series.kindOf(policy.returnsSeries) == Series.RETURNS;
        require(fits, WrongSeries(policy.returnsSeries));
        for (uint256 i = 0; i < policy.confidence.length; ++i) {
            require(policy.confidence[i] < 10_000, ConfidenceTooHigh(policy.confidence[i]));
        }
    }

    function _checkLiquidity(Liquidity calldata liquidity) private pure {
        require(liquidity.circuit != 0, NoCircuit());
        require(Series.kindOf(liquidity.series) == Series.LIQUIDITY, WrongSeries(liquidity.series));
        _checkCeiling("maxDaysToUnwind", liquidity.maxDaysToUnwind, MAX_DAYS_TO_UNWIND);
        _checkCeiling("maxLiquiditySkew", liquidity.maxLiquiditySkew, MAX_LIQUIDITY_SKEW);
        uint16 share = liquidity.participation;
        require(share != 0 && share <= ALL, BadParticipation(share));
    }

    function _checkUnits(Policy calldata policy) private pure {
        (UnitsKind kind, address source) = (policy.unitsKind, policy.unitsSource);
        bool none = kind == UnitsKind.None;
        require(none == (source == address(0)), UnitsSourceMismatch(kind, source));
        require(!none || policy.maxDrawdown >= ALL, DrawdownWithoutUnits(policy.maxDrawdown));
        require(kind != UnitsKind.Token || policy.maxAge != 0, TokenWithoutAge(source));
        bool isSame = none || kind == UnitsKind.Signer || policy.domain == 0;
        require(isSame, ContractWithDomain(source, policy.domain));
    }

    function _checkDisclosure(Policy calldata policy) private pure {
        bool none = policy.navStep == 0 && policy.viewers.length == 0;
        require((policy.disclosureCircuit == 0) == none, DisclosureMismatch(policy.disclosureCircuit));
        bool shown = policy.navStep != 0;
        require(!shown || policy.unitsKind != UnitsKind.None, NavWithoutUnits());
        require(!shown || Viewers.isStep(policy.navStep), BadNavStep(policy.navStep));
        require(policy.viewers.length <= Viewers.MOST, TooManyViewers(policy.viewers.length));
        for (uint256 i = 0; i < policy.viewers.length; ++i) {
            require(Viewers.isKey(policy.viewers[i]), BadViewerKey(i));
        }
    }

    function _checkCeiling(string memory term, uint256 value, uint256 ceiling) private pure {
        require(value <= ceiling, AboveCeiling(term, value, ceiling));
    }

    function _order(Member calldata member) private pure returns (uint256) {
        return (uint256(member.chainId) << 160) | uint160(member.registry);
    }
}
