// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {ShortString} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {IAggregatorV3Rounds} from "./IAggregatorV3Rounds.sol";
import {IERC7540Deposit} from "./IERC7540Deposit.sol";
import {IERC7540Operator} from "./IERC7540Operator.sol";
import {IERC7540Redeem} from "./IERC7540Redeem.sol";
import {IERC7575} from "./IERC7575.sol";
import {IHealthGate} from "./IHealthGate.sol";
import {INavSource} from "./INavSource.sol";

/// @title A vault (ERC-7540) whose money works elsewhere and is priced by proofs
/// @notice Requests of a period, which is as long as `dealingPeriod`, can be taken back until the period ends. Whoever likes then
///         settles all of them at once, at one price: the net asset value that a proof shows for a time after their period's end,
///         and what lay idle in the vault at that time, over the shares of that time. Nobody who asks or takes back knows that
///         price. Its share token counts the supply by timestamps, for the policy to name as its source of units; the supply
///         changes when requests are settled, and at no other time.
/// @dev Warning: the vault's own balance must be no account of the enrolment, or it is counted twice. Assets that rebase, or that
///      take a fee on transfer, are not for this vault. What custody held before the first deposit belongs to the seed's shares.
interface IStrategyVault is IERC7540Deposit, IERC7540Redeem, IERC7540Operator, IERC7575, INavSource {
    /// @notice What a vault goes by. Nothing of it changes later but lower fees.
    struct Terms {
        /// USD price of the asset, in rounds; none: an asset is a dollar.
        IAggregatorV3Rounds assetFeed;
        /// Seconds for which a round of the feed is the price.
        uint32 feedStaleness;
        /// Seconds from 60 to 31 days in which requests belong together, counted from 1970 on.
        uint32 dealingPeriod;
        /// Basis points a year of all assets; at most 500.
        uint16 managementFee;
        /// Basis points of what a share gains above its highest settled price; at most 3000.
        uint16 performanceFee;
        /// Gets the fees, in shares, and the smallest part of one at the beginning.
        address feeReceiver;
        /// Seconds that assets may be on their way between vault and custody; at most 7 days. No snapshot prices shares at whose time
        /// more than a hundredth of all assets was.
        uint32 transit;
        /// Seconds for which a snapshot can be settled by; at most 7 days.
        uint32 maxLag;
        /// Seconds without a proven value, or in which a request waits, until anybody may wind down; 1 to 180 days, and no less
        /// than a dealing period with `maxLag`.
        uint32 grace;
        /// Seconds from the announcement of a gate or a custody address until it counts; 1 to 60 days.
        uint32 delay;
    }

    /// @notice What a vault is made with.
    struct Setup {
        /// At most 31 bytes each, and their number in the last byte (OpenZeppelin's ShortString).
        ShortString name;
        ShortString symbol;
        /// What is deposited; at most 18 decimals.
        IERC20 asset;
        /// Announces gates and custody addresses, names the manager, and lowers fees.
        address owner;
        /// Allocates, and pauses deposits.
        address manager;
        /// Asked for health and for the line of the net asset value; may come later.
        IHealthGate gate;
        /// The first address of the list to which assets may be sent.
        address custody;
        /// Whose shares stand for what custody holds at the start, and how many, 8 decimals: at least one share.
        address seedHolder;
        uint96 seedShares;
        Terms terms;
    }

    /// @notice Requests were settled. `low` and `high` are all assets that `shares` stand for: what may be on its way counts against
    ///         whoever acts, so redemptions are paid by `low` and deposits by `high`. Fees are shares that were minted to their receiver
    ///         just before.
    event Settled(uint40 indexed asOf, uint256 low, uint256 high, uint256 shares);
    /// @notice All deposit requests of periods up to `period` that were not settled before: so many shares for so many assets.
    event DepositsSettled(uint256 indexed period, uint256 assets, uint256 shares);
    /// @notice All redemption requests of periods up to `period` that were not settled before: so many assets for so many shares.
    event RedemptionsSettled(uint256 indexed period, uint256 shares, uint256 assets);
    /// @notice Redemptions are due that the vault cannot pay now.
    event RedemptionsUnpaid(uint256 shares, uint256 assets, uint256 idle);
    event DepositRequestCancelled(address indexed controller, uint256 indexed requestId, address receiver, uint256 assets);
    event RedeemRequestCancelled(address indexed controller, uint256 indexed requestId, address receiver, uint256 shares);
    event Allocated(address indexed custody, uint256 assets);
    /// @notice Assets came that are no deposit: from custody, or as a gift.
    event Returned(address indexed from, uint256 assets);
    event WindDownStarted(uint256 shares, uint256 idle);
    /// @notice A holder gave up shares in a wind-down, or none, and was paid what is due so far.
    event Surrendered(address indexed holder, address indexed receiver, uint256 shares, uint256 assets);
    event GateAnnounced(IHealthGate indexed gate, uint40 liveAt);
    event CustodyAnnounced(address indexed custody, uint40 liveAt);
    event CustodyRemoved(address indexed custody);
    event DepositsPaused(bool paused);
    event ManagerChanged(address indexed manager);
    event OwnerOffered(address indexed owner);
    event OwnerChanged(address indexed owner);
    event FeesLowered(uint16 managementFee, uint16 performanceFee);

    /// @dev A value of the set-up out of its bounds.
    error BadSetup(string what, uint256 value);
    error NotOwner(address caller);
    error NotManager(address caller);
    error NotAuthorized(address caller, address controller);
    error DepositsClosed();
    error WindingDown();
    error NotWindingDown();
    error NothingAsked();
    /// @dev The controller has as many requests as one may have open on a side; it has to claim some.
    error TooManyRequests(address controller);
    error NothingPending(uint256 requestId, address controller);
    /// @dev The request's period is over: it stands, unless health lapses.
    error TooLateToCancel(uint256 requestId, uint256 period);
    error MoreThanClaimable(uint256 asked, uint256 claimable);
    /// @dev No net asset value counts now: none is proven under the gate's policy, or health lapsed.
    error NoProvenValue();
    /// @dev The snapshot is not newer than the last settlement, than a request that was taken back late, or is too old.
    error UnfitSnapshot(uint40 asOf, uint256 notBefore, uint256 notAfter);
    /// @dev The proof counts other units than this vault's shares.
    error ForeignUnits(uint256 shares, uint256 units);
    /// @dev More than a hundredth of all assets was on its way at the snapshot's time, by `transit`: either side's price would be wrong.
    error TooMuchOnItsWay(uint256 low, uint256 high);
    /// @dev The named round is not the one that the feed had at the snapshot's time, or that is older than it may be.
    error WrongRound(uint80 round, uint40 asOf);
    error NotCustody(address custody);
    error BadCustody(address custody);
    error MoreThanIdle(uint256 asked, uint256 free);
    /// @dev The asset delivered less than it was asked for.
    error AssetShortfall(uint256 expected, uint256 received);
    error NothingReturned();
    /// @dev Requests can be settled and paid, or the grace lasts.
    error NoReasonToWindDown();
    error FeesNotLower(uint16 managementFee, uint16 performanceFee);
    /// @dev What ERC-7540 wants of previews.
    error AsyncOnly();

    /// @notice Settles what was requested in periods that ended before the proven net asset value's time. Anybody may.
    /// @param round The asset feed's round at that time; of no meaning without a feed.
    /// @dev Deposits are settled in any case; redemptions when the vault can pay all that are due.
    function settle(uint80 round) external;

    /// @notice Takes a whole deposit request back: until its period ends, in a wind-down, and while the gate is closed and nothing can
    ///         be settled.
    function cancelDeposit(uint256 requestId, address controller, address receiver) external returns (uint256 assets);

    /// @notice Takes a whole redemption request back, when a deposit request could be.
    function cancelRedeem(uint256 requestId, address controller, address receiver) external returns (uint256 shares);

    /// @notice Sends idle assets to a custody address of the list. The manager, while the gate is open; what is asked to be
    ///         redeemed is kept back, by the last price.
    function allocate(address custody, uint256 assets) external;

    /// @notice Brings assets back. Anybody may, at all times.
    function returnAssets(uint256 assets) external;

    /// @notice Counts what came by plain transfer as brought back. Anybody may.
    function collect() external returns (uint256 assets);

    /// @notice Begins the wind-down, for ever. Anybody may, once `grace` has passed since the snapshot of the last proven net asset
    ///         value of this vault's shares; or since the end of a request's period, while nothing can be settled now; or since
    ///         redemptions were first found unpaid, while they still cannot be paid.
    function windDown() external;

    /// @notice In a wind-down: gives up shares, or none, and pays the holder's part of all that came back so far. Who comes late
    ///         gets the same.
    function surrender(uint256 shares, address receiver) external returns (uint256 assets);

    /// @notice Announces a gate, in place of what was announced before; the first one counts at once, and none can be taken away. The
    ///         gate that counts now calls the announced one off. Owner.
    function announceGate(IHealthGate gate) external;

    /// @notice Announces a custody address. Owner.
    function announceCustody(address custody) external;

    /// @notice Takes an address off the custody list, at once. Owner.
    function removeCustody(address custody) external;

    /// @notice Closes deposit requests, and nothing else, or opens them again. Manager.
    function pauseDeposits(bool paused) external;

    /// @notice Owner.
    function setManager(address manager) external;

    /// @notice Offers ownership; the receiver takes it by `acceptOwner`. Owner.
    function offerOwner(address owner) external;

    function acceptOwner() external;

    /// @notice Fees only fall. Owner.
    function lowerFees(uint16 managementFee, uint16 performanceFee) external;

    /// @notice Idle assets: in the vault, and neither of a request that waits nor reserved for a redemption.
    function idle() external view returns (uint256);

    /// @notice The proven net asset value that requests can be settled by now; reverts with the reason when there is none.
    function provenValue() external view returns (NavRecord memory);

    /// @notice Whether requests can be settled now, by the asset's latest price; false, or the reason why not.
    function canSettle() external view returns (bool);

    /// @notice A subject's proven net asset value with what lies idle in this vault, over its shares: what a price feed of the shares
    ///         reads, less the fees that the next settlement takes. From the snapshot after the last settlement on, or, until there is
    ///         a newer one, as it was settled.
    /// @dev Of this vault's own subject and policy alone; zeros of any other.
    function navOf(address subject, bytes32 policyId) external view override returns (NavRecord memory);

    /// @notice Number of the period that now is: the id that requests get.
    function currentPeriod() external view returns (uint256);

    function gate() external view returns (IHealthGate);

    /// @notice Whether the gate is open; false without a gate.
    function isHealthy() external view returns (bool);

    /// @notice The announced gate and the first second at which it counts; zeros when none is announced.
    function pendingGate() external view returns (IHealthGate gate, uint40 liveAt);

    /// @notice The first second at which a custody address counts; 0 when it is not on the list.
    function custodyFrom(address custody) external view returns (uint40 liveAt);

    function isWindingDown() external view returns (bool);

    function terms() external view returns (Terms memory);
}
