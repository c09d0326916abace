// SPDX-License-Identifier: MIT
/**
 * ABIs of the contracts, written by hand so that a verifier needs no compiler. A test holds them against the compiled
 * artifacts.
 *
 * @module
 */

import { parseAbi } from "viem";

const POLICY_STRUCT =
  "struct Policy { bytes32 circuit; uint256 scenarioRoot; uint256 sourcesRoot; bytes32 marketSeries; bytes32 returnsSeries; uint32 minCollateralRatio; uint32 minHealthFactor; uint32 minAccountHealthFactor; uint32 maxLeverage; int32 netDeltaLo; int32 netDeltaHi; uint32 maxUnderlyingDelta; uint32 maxVenue; uint32 maxGamma; uint32 maxVega; uint32 maxTheta; uint32 maxStressLoss; uint32 maxDrawdown; uint96 minEquity; uint32 maxAge; uint32 validity; uint32 maxMarketSkew; uint32 minInterval; uint32 maxVolatility; uint32 maxReturnsSkew; uint16[3] confidence; uint32[3] maxExpectedShortfall; bytes32 tailCircuit; uint256 domain; uint8 unitsKind; address unitsSource; }";
const MEMBER_STRUCT = "struct Member { uint64 chainId; address registry; }";
const KEPT_STRUCT = "struct Kept { bytes32 policyId; uint40 leftAt; }";
const LINE_STRUCT = "struct Line { bytes32 current; bytes32 next; uint40 nextLiveAt; }";
const SUBMISSION_STRUCT =
  "struct Submission { address subject; bytes32 policyId; uint32 version; uint256 marketRoot; uint64 marketTime; uint64 asOf; uint256 enrolment; uint96 units; uint256 previousState; uint256 newState; uint256 portfolioCommitment; uint256 exposuresCommitment; uint256 commitment; uint256[8] proof; bytes unitsSignature; TailProof[] tail; }";
const TAIL_STRUCT =
  "struct TailProof { uint32 version; uint256 returnsRoot; uint64 returnsTime; uint256 commitment; uint256[8] proof; }";
const RECORD_STRUCT =
  "struct Record { uint40 expiry; uint40 asOf; uint40 floor; uint40 since; uint32 count; uint32 streak; uint24 lapses; uint8 standing; uint40 firstAsOf; uint40 countedAt; bytes22 basis; }";
const BASIS_STRUCT =
  "struct Basis { uint32 version; uint256 marketRoot; uint64 marketTime; uint32 tailVersion; uint256 returnsRoot; uint64 returnsTime; }";
const LINE_RECORD_STRUCT =
  "struct LineRecord { bytes32 policyId; uint40 asOf; uint40 expiry; uint40 since; uint32 streak; }";
const VERSION_STRUCT =
  "struct Version { address verifier; uint40 liveAt; uint40 retiredAt; bytes32 codeHash; }";

const INSTRUMENT_STRUCT =
  "struct Instrument { address feed; uint24 heartbeat; uint64 fixedPrice; uint16 collateralFactor; bool funded; bool exposed; uint8 underlying; }";
const UNIVERSE_STRUCT =
  "struct Universe { bytes32 circuit; uint16 capacity; uint256 underlyingsId; uint256 universeId; Instrument[] instruments; }";

const ACCESS = [
  "function authority() view returns (address)",
  "function isConsumingScheduledOp() view returns (bytes4)",
  "function setAuthority(address newAuthority)",
  "event AuthorityUpdated(address authority)",
  "error AccessManagedInvalidAuthority(address authority)",
  "error AccessManagedRequiredDelay(address caller, uint32 delay)",
  "error AccessManagedUnauthorized(address caller)",
] as const;

/** ABI of HealthRegistry.sol, as far as the client uses it. */
export const healthRegistryAbi = parseAbi([
  SUBMISSION_STRUCT,
  TAIL_STRUCT,
  RECORD_STRUCT,
  BASIS_STRUCT,
  LINE_RECORD_STRUCT,
  "constructor(address authority, address policyBook_, address marketBook_, address verifierBook_, uint40 enrolmentDelay_)",
  "function enrol(uint256 enrolment)",
  "function attest(Submission s)",
  "function attestBatch(Submission[] submissions)",
  "function firstRefused(Submission[] submissions) view returns (uint256 index)",
  "function revoke(bytes32 policyId, string reason)",
  "function voidAttestation(address subject, bytes32 policyId, Basis basis)",
  "function revokeFor(address subject, bytes32 policyId, string reason)",
  "function reopen(address subject, bytes32 policyId)",
  "function isHealthy(address subject, bytes32 policyId) view returns (bool)",
  "function isHealthyWithin(address subject, bytes32 policyId, uint32 maxStaleness) view returns (bool)",
  "function recordOf(address subject, bytes32 policyId) view returns (Record)",
  "function lineRecordOf(address subject, bytes32 line) view returns (LineRecord found)",
  "function restartChain(address subject, string reason)",
  "function isEnrolled(address subject) view returns (bool)",
  "function enrolmentOf(address subject) view returns (uint256)",
  "function pendingEnrolmentOf(address subject) view returns (uint256 enrolment, uint40 liveAt)",
  "function stateOf(address subject) view returns (uint256)",
  "function enrolmentDelay() view returns (uint40)",
  "function statementOf(Submission s) view returns (uint256[28] v, uint256 x, uint256 y)",
  "function domain() view returns (uint256)",
  "function policyBook() view returns (address)",
  "function marketBook() view returns (address)",
  "function verifierBook() view returns (address)",
  "event Enrolled(address indexed subject, uint256 enrolment, uint40 liveAt)",
  "event Attested(address indexed subject, bytes32 indexed policyId, uint40 expiry, address verifier, Submission submission)",
  "event Revoked(address indexed subject, bytes32 indexed policyId, address indexed by, uint8 standing, string reason)",
  "event Voided(address indexed subject, bytes32 indexed policyId, address indexed by, Basis basis)",
  "event ChainRestarted(address indexed subject, address indexed by, uint256 state, string reason)",
  "event Reopened(address indexed subject, bytes32 indexed policyId, address indexed by)",
  "error NotEnrolled(address subject)",
  "error WrongEnrolment(address subject, uint256 expected, uint256 received)",
  "error WrongState(address subject, uint256 expected, uint256 received)",
  "error NoUnits(address subject)",
  "error WrongUnits(address subject, uint256 expected, uint256 received)",
  "error UnitsNotSigned(address administrator, address subject, uint64 asOf, uint96 units)",
  "error UnwantedUnitsSignature(bytes32 policyId)",
  "error UnitsUnavailable(address token, uint64 asOf)",
  "error ChainNotStarted(address subject)",
  "error ClosedByGuardian(address subject, bytes32 policyId)",
  "error NotClosed(address subject, bytes32 policyId)",
  "error NotNewer(uint64 asOf, uint40 floor)",
  "error SnapshotInFuture(uint64 asOf, uint256 now_)",
  "error SnapshotTooOld(uint64 asOf, uint256 age, uint32 maxAge)",
  "error AlreadyExpired(uint256 expiry, uint256 now_)",
  "error MarketTooFar(uint64 asOf, uint64 marketTime, uint32 maxMarketSkew)",
  "error MarketNotAccepted(bytes32 series, uint256 root, uint64 asOf)",
  "error WrongTailProofs(bytes32 policyId, uint256 expected, uint256 received)",
  "error ForeignDomain(uint256 domain, uint256 chainId)",
  "error ProofRefused(address subject, bytes32 policyId, address verifier)",
  "error EmptyBatch()",
  "error MixedVerifiers(uint256 index, address expected, address received)",
  "error BatchRefused(address verifier, uint256 size)",
  "error NothingToVoid(address subject, bytes32 policyId)",
  "error WrongBasis(bytes22 expected, bytes22 received)",
  "error NotInField(uint256 value)",
  ...ACCESS,
]);

/** ABI of PolicyBook.sol, as far as the client uses it. */
export const policyBookAbi = parseAbi([
  POLICY_STRUCT,
  MEMBER_STRUCT,
  LINE_STRUCT,
  KEPT_STRUCT,
  "constructor(address authority, uint40 delay_)",
  "function publish(Policy policy) returns (bytes32 policyId)",
  "function declareDomain(Member[] members) returns (uint256 domain)",
  "function membersOf(uint256 domain) view returns (Member[])",
  "function isMember(uint256 domain, uint256 chainId, address registry) view returns (bool)",
  "function policyOf(bytes32 policyId) view returns (Policy)",
  "function exists(bytes32 policyId) view returns (bool)",
  "function openLine(string name, bytes32 policyId) returns (bytes32 line)",
  "function moveLine(bytes32 line, bytes32 policyId)",
  "function cancelMove(bytes32 line)",
  "function currentOf(bytes32 line) view returns (bytes32)",
  "function lineOf(bytes32 line) view returns (Line found)",
  "function policiesOf(bytes32 line) view returns (Kept[] policies)",
  "function isLine(bytes32 line) view returns (bool)",
  "function isTighter(bytes32 policyId, bytes32 than) view returns (bool)",
  "function delay() view returns (uint40)",
  "event DomainDeclared(uint256 indexed domain, Member[] members)",
  "event PolicyPublished(bytes32 indexed policyId, Policy policy)",
  "event LineOpened(bytes32 indexed line, string name, bytes32 indexed policyId)",
  "event LineMoved(bytes32 indexed line, bytes32 indexed from, bytes32 indexed to, uint40 liveAt, bool tighter)",
  "event LineMoveCancelled(bytes32 indexed line, bytes32 indexed next, address indexed by)",
  "error UnknownPolicy(bytes32 policyId)",
  "error NoCircuit()",
  "error EmptyDeltaBand(int32 lo, int32 hi)",
  "error ZeroValidity()",
  "error AboveCeiling(string term, uint256 value, uint256 ceiling)",
  "error BadInterval(uint32 minInterval, uint32 validity)",
  "error WrongSeries(bytes32 series)",
  "error UnitsSourceMismatch(uint8 kind, address source)",
  "error DrawdownWithoutUnits(uint32 maxDrawdown)",
  "error ContractWithDomain(address source, uint256 domain)",
  "error TokenWithoutAge(address token)",
  "error NoVenue()",
  "error TailCircuitMismatch(bytes32 tailCircuit)",
  "error ConfidenceTooHigh(uint16 confidence)",
  "error UnknownDomain(uint256 domain)",
  "error TooFewMembers(uint256 received)",
  "error MembersNotAscending(uint256 index)",
  "error UnknownLine(bytes32 line)",
  "error LineExists(bytes32 line)",
  "error NothingAnnounced(bytes32 line)",
  "error NotInField(uint256 value)",
  ...ACCESS,
]);

/** ABI of MarketBook.sol, as far as the client uses it. */
export const marketBookAbi = parseAbi([
  "constructor(address authority, uint256 maxDelay_, address[] publishers_, uint256 threshold_)",
  "function publish(bytes32 series, uint256 root, uint64 asOf, bytes32 contentHash, bytes[] signatures)",
  "function accept(bytes32 id, uint256 root, uint64 asOf, bytes32 contentHash)",
  "function withdraw(bytes32 series, uint256 root, uint64 asOf, string reason)",
  "function setPublishers(address[] publishers_, uint256 threshold_)",
  "function isAccepted(bytes32 series, uint256 root, uint64 asOf) view returns (bool)",
  "function standingOf(bytes32 series, uint256 root, uint64 asOf) view returns (uint8)",
  "function seriesOf(address source, bytes32 id) pure returns (bytes32 series)",
  "function publishers() view returns (address[])",
  "function isPublisher(address account) view returns (bool)",
  "function threshold() view returns (uint256)",
  "function maxDelay() view returns (uint256)",
  "function digestOf(bytes32 series, uint256 root, uint64 asOf, bytes32 contentHash) view returns (bytes32)",
  "function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)",
  "event MarketAccepted(bytes32 indexed series, uint256 indexed root, uint64 indexed asOf, bytes32 contentHash, address[] signers)",
  "event MarketAcceptedFrom(bytes32 indexed series, uint256 indexed root, uint64 indexed asOf, bytes32 contentHash, address source)",
  "event MarketWithdrawn(bytes32 indexed series, uint256 indexed root, uint64 indexed asOf, address by, string reason)",
  "event PublishersSet(address[] publishers, uint256 threshold)",
  "event EIP712DomainChanged()",
  "error MarketInFuture(uint64 asOf, uint256 now_)",
  "error MarketStale(uint64 asOf, uint256 age, uint256 maxDelay)",
  "error MarketAlreadyWithdrawn(bytes32 series, uint256 root, uint64 asOf)",
  "error NotPublishable(bytes32 series)",
  "error UnknownSeries(bytes32 series)",
  "error TooFewSignatures(uint256 received, uint256 threshold)",
  "error NotPublisher(address signer)",
  "error SignersNotAscending(address previous, address next)",
  "error PublishersNotAscending(address previous, address next)",
  "error BadThreshold(uint256 threshold, uint256 publishers)",
  "error ZeroMaxDelay()",
  "error NotInField(uint256 value)",
  "error ECDSAInvalidSignature()",
  "error ECDSAInvalidSignatureLength(uint256 length)",
  "error ECDSAInvalidSignatureS(bytes32 s)",
  "error InvalidShortString()",
  "error StringTooLong(string str)",
  ...ACCESS,
]);

/** ABI of FeedMarket.sol, as far as the client uses it. */
export const feedMarketAbi = parseAbi([
  INSTRUMENT_STRUCT,
  UNIVERSE_STRUCT,
  "constructor(address authority, address marketBook_, address verifierBook_, address sequencer_, uint256 gracePeriod_)",
  "function open(Universe universe) returns (bytes32 id)",
  "function close(bytes32 id, string reason)",
  "function publish(bytes32 id, uint256 root, uint64 asOf, uint32 version, uint256[8] proof)",
  "function vectorOf(bytes32 id, uint64 asOf) view returns (uint256[])",
  "function marketBook() view returns (address)",
  "function verifierBook() view returns (address)",
  "function sequencer() view returns (address)",
  "function gracePeriod() view returns (uint256)",
  "event UniverseOpened(bytes32 indexed id, uint256 indexed universeId, Universe universe)",
  "event UniverseClosed(bytes32 indexed id, address indexed by, string reason)",
  "event TableAccepted(bytes32 indexed id, uint256 indexed root, uint64 indexed asOf, uint256[] prices)",
  "error UnknownUniverse(bytes32 id)",
  "error UniverseExists(bytes32 id)",
  "error UniverseIsClosed(bytes32 id)",
  "error NoCircuit()",
  "error BadCapacity(uint256 instruments, uint16 capacity)",
  "error BadInstrument(uint256 index)",
  "error FeedFailed(uint256 index, address feed)",
  "error FeedAnswer(uint256 index, int256 answer)",
  "error FeedInFuture(uint256 index, uint256 updatedAt, uint64 asOf)",
  "error FeedStale(uint256 index, uint256 updatedAt, uint64 asOf, uint256 heartbeat)",
  "error FeedDecimals(uint256 index, uint8 expected, uint8 received)",
  "error PriceOutOfRange(uint256 index, uint256 price)",
  "error SequencerDown()",
  "error SequencerStarting(uint256 startedAt, uint256 graceEnd)",
  "error TableInFuture(uint64 asOf, uint256 now_)",
  "error RootRefused(bytes32 id, uint256 root, uint64 asOf)",
  "error NotInField(uint256 value)",
  ...ACCESS,
]);

/** ABI of VerifierBook.sol, as far as the client uses it. */
export const verifierBookAbi = parseAbi([
  VERSION_STRUCT,
  "constructor(address authority, uint40 delay_)",
  "function add(bytes32 circuit, address verifier) returns (uint32 version)",
  "function retire(bytes32 circuit, uint32 version, string reason)",
  "function verifierOf(bytes32 circuit, uint32 version) view returns (address)",
  "function versionOf(bytes32 circuit, uint32 version) view returns (Version found)",
  "function versionCount(bytes32 circuit) view returns (uint32)",
  "function latest(bytes32 circuit) view returns (uint32 version)",
  "function delay() view returns (uint40)",
  "event VerifierAdded(bytes32 indexed circuit, uint32 indexed version, address verifier, bytes32 codeHash, uint40 liveAt, bool insecure)",
  "event VerifierRetired(bytes32 indexed circuit, uint32 indexed version, address by, string reason)",
  "error NoCode(address verifier)",
  "error WrongCircuit(address verifier, bytes32 expected, bytes32 received)",
  "error InsecureVerifier(address verifier, uint256 chainId)",
  "error KeyWithoutContribution(address verifier)",
  "error AcceptsAnything(address verifier)",
  "error UnknownVersion(bytes32 circuit, uint32 version)",
  "error NotLiveYet(bytes32 circuit, uint32 version, uint40 liveAt)",
  "error Retired(bytes32 circuit, uint32 version, uint40 retiredAt)",
  "error CodeChanged(address verifier, bytes32 expected, bytes32 received)",
  ...ACCESS,
]);

/** ABI of a key's verifier contract. */
export const groth16VerifierAbi = parseAbi([
  "function verify(uint256[8] proof, uint256[3] inputs) view returns (bool)",
  "function verifyBatch(uint256[8][] proofs, uint256[3][] inputs) view returns (bool)",
  "function circuit() view returns (bytes32)",
  "function insecure() view returns (bool)",
  "function gammaG2() view returns (uint256[4])",
  "function deltaG2() view returns (uint256[4])",
]);

/** What a share token is asked for its units: ERC-20 and ERC-5805. */
export const shareTokenAbi = parseAbi([
  "function decimals() view returns (uint8)",
  "function getPastTotalSupply(uint256 timepoint) view returns (uint256)",
]);

/** What GatedVault adds to ERC-4626. */
export const gatedVaultAbi = parseAbi([
  "function registry() view returns (address)",
  "function subject() view returns (address)",
  "function policy() view returns (bytes32)",
  "function policyId() view returns (bytes32)",
  "function isHealthy() view returns (bool)",
  "function unwindOnly() view returns (bool)",
  "function maxStaleness() view returns (uint32)",
  "error NotHealthy(address subject, bytes32 policyId)",
  "error StillHealthy(address subject, bytes32 policyId)",
  "error AssetShortfall(uint256 expected, uint256 received)",
]);

/** What HealthResolver adds to an EAS schema resolver. */
export const healthResolverAbi = parseAbi([
  "function SCHEMA() view returns (string)",
  "function schemaUid() view returns (bytes32)",
  "function registry() view returns (address)",
  "function isLive(bytes32 uid) view returns (bool)",
  "error WrongSchema(bytes32 expected, bytes32 received)",
  "error NotHealthy(address subject, bytes32 policyId)",
  "error BadData(uint256 length)",
  "error NotLatest(uint256 expected, uint256 received)",
  "error OutlivesHealth(uint64 expirationTime, uint40 expiry)",
  "error NotRevocable()",
]);

/** Every error that a call to the contracts can end with. */
export const keelErrorsAbi = [
  ...healthRegistryAbi,
  ...policyBookAbi,
  ...marketBookAbi,
  ...feedMarketAbi,
  ...verifierBookAbi,
  ...gatedVaultAbi,
  ...healthResolverAbi,
].filter((item) => item.type === "error");
