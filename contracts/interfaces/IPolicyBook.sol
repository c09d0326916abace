// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Risk policies, addressed by their content, and named lines of policies that move in public
/// @notice A policy id is keccak256(abi.encode(policy)): it can never come to mean something else. A line is a name whose
///         current policy a curator may tighten at once and change in any other way only after `delay`.
interface IPolicyBook {
    /// @notice Who says how many units of the fund are outstanding.
    enum UnitsKind {
        /// Nobody: there is one unit, and no drawdown can be limited.
        None,
        /// A share token: its past total supply at the snapshot's time, by a clock of timestamps (ERC-5805, ERC-6372).
        Token,
        /// An administrator with a key, who signs (EIP-712) the subject, the snapshot's time and the units.
        Signer,
        /// An administrator that is a contract, and says by ERC-1271 whether it signed the same.
        Contract
    }

    /// @notice A risk policy. Limits are in basis points (1e4 = 1.0) unless said otherwise.
    /// @dev Absent limits always hold [L14]: 0 for minima, 2^32-1 for maxima, -2^31 and 2^31-1 for the net delta band.
    struct Policy {
        /// keccak256 of the circuit's name.
        bytes32 circuit;
        /// Poseidon root of the stress scenarios.
        uint256 scenarioRoot;
        /// Poseidon root of the approved sources' keys.
        uint256 sourcesRoot;
        /// The series that its market tables are of: what may be held, at which factors. By publishers or from feeds.
        bytes32 marketSeries;
        /// The series that its returns tables are of; 0 exactly without tail-risk limits.
        bytes32 returnsSeries;
        /// Assets over liabilities [L2].
        uint32 minCollateralRatio;
        /// Risk-adjusted collateral over liabilities [L3].
        uint32 minHealthFactor;
        /// The same in each account by itself [L4].
        uint32 minAccountHealthFactor;
        /// Gross exposure over equity [L5].
        uint32 maxLeverage;
        /// Net delta over equity, signed, both ends included [L6].
        int32 netDeltaLo;
        int32 netDeltaHi;
        /// Absolute delta of each underlying over equity [L7].
        uint32 maxUnderlyingDelta;
        /// Equity at each venue, whose accounts have one key, over equity [L8]; not 0, since equity is at some venue.
        uint32 maxVenue;
        /// Change of delta for a 1% move, over equity [L9].
        uint32 maxGamma;
        /// A vol point, and a day, over equity [L10].
        uint32 maxVega;
        uint32 maxTheta;
        /// Loss over equity in each scenario [L11].
        uint32 maxStressLoss;
        /// Loss of value per unit from its high-water mark [L12]; below 10000 only where somebody says what the units are.
        uint32 maxDrawdown;
        /// USD with 8 decimals [L13]; at most (2^96 - 1) / 1e8, since no proof exists above.
        uint96 minEquity;
        /// Seconds from the snapshot's time to its attestation, at most; at most 7 days, and not 0 with a share token.
        uint32 maxAge;
        /// Seconds from the snapshot's time for which an attestation lasts; at most 92 days.
        uint32 validity;
        /// Seconds between the snapshot's and the market's time, at most; at most a day.
        uint32 maxMarketSkew;
        /// Seconds from one snapshot that counts for count and streak to the next one; from 1 to `validity`.
        uint32 minInterval;
        /// Annual volatility over equity [L15]; below 2^20 where it is set, since no proof exists above.
        uint32 maxVolatility;
        /// Seconds between the snapshot's and the returns table's time, at most; at most 35 days, 0 without tail-risk
        /// limits.
        uint32 maxReturnsSkew;
        /// Levels of expected shortfall, below 10000; 0 where the limit is absent.
        uint16[3] confidence;
        /// Mean loss of a day beyond each level, over equity [L16].
        uint32[3] maxExpectedShortfall;
        /// keccak256 of the tail-risk circuit's name; 0 exactly when the limits above are absent.
        bytes32 tailCircuit;
        /// A declared domain, whose member registries all accept one proof; 0: each registry's own domain.
        uint256 domain;
        UnitsKind unitsKind;
        /// The token or the administrator; 0 exactly when nobody says what the units are.
        address unitsSource;
        /// keccak256 of the disclosure circuit's name; 0 exactly when nothing below is set. Without its proof no attestation counts.
        bytes32 disclosureCircuit;
        /// Step of the net asset value that every attestation shows [N2], USD 1e16: a power of ten, a cent at least; 0: none is
        /// shown. Only where somebody says what the units are.
        uint96 navStep;
        /// Keys on BabyJubJub of those who can read each attestation's sums [N3], x and y; at most 4. Anybody who reads a policy has
        /// to look whether they are of the prime-order subgroup: the book looks at the curve's equation only.
        uint256[2][] viewers;
    }

    /// @notice What a policy that limits the days to unwind says of it [L17], beside the policy's own terms.
    struct Liquidity {
        /// keccak256 of the liquidity circuit's name. Without its proof no attestation counts.
        bytes32 circuit;
        /// The series that its liquidity tables are of.
        bytes32 series;
        /// Days in which each position is gone, in 1e-4 days; at most ten years.
        uint32 maxDaysToUnwind;
        /// Share of what is traded that the tables' depths count on, basis points; from 1 to 10000.
        uint16 participation;
        /// Seconds between the snapshot's and the liquidity table's time, at most; at most 7 days.
        uint32 maxLiquiditySkew;
    }

    /// @notice A registry on a chain.
    struct Member {
        uint64 chainId;
        address registry;
    }

    /// @notice A line's policy now, and the one announced for later.
    struct Line {
        bytes32 current;
        /// Replaces `current` at `nextLiveAt`; 0 when nothing is announced.
        bytes32 next;
        /// First second at which `next` counts.
        uint40 nextLiveAt;
    }

    /// @notice How a line came to leave a policy.
    enum Leaving {
        /// It has not left it.
        None,
        /// For an announced one, after the delay.
        Replaced,
        /// For a tighter one, at once.
        Tightened,
        /// For the one before, when a guardian undid the tightening that led to it.
        Undone,
        /// For a tighter one, to come back when that was undone.
        Returned
    }

    /// @notice A policy that a line has or had.
    struct Kept {
        bytes32 policyId;
        /// First second at which it was no longer the line's; 0 while it is.
        uint40 leftAt;
        Leaving how;
    }

    /// @notice A domain of registries was declared.
    event DomainDeclared(uint256 indexed domain, Member[] members);
    /// @notice A policy was published.
    event PolicyPublished(bytes32 indexed policyId, Policy policy);
    /// @notice The policy limits the days to unwind. Comes behind its `PolicyPublished`.
    event LiquidityLimited(bytes32 indexed policyId, Liquidity liquidity);

    /// @notice A line was opened.
    event LineOpened(bytes32 indexed line, string name, bytes32 indexed policyId);
    /// @notice A line moves `from` one policy `to` another at `liveAt`: at once when `tighter`, else after the delay.
    event LineMoved(bytes32 indexed line, bytes32 indexed from, bytes32 indexed to, uint40 liveAt, bool tighter);
    /// @notice An announced move was called off.
    event LineMoveCancelled(bytes32 indexed line, bytes32 indexed next, address indexed by);

    /// @notice A guardian took a tightening back: the line is at the policy before again, and nothing is announced.
    event TighteningUndone(bytes32 indexed line, bytes32 indexed from, bytes32 indexed to, address by);

    /// @dev No tightening that is not undone yet, or only such as are older than the delay.
    error NothingToUndo(bytes32 line);
    /// @dev Sixteen moves within the delay; `possibleAt` is the first second at which the line can be tightened again. Gates look at each
    ///      policy that was left, and one more would close them on what was attested before.
    error TooManyTightenings(bytes32 line, uint40 possibleAt);
    error UnknownLine(bytes32 line);
    error LineExists(bytes32 line);
    error NothingAnnounced(bytes32 line);
    error UnknownPolicy(bytes32 policyId);
    error NoCircuit();
    /// @dev A share of nothing, or of more than all.
    error BadParticipation(uint16 participation);
    error EmptyDeltaBand(int32 lo, int32 hi);
    error ZeroValidity();
    /// @dev A time that would make attestations last, or tables reach, longer than anybody should rely on them; a volatility
    ///      or an equity above all that a proof exists for.
    error AboveCeiling(string term, uint256 value, uint256 ceiling);
    /// @dev Not in [1, validity]: the next snapshot that counts would come too late to go on a streak, or at once.
    error BadInterval(uint32 minInterval, uint32 validity);
    /// @dev A market series that is of no market, or a returns series that is not of returns or not there with tail limits.
    error WrongSeries(bytes32 series);
    /// @dev A source without a kind, or a kind without a source.
    error UnitsSourceMismatch(UnitsKind kind, address source);
    /// @dev A drawdown can only be limited where somebody other than the manager says how many units there are.
    error DrawdownWithoutUnits(uint32 maxDrawdown);
    /// @dev A token, and an administrator that is a contract, live on one chain; the members of a domain do not.
    error ContractWithDomain(address source, uint256 domain);
    /// @dev A net asset value is of use by the unit only, and units are not the manager's word.
    error NavWithoutUnits();
    /// @dev Not a power of ten, or below a cent.
    error BadNavStep(uint96 navStep);
    /// @dev A disclosure circuit that has nothing to show, or something to show without a circuit.
    error DisclosureMismatch(bytes32 disclosureCircuit);
    error TooManyViewers(uint256 received);
    /// @dev A coordinate that is not below r, a point off the curve, or one with x = 0, whose shared point is known to all.
    error BadViewerKey(uint256 index);
    /// @dev A token's supply is known a second after the snapshot, which would be too late.
    error TokenWithoutAge(address token);
    /// @dev At 0 no book with equity passes.
    error NoVenue();
    /// @dev A tail-risk limit without a circuit that proves it, or a circuit without a limit.
    error TailCircuitMismatch(bytes32 tailCircuit);
    /// @dev At 10000 and above expected shortfall bounds nothing.
    error ConfidenceTooHigh(uint16 confidence);
    error UnknownDomain(uint256 domain);
    error TooFewMembers(uint256 received);
    /// @dev Members are sorted by chain id, then by address, each once.
    error MembersNotAscending(uint256 index);

    /// @notice Declares a domain: registries, here and on other chains, that accept one and the same proof under a policy which
    ///         names it. Anybody may; declaring it again changes nothing, and its members never change.
    /// @param members At least two, sorted by chain id, then by address, each once.
    /// @return domain keccak256(abi.encode("keel/domain/2", members)) mod r.
    function declareDomain(Member[] calldata members) external returns (uint256 domain);

    /// @notice The members of a declared domain; reverts with `UnknownDomain` when it was never declared here.
    function membersOf(uint256 domain) external view returns (Member[] memory);

    /// @notice Whether a registry on a chain is a member of a domain that was declared here.
    function isMember(uint256 domain, uint256 chainId, address registry) external view returns (bool);

    /// @notice Publishes a policy; anybody may. Publishing the same policy again changes nothing.
    /// @dev A domain that it names was declared before. A policy that bounds nothing is refused: see `Policy`.
    /// @return policyId keccak256(abi.encode(policy)).
    function publish(Policy calldata policy) external returns (bytes32 policyId);

    /// @notice As `publish`, for a policy that limits the days to unwind.
    /// @return policyId keccak256(abi.encode(policy, liquidity)).
    function publishWithLiquidity(Policy calldata policy, Liquidity calldata liquidity)
        external
        returns (bytes32 policyId);

    /// @notice What a policy says of the days to unwind; zeros for one that does not limit them.
    function liquidityOf(bytes32 policyId) external view returns (Liquidity memory);

    /// @notice The policy behind an id; reverts with `UnknownPolicy` when it was never published.
    /// @dev The data returned are the policy's encoding, that behind its id (`lib/Terms.sol`): for a policy that limits the days to
    ///      unwind the terms of that stand in it too, where a decoder of the policy alone does not look.
    function policyOf(bytes32 policyId) external view returns (Policy memory);

    /// @notice Whether a policy with this id was published.
    function exists(bytes32 policyId) external view returns (bool);

    /// @notice Opens a line at a published policy. Curator role.
    /// @return line keccak256(abi.encode("keel/line/1", name)).
    function openLine(string calldata name, bytes32 policyId) external returns (bytes32 line);

    /// @notice Moves a line to another published policy. Curator role. A tighter policy counts at once, sixteen times within
    ///         `delay`; any other one after `delay`. What was announced before and is not in force yet is replaced.
    function moveLine(bytes32 line, bytes32 policyId) external;

    /// @notice Calls off the announced move. Guardian role.
    function cancelMove(bytes32 line) external;

    /// @notice Takes the line's latest tightening back, at once, within `delay` of it. Guardian role. Once more takes the one
    ///         before it back, as far as that is recent too.
    /// @dev Calls off what is announced. No loosening that came into force before is undone, and none that the tightening
    ///      called off comes back.
    function undoTightening(bytes32 line) external;

    /// @notice The policy of a line at this moment.
    function currentOf(bytes32 line) external view returns (bytes32 policyId);

    /// @notice A line as it stands: an announced move that has come into force is shown as current.
    function lineOf(bytes32 line) external view returns (Line memory);

    /// @notice Every policy that a line went through, in order; the last one is its policy at this moment. One that it came
    ///         back to is there again; one that was called off or replaced before it counted is not. Each begins when the
    ///         one before was left.
    function policiesOf(bytes32 line) external view returns (Kept[] memory);

    /// @notice Policies that a line left less than `grace` ago for a tighter one, or when a tightening was undone, and has not come
    ///         back to since, the latest first; sixteen at most. What was attested under such a policy still counts at a gate, since
    ///         a fund cannot know of a tightening beforehand: a run of health that began before `leftAt`, by a snapshot from before
    ///         it. Told by the snapshot, so that one from before `leftAt` may still be brought after it, at most the policy's
    ///         `maxAge` later.
    function graceOf(bytes32 line) external view returns (Kept[] memory);

    /// @notice Seconds from a tightening in which attestations from before it count at gates; `delay`.
    function grace() external view returns (uint40);

    /// @notice Whether a line of this id was opened.
    function isLine(bytes32 line) external view returns (bool);

    /// @notice Whether every portfolio and attestation that `policyId` lets pass, `than` lets pass too: same circuit,
    ///         scenarios, sources, series, units and domain, no limit looser,
    ///         the same disclosure where `than` asks for one. Equal policies are.
    function isTighter(bytes32 policyId, bytes32 than) external view returns (bool);

    /// @notice Seconds from the announcement of a move that is not tighter until it counts.
    function delay() external view returns (uint40);
}
