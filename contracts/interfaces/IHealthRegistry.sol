// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMarketBook} from "./IMarketBook.sol";
import {INavSource} from "./INavSource.sol";
import {IPolicyBook} from "./IPolicyBook.sol";
import {IVerifierBook} from "./IVerifierBook.sol";

/// @title Portfolio-health attestations
/// @notice An attestation says: at time `asOf` the accounts that approved sources signed for `subject` respected the
///         policy at an accepted market. It is a point in time and speaks of the declared accounts only.
interface IHealthRegistry is INavSource {
    /// @notice What a proof of a submission is of.
    enum ProofKind {
        Health,
        TailRisk,
        Liquidity,
        Disclosure
    }

    /// @notice What an attestation is made from. Everything else in the statement is the contracts' own state.
    struct Submission {
        address subject;
        bytes32 policyId;
        /// Version of the verifier in the verifier book.
        uint32 version;
        /// Root and time of an accepted market table of the policy's series.
        uint256 marketRoot;
        uint64 marketTime;
        /// Time of the snapshot, unix seconds.
        uint64 asOf;
        /// The subject's enrolment that counts now.
        uint256 enrolment;
        /// Units of the fund outstanding at `asOf`, 8 decimals; exactly what the policy's source of units says, and one
        /// (1e8) where it has none.
        uint96 units;
        /// The step of the drawdown chain: from the state that the registry has for the subject (0: genesis) to the next one,
        /// non-zero and below r.
        uint256 previousState;
        uint256 newState;
        /// Hiding commitments to the holdings and to the exposures; each below r.
        uint256 portfolioCommitment;
        uint256 exposuresCommitment;
        /// c = Poseidon(v), the prover's commitment to the statement; below r.
        uint256 commitment;
        /// See `IGroth16Verifier.verify`.
        uint256[8] proof;
        /// The administrator's signature of subject, asOf and units (`lib/Units.sol`): 65 bytes r, s, v of a signer, whatever an
        /// ERC-1271 contract wants; empty where no administrator says what the units are.
        bytes unitsSignature;
        /// Of the policy's tail-risk limits, where it has some, then of its limit on the days to unwind, where it has one.
        TableProof[] tables;
        /// One when the policy asks for a disclosure, else none.
        DisclosureProof[] disclosure;
    }

    /// @notice The proof of limits that rest on a table beside the market: of the policy's tail-risk limits, from the exposures behind
    ///         the submission's commitment, or of its limit on the days to unwind, from the holdings behind the other.
    struct TableProof {
        /// `TailRisk` or `Liquidity`.
        ProofKind kind;
        /// Version of the circuit's verifier in the verifier book.
        uint32 version;
        /// Root and time of an accepted table of the policy's series: of returns, or of liquidity.
        uint256 root;
        uint64 time;
        /// As the submission's.
        uint256 commitment;
        uint256[8] proof;
    }

    /// @notice What a policy wants shown of the exposures behind the submission's commitment, with its proof.
    struct DisclosureProof {
        /// Version of the disclosure circuit's verifier in the verifier book.
        uint32 version;
        /// Net asset value in the policy's steps, rounded down [N2]; 0 where none is shown.
        uint96 nav;
        /// What the policy's viewers can read [N3]: the point R, x and y, one copy of the data key for each viewer, the words;
        /// empty without viewers.
        uint256[] sealedSums;
        /// As the submission's.
        uint256 commitment;
        uint256[8] proof;
    }

    enum Standing {
        /// Attestations are accepted; the latest one counts until it expires.
        Open,
        /// The subject withdrew the latest attestation; a newer snapshot restores health.
        RevokedBySubject,
        /// A guardian closed the record; nothing is accepted until a guardian reopens it.
        RevokedByGuardian,
        /// What the latest attestation rested on was taken back; a newer snapshot restores health.
        Voided
    }

    /// @notice All that is stored for (subject, policy), in two slots. Whether the subject is healthy is in the first alone.
    struct Record {
        /// First second at which the latest attestation no longer counts.
        uint40 expiry;
        /// Snapshot time of the latest attestation; 0 when there is none.
        uint40 asOf;
        /// The next snapshot must be newer than this: the latest attestation's, or the time at which it was revoked.
        uint40 floor;
        /// When the latest unbroken run of health began: the block time of its first attestation.
        uint40 since;
        /// Attestations whose snapshots are at least the policy's `minInterval` apart.
        uint32 count;
        /// The same since health was last interrupted: a streak of n spans at least n - 1 times `minInterval`.
        uint32 streak;
        /// How many times an attestation came after health had expired, been revoked or voided.
        uint24 lapses;
        Standing standing;
        /// Snapshot time of the first attestation.
        uint40 firstAsOf;
        /// Snapshot time of the latest attestation that counted or began a run.
        uint40 countedAt;
        /// The first 22 bytes of keccak256(abi.encode(basis)) of the latest attestation.
        bytes22 basis;
    }

    /// @notice What an attestation rests on beside the subject's own data: verifiers' versions and tables. The three
    ///         after `marketTime` are 0 without a tail-risk proof, the next one without a disclosure, the last three without a
    ///         liquidity proof.
    struct Basis {
        uint32 version;
        uint256 marketRoot;
        uint64 marketTime;
        uint32 tailVersion;
        uint256 returnsRoot;
        uint64 returnsTime;
        uint32 disclosureVersion;
        uint32 liquidityVersion;
        uint256 liquidityRoot;
        uint64 liquidityTime;
    }

    /// @notice A subject's present run of health under a line of policies; zeros but for the policy when it is not healthy.
    struct LineRecord {
        /// The line's policy at this moment.
        bytes32 policyId;
        /// Of the latest attestation under it.
        uint40 asOf;
        uint40 expiry;
        /// When the run began, under whichever policy the line had then.
        uint40 since;
        /// Attestations of the run that count: without those that two policies of the line had at one time, and under each no more
        /// than fit the time since the line had it.
        uint32 streak;
    }

    /// @notice A subject declared a list of accounts, which counts from `liveAt` on: at once until its first attestation, and for
    ///         the one in force when it calls off an announced change. It replaces what was announced and is not in force yet.
    event Enrolled(address indexed subject, uint256 enrolment, uint40 liveAt);
    /// @notice An attestation was accepted. With the policy, the log is enough to verify the proof again.
    event Attested(
        address indexed subject, bytes32 indexed policyId, uint40 expiry, address verifier, Submission submission
    );
    /// @notice The latest attestation stopped counting; `standing` says whether as the subject's or as a guardian's act.
    event Revoked(
        address indexed subject, bytes32 indexed policyId, address indexed by, Standing standing, string reason
    );
    /// @notice Somebody showed that what the latest attestation rested on was taken back; it stopped counting. Its step of the
    ///         drawdown chain stays: the next attestation goes on from the state that it left.
    event Voided(address indexed subject, bytes32 indexed policyId, address indexed by, Basis basis);
    /// @notice A guardian lets a subject's drawdown chain start over from `liveAt` on, if nothing calls it off.
    event ChainRestartAnnounced(address indexed subject, address indexed by, uint40 liveAt, string reason);
    /// @notice A restart was called off by a guardian or the subject, or by whoever submitted an attestation that goes on from
    ///         the chain's state.
    event ChainRestartCancelled(address indexed subject, address indexed by);
    /// @notice A subject's drawdown chain started over: an attestation from a genesis was accepted, and the high-water mark
    ///         behind `state` is given up. Its `Attested` comes next in the log.
    event ChainRestarted(address indexed subject, uint256 state);
    /// @notice A guardian allows new attestations again; old ones do not come back.
    event Reopened(address indexed subject, bytes32 indexed policyId, address indexed by);

    error NotEnrolled(address subject);
    /// @dev The proof is about another list of accounts than the declared one.
    error WrongEnrolment(address subject, uint256 expected, uint256 received);
    /// @dev The step does not start from the registry's state: an epoch was skipped, replayed or forked.
    error WrongState(address subject, uint256 expected, uint256 received);
    /// @dev Units of nothing: the token had no supply, or none were signed.
    error NoUnits(address subject);
    /// @dev The proof is about another number of units than the policy's source says (or than one, where it has none).
    error WrongUnits(address subject, uint256 expected, uint256 received);
    /// @dev The administrator did not sign these units of this subject at this time.
    error UnitsNotSigned(address administrator, address subject, uint64 asOf, uint96 units);
    /// @dev No administrator says what the units are under this policy.
    error UnwantedUnitsSignature(bytes32 policyId);
    /// @dev The token has no clock of timestamps, did not answer, or answered what fits no statement; or `asOf` is not past.
    error UnitsUnavailable(address token, uint64 asOf);
    error ChainNotStarted(address subject);
    /// @dev A restart is announced already, or waits to be used.
    error RestartAnnounced(address subject, uint40 liveAt);
    error NoRestartAnnounced(address subject);
    error ClosedByGuardian(address subject, bytes32 policyId);
    error NotClosed(address subject, bytes32 policyId);
    /// @dev Also what a replayed proof meets.
    error NotNewer(uint64 asOf, uint40 floor);
    error SnapshotInFuture(uint64 asOf, uint256 now_);
    error SnapshotTooOld(uint64 asOf, uint256 age, uint32 maxAge);
    error AlreadyExpired(uint256 expiry, uint256 now_);
    error MarketTooFar(uint64 asOf, uint64 marketTime, uint32 maxMarketSkew);
    /// @dev Not accepted in the policy's series, whatever other series it is in.
    error MarketNotAccepted(bytes32 series, uint256 root, uint64 asOf);
    /// @dev `expected` proofs by tables are wanted, in this order: 1 when the policy limits tail risk, and 1 more when it limits the days
    ///      to unwind.
    error WrongTableProofs(bytes32 policyId, uint256 expected, uint256 received);
    /// @dev `expected` disclosures are wanted: 1 when the policy asks for one, else 0.
    error WrongDisclosures(bytes32 policyId, uint256 expected, uint256 received);
    /// @dev Numbers that cannot be what is sealed for so many viewers.
    error WrongSealedSums(uint256 viewers, uint256 received);
    /// @dev More than any proof has room for.
    error NavTooLarge(uint96 nav, uint96 navStep);
    /// @dev The policy names a declared domain of which this registry on this chain is no member.
    error ForeignDomain(uint256 domain, uint256 chainId);
    error ProofRefused(address subject, bytes32 policyId, address verifier);
    error EmptyBatch();
    /// @dev A batch is for one verifier: the submission at `index` needs another.
    error MixedVerifiers(uint256 index, address expected, address received);
    /// @dev At least one proof is false; `firstRefused` says which.
    error BatchRefused(address verifier, uint256 size);
    /// @dev No live attestation, or nothing that it rests on was taken back.
    error NothingToVoid(address subject, bytes32 policyId);
    /// @dev The latest attestation rests on something else.
    error WrongBasis(bytes22 expected, bytes22 received);

    /// @notice The caller agrees to be a subject and declares its accounts. Every proof covers exactly that list.
    /// @param enrolment Hiding commitment [A2] to the ordered list of accounts, the same for every circuit; non-zero, below r.
    /// @dev Every list counts at once until the subject's first attestation, and any other one after `enrolmentDelay` from then
    ///      on, also after a restart of its chain; until then the old one does. The list in force calls off an announced
    ///      change. Declaring once more what counts or is announced changes nothing.
    function enrol(uint256 enrolment) external;

    /// @notice Verifies a proof, stores the attestation and advances the subject's drawdown chain. Anybody may submit: the
    ///         proof is bound to the subject.
    /// @dev Refused unless the record is open, enrolment and previous state are the registry's, and
    ///      floor < asOf <= now <= asOf + maxAge, now < asOf + validity, |asOf - marketTime| <= maxMarketSkew, the tables are
    ///      accepted in the policy's series, the units are what the policy's source of units says, and there is a proof for
    ///      everything that the policy asks for, the health proof and those beside it, about one commitment to the exposures.
    function attest(Submission calldata submission) external;

    /// @notice As `attest` for each submission in turn, with one verification for all: everything is stored, or nothing.
    /// @param submissions Any subjects and policies of one circuit and verifier version; at least one.
    /// @dev Skips what was attested before, so that nobody stops a batch by submitting a part of it first: the record is live, by
    ///      this snapshot or a newer one, and the subject's chain has come to the submission's new state, or from there through
    ///      others of the batch to where it is.
    function attestBatch(Submission[] calldata submissions) external;

    /// @notice Index of the first submission whose proof alone is refused; their number when each is valid. Looks at the
    ///         proofs only, not at freshness, and passes over what `attestBatch` skips.
    function firstRefused(Submission[] calldata submissions) external view returns (uint256);

    /// @notice The caller withdraws its own latest attestation; snapshots up to now no longer count.
    function revoke(bytes32 policyId, string calldata reason) external;

    /// @notice Ends a live attestation that rests on what was taken back: a verifier version that was retired, or a table that was
    ///         withdrawn in the policy's series. Anybody may. Snapshots up to the voided one no longer count; a newer one does, be it
    ///         from before the voiding, so that nobody spoils a proof that is on its way. The drawdown step stays.
    /// @param basis Of the latest attestation; its log has it.
    function voidAttestation(address subject, bytes32 policyId, Basis calldata basis) external;

    /// @notice Closes the record of a subject that enrolled until it is reopened. Guardian role.
    function revokeFor(address subject, bytes32 policyId, string calldata reason) external;

    /// @notice Lets a closed record accept snapshots newer than this moment. Guardian role.
    function reopen(address subject, bytes32 policyId) external;

    /// @notice Lets a subject that lost its state start over from a genesis, after `restartDelay`. Guardian role: whoever may do
    ///         it can give up a high-water mark.
    /// @dev An accepted attestation that goes on from the old state ends it at any time, since the state was not lost. So a
    ///      restart voids no proof that is on its way, and nobody loses a chain to one that it did not ask for.
    function restartChain(address subject, string calldata reason) external;

    /// @notice Calls a restart off, announced or waiting to be used. The subject, or the guardian role.
    function cancelRestart(address subject) external;

    /// @notice First second at which the subject's chain may start over, until it did or that is called off; else 0.
    function pendingRestartOf(address subject) external view returns (uint40 liveAt);

    /// @notice Whether `subject` has an attestation under `policyId` that counts now: it was not revoked and
    ///         block.timestamp < expiry, where expiry = asOf + validity is the first second that is too late.
    /// @dev Reads one slot.
    function isHealthy(address subject, bytes32 policyId) external view returns (bool);

    /// @notice As `isHealthy`, and the latest attestation's snapshot is at most `maxStaleness` seconds old.
    /// @dev Reads one slot.
    function isHealthyWithin(address subject, bytes32 policyId, uint32 maxStaleness) external view returns (bool);

    /// @notice The subject's present run of health under a line of the policy book: at each second from `since` on it was healthy
    ///         under the policy that the line had, or under one that the line had left by no more than that one's validity.
    /// @dev From the line's policy of now backwards. Under a policy the run begins when its record does, or when the line came to
    ///      it, whichever is later. It goes on into an earlier policy whose record is open, began before the line left it, and had
    ///      not expired when the later part began, at most the earlier policy's validity after the line left it; a policy between
    ///      that was not kept is passed over, and one whose record is not open ends the run. The streaks add up where the
    ///      earlier one's last snapshot is older than any of the later's can be, so at most one attestation that counts is
    ///      nearer than `minInterval` to the one before for each move of the line.
    function lineRecordOf(address subject, bytes32 line) external view returns (LineRecord memory);

    /// @notice All that is stored for a subject under a policy; zeros before its first attestation.
    function recordOf(address subject, bytes32 policyId) external view returns (Record memory);

    /// @notice Whether `subject` ever declared accounts.
    function isEnrolled(address subject) external view returns (bool);

    /// @notice The list of accounts that counts now; 0 when the subject never enrolled.
    function enrolmentOf(address subject) external view returns (uint256);

    /// @notice The announced list and the first second at which it counts; zeros when nothing is announced.
    function pendingEnrolmentOf(address subject) external view returns (uint256 enrolment, uint40 liveAt);

    /// @notice The state of a subject's drawdown chain [D2], from which its next attestation goes on; 0 before the first one, and
    ///         while the chain may start over. Then an attestation may as well go on from the state before.
    /// @dev One chain a subject, whatever the policy: a high-water mark cannot be shed by changing the policy.
    function stateOf(address subject) external view returns (uint256);

    /// @notice Seconds from the announcement of another list of accounts until it counts.
    function enrolmentDelay() external view returns (uint40);

    /// @notice Seconds from the announcement of a restart until it can be used.
    function restartDelay() external view returns (uint40);

    /// @notice The statement that `submission` claims, and the point and value that its proof must carry.
    /// @dev Checks ranges, not freshness; the proof is not looked at.
    function statementOf(Submission calldata submission)
        external
        view
        returns (uint256[] memory v, uint256 x, uint256 y);

    /// @notice keccak256(abi.encode("keel/domain/1", chain id, registry)) mod r: what statement place 1 is made from, with the
    ///         policy's id, under policies that name no declared domain.
    function domain() external view returns (uint256);

    /// @notice Policies by their ids.
    function policyBook() external view returns (IPolicyBook);

    /// @notice The market tables that attestations may be about.
    function marketBook() external view returns (IMarketBook);

    /// @notice The verifiers of proofs.
    function verifierBook() external view returns (IVerifierBook);
}
