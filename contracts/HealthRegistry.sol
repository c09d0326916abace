// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";
import {IMarketBook} from "./interfaces/IMarketBook.sol";
import {INavSource} from "./interfaces/INavSource.sol";
import {IPolicyBook} from "./interfaces/IPolicyBook.sol";
import {IVerifierBook} from "./interfaces/IVerifierBook.sol";
import {BasisReader} from "./BasisReader.sol";
import {LineRecords} from "./LineRecords.sol";
import {ProofChecker} from "./ProofChecker.sol";
import {UnitsReader} from "./UnitsReader.sol";
import {Bn254} from "./lib/Bn254.sol";
import {Claim} from "./lib/Claim.sol";
import {Digest} from "./lib/Digest.sol";
import {Statement} from "./lib/Statement.sol";
import {Terms} from "./lib/Terms.sol";
import {Units} from "./lib/Units.sol";

/// @title HealthRegistry: verifies portfolio-health proofs and remembers who is healthy until when
contract HealthRegistry is IHealthRegistry, AccessManaged {
    /// @dev `next` replaces `current` at `nextLiveAt`, or both are 0. `restartAt` is when the subject's drawdown chain may start
    ///      over, or 0; it lies here because an attestation reads this slot anyway.
    struct Enrolment {
        uint256 current;
        uint256 next;
        uint40 nextLiveAt;
        uint40 restartAt;
    }

    /// @dev What `navOf` tells beside the record, in one slot; `units` is never 0 where there is a value.
    struct Nav {
        uint96 value;
        uint96 units;
    }

    /// @inheritdoc IHealthRegistry
    IPolicyBook public immutable policyBook;
    /// @inheritdoc IHealthRegistry
    IMarketBook public immutable marketBook;
    /// @inheritdoc IHealthRegistry
    IVerifierBook public immutable verifierBook;
    /// @inheritdoc IHealthRegistry
    uint40 public immutable enrolmentDelay;
    /// @inheritdoc IHealthRegistry
    uint40 public immutable restartDelay;

    /// @dev As the latest attestation left it, also when the chain may start over.
    mapping(address subject => uint256) private _states;
    mapping(address subject => Enrolment) private _enrolments;
    mapping(address subject => mapping(bytes32 policyId => Record)) private _records;
    mapping(address subject => mapping(bytes32 policyId => Nav)) private _navs;

    /// @dev All four read only, so that they need not be in this contract, whose code has an end.
    ProofChecker private immutable _proofChecker;
    LineRecords private immutable _lineRecords;
    UnitsReader private immutable _unitsReader;
    BasisReader private immutable _basisReader;

    constructor(
        address authority,
        IPolicyBook policyBook_,
        IMarketBook marketBook_,
        IVerifierBook verifierBook_,
        uint40 enrolmentDelay_,
        uint40 restartDelay_
    ) AccessManaged(authority) {
        policyBook = policyBook_;
        marketBook = marketBook_;
        verifierBook = verifierBook_;
        enrolmentDelay = enrolmentDelay_;
        restartDelay = restartDelay_;
        (_proofChecker, _lineRecords) = (new ProofChecker(), new LineRecords());
        (_unitsReader, _basisReader) = (new UnitsReader(), new BasisReader());
    }

    /// @inheritdoc IHealthRegistry
    function enrol(uint256 enrolment) external {
        Bn254.checkRoot(enrolment);
        Enrolment memory found = _enrolmentOf(msg.sender);
        if (enrolment == (found.next == 0 ? found.current : found.next)) return;
        bool countsNow = _states[msg.sender] == 0 || enrolment == found.current;
        found.nextLiveAt = countsNow ? 0 : uint40(block.timestamp) + enrolmentDelay;
        (found.current, found.next) = countsNow ? (enrolment, 0) : (found.current, enrolment);
        _enrolments[msg.sender] = found;
        emit Enrolled(msg.sender, enrolment, countsNow ? uint40(block.timestamp) : found.nextLiveAt);
    }

    /// @inheritdoc IHealthRegistry
    function attest(Submission calldata s) external {
        Claim[] memory claims = _accept(s);
        uint256 wrong = _firstFalse(claims);
        if (wrong == claims.length) return;
        revert ProofRefused(s.subject, s.policyId, address(claims[wrong].verifier));
    }

    /// @inheritdoc IHealthRegistry
    function attestBatch(Submission[] calldata submissions) external {
        uint256 size = submissions.length;
        require(size != 0, EmptyBatch());
        Claim[][] memory claims = new Claim[][](size);
        for (uint256 i = 0; i < size; ++i) {
            if (!_isDone(submissions, i)) claims[i] = _accept(submissions[i]);
        }
        _proofChecker.verifyBatch(claims);
    }

    /// @inheritdoc IHealthRegistry
    function revoke(bytes32 policyId, string calldata reason) external {
        Record storage record = _records[msg.sender][policyId];
        require(record.standing != Standing.RevokedByGuardian, ClosedByGuardian(msg.sender, policyId));
        _revoke(record, Standing.RevokedBySubject);
        emit Revoked(msg.sender, policyId, msg.sender, Standing.RevokedBySubject, reason);
    }

    /// @inheritdoc IHealthRegistry
    function voidAttestation(address subject, bytes32 policyId, Basis calldata basis) external {
        Record storage record = _records[subject][policyId];
        require(isHealthy(subject, policyId), NothingToVoid(subject, policyId));
        bytes22 hash = _hash(basis);
        require(hash == record.basis, WrongBasis(record.basis, hash));
        require(_basisReader.isTakenBack(this, policyId, basis), NothingToVoid(subject, policyId));
        record.standing = Standing.Voided;
        emit Voided(subject, policyId, msg.sender, basis);
    }

    /// @inheritdoc IHealthRegistry
    function revokeFor(address subject, bytes32 policyId, string calldata reason) external restricted {
        require(isEnrolled(subject), NotEnrolled(subject));
        _revoke(_records[subject][policyId], Standing.RevokedByGuardian);
        emit Revoked(subject, policyId, msg.sender, Standing.RevokedByGuardian, reason);
    }

    /// @inheritdoc IHealthRegistry
    function reopen(address subject, bytes32 policyId) external restricted {
        Record storage record = _records[subject][policyId];
        require(record.standing == Standing.RevokedByGuardian, NotClosed(subject, policyId));
        // Revoked by the subject and not Open: the old attestation must not come back to life.
        _revoke(record, Standing.RevokedBySubject);
        emit Reopened(subject, policyId, msg.sender);
    }

    /// @inheritdoc IHealthRegistry
    function restartChain(address subject, string calldata reason) external restricted {
        require(_states[subject] != 0, ChainNotStarted(subject));
        Enrolment storage found = _enrolments[subject];
        require(found.restartAt == 0, RestartAnnounced(subject, found.restartAt));
        found.restartAt = uint40(block.timestamp) + restartDelay;
        emit ChainRestartAnnounced(subject, msg.sender, found.restartAt, reason);
    }

    /// @inheritdoc IHealthRegistry
    function cancelRestart(address subject) external {
        require(_enrolments[subject].restartAt != 0, NoRestartAnnounced(subject));
        if (msg.sender != subject) _checkCanCall(msg.sender, msg.data);
        _callOffRestart(subject);
    }

    /// @inheritdoc IHealthRegistry
    function pendingRestartOf(address subject) external view returns (uint40 liveAt) {
        return _enrolments[subject].restartAt;
    }

    /// @inheritdoc IHealthRegistry
    function pendingEnrolmentOf(address subject) external view returns (uint256 enrolment, uint40 liveAt) {
        Enrolment memory found = _enrolmentOf(subject);
        return (found.next, found.nextLiveAt);
    }

    /// @inheritdoc IHealthRegistry
    function statementOf(Submission calldata s) external view returns (uint256[] memory v, uint256 x, uint256 y) {
        v = _statementOf(s, abi.decode(Terms.read(policyBook, s.policyId), (IPolicyBook.Policy)));
        (x, y) = Digest.fold(s.commitment, v);
    }

    /// @inheritdoc IHealthRegistry
    function firstRefused(Submission[] calldata submissions) external view returns (uint256 index) {
        for (; index < submissions.length; ++index) {
            if (_isDone(submissions, index)) continue;
            Submission calldata s = submissions[index];
            bytes memory terms = Terms.read(policyBook, s.policyId);
            IPolicyBook.Policy memory policy = abi.decode(terms, (IPolicyBook.Policy));
            if (s.tables.length != _tables(policy, terms) || s.disclosure.length != _one(policy.disclosureCircuit)) break;
            Claim[] memory claims = _claimsOf(s, policy, terms);
            if (_firstFalse(claims) != claims.length) break;
        }
    }

    /// @inheritdoc IHealthRegistry
    function isHealthyWithin(address subject, bytes32 policyId, uint32 maxStaleness) external view returns (bool) {
        return isHealthy(subject, policyId) && block.timestamp - _records[subject][policyId].asOf <= maxStaleness;
    }

    /// @inheritdoc IHealthRegistry
    function lineRecordOf(address subject, bytes32 line) external view returns (LineRecord memory) {
        return _lineRecords.lineRecordOf(this, subject, line);
    }

    /// @inheritdoc INavSource
    function navOf(address subject, bytes32 policyId) external view returns (NavRecord memory found) {
        Nav storage nav = _navs[subject][policyId];
        if (nav.units == 0) return found;
        Record storage record = _records[subject][policyId];
        return NavRecord(nav.value, nav.units, record.asOf, record.expiry, isHealthy(subject, policyId));
    }

    /// @inheritdoc IHealthRegistry
    function recordOf(address subject, bytes32 policyId) public view returns (Record memory) {
        return _records[subject][policyId];
    }

    /// @inheritdoc IHealthRegistry
    function isHealthy(address subject, bytes32 policyId) public view returns (bool) {
        Record storage record = _records[subject][policyId];
        return _isLive(record.expiry, record.standing);
    }

    /// @inheritdoc IHealthRegistry
    function isEnrolled(address subject) public view returns (bool) {
        return _enrolments[subject].current != 0;
    }

    /// @inheritdoc IHealthRegistry
    function enrolmentOf(address subject) public view returns (uint256) {
        Enrolment storage found = _enrolments[subject];
        return _isInForce(found.nextLiveAt) ? found.next : found.current;
    }

    /// @inheritdoc IHealthRegistry
    function stateOf(address subject) public view returns (uint256) {
        return _isInForce(_enrolments[subject].restartAt) ? 0 : _states[subject];
    }

    /// @inheritdoc IHealthRegistry
    function domain() public view returns (uint256) {
        // Not cached: after a fork of the chain the other branch must not accept this one's proofs.
        return Statement.domainOf(block.chainid, address(this));
    }

    /// @dev Stores an attestation whose proofs are still to be verified: the caller reverts when one does not hold.
    function _accept(Submission calldata s) private returns (Claim[] memory claims) {
        bytes memory terms = Terms.read(policyBook, s.policyId);
        IPolicyBook.Policy memory policy = abi.decode(terms, (IPolicyBook.Policy));
        uint40 expiry = _admit(s, policy, terms);
        claims = _claimsOf(s, policy, terms);
        _record(s, expiry, policy.minInterval);
        if (policy.navStep != 0) _recordNav(s, policy.navStep);
        if (_enrolments[s.subject].restartAt != 0) _settleRestart(s);
        _states[s.subject] = s.newState;
        emit Attested(s.subject, s.policyId, expiry, address(claims[0].verifier), s);
    }

    /// @dev What has to be verified: the health proof, and what the policy asks for beside it. The caller has counted them.
    function _claimsOf(Submission calldata s, IPolicyBook.Policy memory policy, bytes memory terms)
        private
        view
        returns (Claim[] memory claims)
    {
        claims = new Claim[](1 + s.tables.length + s.disclosure.length);
        _claim(claims[0], policy.circuit, s.version, s.proof, s.commitment, _statementOf(s, policy));
        if (claims.length == 1) return claims;
        uint256 at;
        if (policy.tailCircuit != 0) {
            TableProof calldata t = s.tables[at++];
            Bn254.check(t.root);
            uint256[] memory v = Statement.buildTail(s.exposuresCommitment, t, policy);
            claims[at].kind = ProofKind.TailRisk;
            _claim(claims[at], policy.tailCircuit, t.version, t.proof, t.commitment, v);
        }
        if (Terms.hasLiquidity(terms)) {
            IPolicyBook.Liquidity memory l = Terms.liquidityIn(terms);
            TableProof calldata t = s.tables[at++];
            Bn254.check(t.root);
            uint256[] memory v = Statement.buildLiquidity(s.portfolioCommitment, t, l);
            claims[at].kind = ProofKind.Liquidity;
            _claim(claims[at], l.circuit, t.version, t.proof, t.commitment, v);
        }
        if (s.disclosure.length != 0) {
            DisclosureProof calldata d = s.disclosure[0];
            uint256[] memory v = Statement.buildDisclosure(s.exposuresCommitment, d, policy);
            claims[++at].kind = ProofKind.Disclosure;
            _claim(claims[at], policy.disclosureCircuit, d.version, d.proof, d.commitment, v);
        }
    }

    function _claim(
        Claim memory claim,
        bytes32 circuit,
        uint32 version,
        uint256[8] calldata proof,
        uint256 commitment,
        uint256[] memory v
    ) private view {
        claim.verifier = verifierBook.verifierOf(circuit, version);
        (uint256 x, uint256 y) = Digest.fold(commitment, v);
        (claim.proof, claim.inputs) = (proof, [commitment, x, y]);
    }

    /// @dev How many proofs of a circuit a submission has: one, if the policy names it.
    function _one(bytes32 circuit) private pure returns (uint256) {
        return circuit == 0 ? 0 : 1;
    }

    /// @dev How many proofs by tables beside the market a submission has.
    function _tables(IPolicyBook.Policy memory policy, bytes memory terms) private pure returns (uint256) {
        return _one(policy.tailCircuit) + (Terms.hasLiquidity(terms) ? 1 : 0);
    }

    /// @dev Index of the first claim that does not hold, or their number. A health proof alone, which most are, takes no detour.
    function _firstFalse(Claim[] memory claims) private view returns (uint256) {
        if (claims.length > 1) return _proofChecker.firstFalse(claims);
        return claims[0].verifier.verify(claims[0].proof, claims[0].inputs) ? 1 : 0;
    }

    function _record(Submission calldata s, uint40 expiry, uint32 minInterval) private {
        Record memory record = recordOf(s.subject, s.policyId);
        uint40 asOf = uint40(s.asOf);
        bool first = record.firstAsOf == 0;
        bool unbroken = _isLive(record.expiry, record.standing);
        bool counts = first || asOf >= uint256(record.countedAt) + minInterval;
        if (first) record.firstAsOf = asOf;
        else if (!unbroken) ++record.lapses;
        if (counts) ++record.count;
        if (!unbroken) (record.streak, record.since) = (1, uint40(block.timestamp));
        else if (counts) ++record.streak;
        if (counts || !unbroken) record.countedAt = asOf;
        record.asOf = record.floor = asOf;
        record.expiry = expiry;
        record.standing = Standing.Open;
        record.basis = _hash(_basisOf(s));
        _records[s.subject][s.policyId] = record;
    }

    function _recordNav(Submission calldata s, uint96 navStep) private {
        uint96 nav = s.disclosure[0].nav;
        uint256 value = uint256(nav) * navStep;
        require(value <= type(uint96).max, NavTooLarge(nav, navStep));
        _navs[s.subject][s.policyId] = Nav(uint96(value), s.units);
    }

    /// @dev The state was not lost after all when the step went on from it: then no restart is left.
    function _settleRestart(Submission calldata s) private {
        uint256 state = _states[s.subject];
        if (s.previousState == state) return _callOffRestart(s.subject);
        _enrolments[s.subject].restartAt = 0;
        emit ChainRestarted(s.subject, state);
    }

    function _callOffRestart(address subject) private {
        _enrolments[subject].restartAt = 0;
        emit ChainRestartCancelled(subject, msg.sender);
    }

    function _revoke(Record storage record, Standing standing) private {
        record.standing = standing;
        record.floor = uint40(block.timestamp);
    }

    /// @dev Whether a submission of a batch was attested before: by itself or by a newer one under its policy, and behind the
    ///      subject's state by itself or through later ones of the batch. Skipping changes nothing, so none is verified here.
    function _isDone(Submission[] calldata submissions, uint256 index) private view returns (bool) {
        Submission calldata s = submissions[index];
        if (!isHealthy(s.subject, s.policyId) || s.asOf > _records[s.subject][s.policyId].asOf) return false;
        uint256 present = _states[s.subject];
        uint256 state = s.newState;
        for (uint256 i = index + 1; i < submissions.length && state != present; ++i) {
            Submission calldata next = submissions[i];
            if (next.subject == s.subject && next.previousState == state) state = next.newState;
        }
        return state == present;
    }

    /// @dev As it stands: an announced list that has come into force is shown as current.
    function _enrolmentOf(address subject) private view returns (Enrolment memory found) {
        found = _enrolments[subject];
        if (!_isInForce(found.nextLiveAt)) return found;
        (found.current, found.next, found.nextLiveAt) = (found.next, 0, 0);
    }

    function _isLive(uint40 expiry, Standing standing) private view returns (bool) {
        return block.timestamp < expiry && standing == Standing.Open;
    }

    /// @dev Whether something is announced, and its time has come.
    function _isInForce(uint40 liveAt) private view returns (bool) {
        return liveAt != 0 && block.timestamp >= liveAt;
    }

    /// @dev All rules that need no proof. Times fit 40 bits because none is in the future by more than 2^32 s.
    function _admit(Submission calldata s, IPolicyBook.Policy memory policy, bytes memory terms)
        private
        view
        returns (uint40 expiry)
    {
        uint256 enrolment = enrolmentOf(s.subject);
        require(enrolment != 0, NotEnrolled(s.subject));
        Record storage record = _records[s.subject][s.policyId];
        require(record.standing != Standing.RevokedByGuardian, ClosedByGuardian(s.subject, s.policyId));
        require(s.asOf > record.floor, NotNewer(s.asOf, record.floor));
        expiry = _checkAge(s.asOf, policy);
        _checkTables(s, policy, terms);
        require(s.enrolment == enrolment, WrongEnrolment(s.subject, enrolment, s.enrolment));
        uint256 state = _states[s.subject];
        bool goesOn = s.previousState == state || s.previousState == stateOf(s.subject);
        require(goesOn, WrongState(s.subject, state, s.previousState));
        _checkUnits(s, policy);
    }

    function _checkUnits(Submission calldata s, IPolicyBook.Policy memory policy) private view {
        IPolicyBook.UnitsKind kind = policy.unitsKind;
        if (kind != IPolicyBook.UnitsKind.None) {
            return _unitsReader.check(
                Units.Claim(s.policyId, kind, policy.unitsSource, s.subject, s.asOf, s.units, s.unitsSignature)
            );
        }
        require(s.unitsSignature.length == 0, UnwantedUnitsSignature(s.policyId));
        require(s.units == Units.ONE, WrongUnits(s.subject, Units.ONE, s.units));
    }

    function _checkAge(uint64 asOf, IPolicyBook.Policy memory policy) private view returns (uint40 expiry) {
        require(asOf <= block.timestamp, SnapshotInFuture(asOf, block.timestamp));
        uint256 age = block.timestamp - asOf;
        require(age <= policy.maxAge, SnapshotTooOld(asOf, age, policy.maxAge));
        expiry = uint40(asOf) + policy.validity;
        require(block.timestamp < expiry, AlreadyExpired(expiry, block.timestamp));
    }

    function _checkTables(Submission calldata s, IPolicyBook.Policy memory policy, bytes memory terms) private view {
        _checkTable(policy.marketSeries, s.asOf, s.marketRoot, s.marketTime, policy.maxMarketSkew);
        uint256 wanted = _one(policy.disclosureCircuit);
        require(s.disclosure.length == wanted, WrongDisclosures(s.policyId, wanted, s.disclosure.length));
        wanted = _tables(policy, terms);
        bool fits = s.tables.length == wanted;
        if (wanted == 0 && fits) return;
        if (fits && policy.tailCircuit != 0) {
            TableProof calldata t = s.tables[0];
            fits = t.kind == ProofKind.TailRisk;
            _checkTable(policy.returnsSeries, s.asOf, t.root, t.time, policy.maxReturnsSkew);
        }
        if (fits && Terms.hasLiquidity(terms)) {
            IPolicyBook.Liquidity memory l = Terms.liquidityIn(terms);
            TableProof calldata t = s.tables[wanted - 1];
            fits = t.kind == ProofKind.Liquidity;
            _checkTable(l.series, s.asOf, t.root, t.time, l.maxLiquiditySkew);
        }
        require(fits, WrongTableProofs(s.policyId, wanted, s.tables.length));
    }

    function _checkTable(bytes32 series, uint64 asOf, uint256 root, uint64 time, uint32 maxSkew) private view {
        uint256 skew = asOf > time ? asOf - time : time - asOf;
        require(skew <= maxSkew, MarketTooFar(asOf, time, maxSkew));
        require(marketBook.isAccepted(series, root, time), MarketNotAccepted(series, root, time));
    }

    function _domainOf(IPolicyBook.Policy memory policy) private view returns (uint256) {
        if (policy.domain == 0) return domain();
        bool isMember = policyBook.isMember(policy.domain, block.chainid, address(this));
        require(isMember, ForeignDomain(policy.domain, block.chainid));
        return policy.domain;
    }

    function _statementOf(Submission calldata s, IPolicyBook.Policy memory policy)
        private
        view
        returns (uint256[] memory)
    {
        Bn254.check(s.marketRoot);
        Bn254.check(s.enrolment);
        Bn254.check(s.previousState);
        Bn254.checkRoot(s.newState);
        Bn254.check(s.portfolioCommitment);
        Bn254.check(s.exposuresCommitment);
        return Statement.build(_domainOf(policy), s, policy);
    }

    function _basisOf(Submission calldata s) private pure returns (Basis memory basis) {
        (basis.version, basis.marketRoot, basis.marketTime) = (s.version, s.marketRoot, s.marketTime);
        if (s.disclosure.length != 0) basis.disclosureVersion = s.disclosure[0].version;
        for (uint256 i = 0; i < s.tables.length; ++i) {
            TableProof calldata t = s.tables[i];
            if (t.kind == ProofKind.TailRisk) {
                (basis.tailVersion, basis.returnsRoot, basis.returnsTime) = (t.version, t.root, t.time);
            } else {
                (basis.liquidityVersion, basis.liquidityRoot, basis.liquidityTime) = (t.version, t.root, t.time);
            }
        }
    }

    function _hash(Basis memory basis) private pure returns (bytes22) {
        return bytes22(keccak256(abi.encode(basis)));
    }
}
