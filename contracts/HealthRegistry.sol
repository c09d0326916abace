// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IGroth16Verifier} from "./interfaces/IGroth16Verifier.sol";
import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";
import {IMarketBook} from "./interfaces/IMarketBook.sol";
import {IPolicyBook} from "./interfaces/IPolicyBook.sol";
import {IVerifierBook} from "./interfaces/IVerifierBook.sol";
import {Bn254} from "./lib/Bn254.sol";
import {STATEMENT_LENGTH, Statement} from "./lib/Statement.sol";
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

    /// @dev A proof and what it has to show; empty when `verifier` is 0.
    struct Claim {
        IGroth16Verifier verifier;
        uint256[8] proof;
        uint256[3] inputs;
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
        (Claim memory health, Claim memory tail) = _accept(s);
        require(_holds(health), ProofRefused(s.subject, s.policyId, address(health.verifier)));
        require(_holds(tail), ProofRefused(s.subject, s.policyId, address(tail.verifier)));
    }

    /// @inheritdoc IHealthRegistry
    function attestBatch(Submission[] calldata submissions) external {
        uint256 size = submissions.length;
        require(size != 0, EmptyBatch());
        Claim[] memory health = new Claim[](size);
        Claim[] memory tail = new Claim[](size);
        for (uint256 i = 0; i < size; ++i) {
            if (!_isDone(submissions, i)) (health[i], tail[i]) = _accept(submissions[i]);
        }
        _verifyBatch(health);
        _verifyBatch(tail);
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
        require(_isTakenBack(basis, policyBook.policyOf(policyId)), NothingToVoid(subject, policyId));
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
    function statementOf(Submission calldata s)
        external
        view
        returns (uint256[STATEMENT_LENGTH] memory v, uint256 x, uint256 y)
    {
        return _statementOf(s, policyBook.policyOf(s.policyId));
    }

    /// @inheritdoc IHealthRegistry
    function firstRefused(Submission[] calldata submissions) external view returns (uint256 index) {
        for (; index < submissions.length; ++index) {
            if (_isDone(submissions, index)) continue;
            Submission calldata s = submissions[index];
            IPolicyBook.Policy memory policy = policyBook.policyOf(s.policyId);
            if (s.tail.length != _tailProofs(policy)) break;
            (Claim memory health, Claim memory tail) = _claimsOf(s, policy);
            if (!_holds(health) || !_holds(tail)) break;
        }
    }

    /// @inheritdoc IHealthRegistry
    function isHealthyWithin(address subject, bytes32 policyId, uint32 maxStaleness) external view returns (bool) {
        return isHealthy(subject, policyId) && block.timestamp - _records[subject][policyId].asOf <= maxStaleness;
    }

    /// @inheritdoc IHealthRegistry
    function lineRecordOf(address subject, bytes32 line) external view returns (LineRecord memory found) {
        IPolicyBook.Kept[] memory kept = policyBook.policiesOf(line);
        uint256 i = kept.length - 1;
        found.policyId = kept[i].policyId;
        if (!isHealthy(subject, found.policyId)) return found;
        Record memory record = recordOf(subject, found.policyId);
        (found.asOf, found.expiry) = (record.asOf, record.expiry);
        IPolicyBook.Policy memory policy = policyBook.policyOf(found.policyId);
        (found.since, found.streak) = _runUnder(record, policy, kept, i);
        while (i > 0) {
            IPolicyBook.Kept memory before = kept[--i];
            Record memory earlier = recordOf(subject, before.policyId);
            if (earlier.standing != Standing.Open) break;
            IPolicyBook.Policy memory left = policyBook.policyOf(before.policyId);
            bool leadsOn = earlier.since <= before.leftAt && earlier.expiry >= found.since
                && found.since <= before.leftAt + left.validity;
            if (!leadsOn) continue;
            uint32 streak;
            (found.since, streak) = _runUnder(earlier, left, kept, i);
            if (earlier.asOf + policy.maxAge < record.since) found.streak += streak;
            (record, policy) = (earlier, left);
        }
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

    /// @dev Stores an attestation whose proof is still to be verified: the caller reverts when it does not hold.
    function _accept(Submission calldata s) private returns (Claim memory health, Claim memory tail) {
        IPolicyBook.Policy memory policy = policyBook.policyOf(s.policyId);
        uint40 expiry = _admit(s, policy);
        (health, tail) = _claimsOf(s, policy);
        _record(s, expiry, policy.minInterval);
        if (_enrolments[s.subject].restartAt != 0) _settleRestart(s);
        _states[s.subject] = s.newState;
        emit Attested(s.subject, s.policyId, expiry, address(health.verifier), s);
    }

    /// @dev What has to be verified; `tail` is empty under a policy that does not limit tail risk.
    function _claimsOf(Submission calldata s, IPolicyBook.Policy memory policy)
        private
        view
        returns (Claim memory health, Claim memory tail)
    {
        health.verifier = verifierBook.verifierOf(policy.circuit, s.version);
        (, uint256 x, uint256 y) = _statementOf(s, policy);
        (health.proof, health.inputs) = (s.proof, [s.commitment, x, y]);

        if (s.tail.length == 0) return (health, tail);
        TailProof calldata t = s.tail[0];
        tail.verifier = verifierBook.verifierOf(policy.tailCircuit, t.version);
        Bn254.check(t.commitment);
        Bn254.check(t.returnsRoot);
        (x, y) = Statement.foldTail(t.commitment, Statement.buildTail(s.exposuresCommitment, t, policy));
        (tail.proof, tail.inputs) = (t.proof, [t.commitment, x, y]);
    }

    /// @dev How many tail-risk proofs a submission under this policy has.
    function _tailProofs(IPolicyBook.Policy memory policy) private pure returns (uint256) {
        return policy.tailCircuit == 0 ? 0 : 1;
    }

    /// @dev True for an empty claim.
    function _holds(Claim memory claim) private view returns (bool) {
        return address(claim.verifier) == address(0) || claim.verifier.verify(claim.proof, claim.inputs);
    }

    /// @dev One verification for all claims that are not empty, which have to be for one verifier.
    function _verifyBatch(Claim[] memory claims) private view {
        uint256 size;
        for (uint256 i = 0; i < claims.length; ++i) {
            if (address(claims[i].verifier) != address(0)) ++size;
        }
        if (size == 0) return;
        IGroth16Verifier verifier;
        uint256[8][] memory proofs = new uint256[8][](size);
        uint256[3][] memory inputs = new uint256[3][](size);
        uint256 found;
        for (uint256 i = 0; i < claims.length; ++i) {
            IGroth16Verifier next = claims[i].verifier;
            if (address(next) == address(0)) continue;
            require(
                found == 0 || address(next) == address(verifier), MixedVerifiers(i, address(verifier), address(next))
            );
            verifier = next;
            (proofs[found], inputs[found]) = (claims[i].proof, claims[i].inputs);
            ++found;
        }
        require(verifier.verifyBatch(proofs, inputs), BatchRefused(address(verifier), size));
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

    /// @dev The part of a record's run in which the line had its policy, and of its streak no more than fits that part.
    function _runUnder(
        Record memory record,
        IPolicyBook.Policy memory policy,
        IPolicyBook.Kept[] memory kept,
        uint256 i
    ) private pure returns (uint40 since, uint32 streak) {
        uint40 from = i == 0 ? 0 : kept[i - 1].leftAt;
        if (record.since >= from) return (record.since, record.streak);
        uint256 fit = record.asOf < from ? 1 : 1 + (record.asOf - from) / policy.minInterval;
        return (from, fit < record.streak ? uint32(fit) : record.streak);
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

    function _isTakenBack(Basis calldata basis, IPolicyBook.Policy memory policy) private view returns (bool) {
        bool health = _isRetired(policy.circuit, basis.version)
            || _isWithdrawn(policy.marketSeries, basis.marketRoot, basis.marketTime);
        if (health || _tailProofs(policy) == 0) return health;
        return _isRetired(policy.tailCircuit, basis.tailVersion)
            || _isWithdrawn(policy.returnsSeries, basis.returnsRoot, basis.returnsTime);
    }

    function _isRetired(bytes32 circuit, uint32 version) private view returns (bool) {
        return verifierBook.versionOf(circuit, version).retiredAt != 0;
    }

    function _isWithdrawn(bytes32 series, uint256 root, uint64 time) private view returns (bool) {
        return marketBook.standingOf(series, root, time) == IMarketBook.Standing.Withdrawn;
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
    function _admit(Submission calldata s, IPolicyBook.Policy memory policy) private view returns (uint40 expiry) {
        uint256 enrolment = enrolmentOf(s.subject);
        require(enrolment != 0, NotEnrolled(s.subject));
        Record storage record = _records[s.subject][s.policyId];
        require(record.standing != Standing.RevokedByGuardian, ClosedByGuardian(s.subject, s.policyId));
        require(s.asOf > record.floor, NotNewer(s.asOf, record.floor));
        expiry = _checkAge(s.asOf, policy);
        _checkTables(s, policy);
        require(s.enrolment == enrolment, WrongEnrolment(s.subject, enrolment, s.enrolment));
        uint256 state = _states[s.subject];
        bool goesOn = s.previousState == state || s.previousState == stateOf(s.subject);
        require(goesOn, WrongState(s.subject, state, s.previousState));
        Units.check(s, policy);
    }

    function _checkAge(uint64 asOf, IPolicyBook.Policy memory policy) private view returns (uint40 expiry) {
        require(asOf <= block.timestamp, SnapshotInFuture(asOf, block.timestamp));
        uint256 age = block.timestamp - asOf;
        require(age <= policy.maxAge, SnapshotTooOld(asOf, age, policy.maxAge));
        expiry = uint40(asOf) + policy.validity;
        require(block.timestamp < expiry, AlreadyExpired(expiry, block.timestamp));
    }

    function _checkTables(Submission calldata s, IPolicyBook.Policy memory policy) private view {
        _checkTable(policy.marketSeries, s.asOf, s.marketRoot, s.marketTime, policy.maxMarketSkew);
        uint256 wanted = _tailProofs(policy);
        require(s.tail.length == wanted, WrongTailProofs(s.policyId, wanted, s.tail.length));
        if (wanted == 0) return;
        TailProof calldata t = s.tail[0];
        _checkTable(policy.returnsSeries, s.asOf, t.returnsRoot, t.returnsTime, policy.maxReturnsSkew);
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
        returns (uint256[STATEMENT_LENGTH] memory v, uint256 x, uint256 y)
    {
        Bn254.check(s.commitment);
        Bn254.check(s.marketRoot);
        Bn254.check(s.enrolment);
        Bn254.check(s.previousState);
        Bn254.checkRoot(s.newState);
        Bn254.check(s.portfolioCommitment);
        Bn254.check(s.exposuresCommitment);
        v = Statement.build(_domainOf(policy), s, policy);
        (x, y) = Statement.fold(s.commitment, v);
    }

    function _basisOf(Submission calldata s) private pure returns (Basis memory basis) {
        (basis.version, basis.marketRoot, basis.marketTime) = (s.version, s.marketRoot, s.marketTime);
        if (s.tail.length == 0) return basis;
        TailProof calldata t = s.tail[0];
        (basis.tailVersion, basis.returnsRoot, basis.returnsTime) = (t.version, t.returnsRoot, t.returnsTime);
    }

    function _hash(Basis memory basis) private pure returns (bytes22) {
        return bytes22(keccak256(abi.encode(basis)));
    }
}
