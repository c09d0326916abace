// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGroth16Verifier} from "./IGroth16Verifier.sol";

/// @title Verifiers of each circuit, by version
/// @notice Versions count from 1. While the book is set up, for `delay` seconds after it was deployed, the first version of a
///         circuit is live at once; every other version is after `delay` seconds, in public. The first version of a new circuit
///         waits like the others, because what it accepts moves subjects' drawdown chains. A retired version is refused for ever.
///         A standby version verifies nothing while another one stands, so its key can be announced, and waited for, before it
///         is needed.
interface IVerifierBook {
    struct Version {
        IGroth16Verifier verifier;
        /// First second at which proofs are accepted.
        uint40 liveAt;
        /// Second of retirement; 0 while not retired.
        uint40 retiredAt;
        /// Whether it waits for the others to be retired.
        bool standby;
        /// The verifier's code as it was when added.
        bytes32 codeHash;
    }

    /// @notice A verifier was added; proofs against it are accepted from `liveAt`, or later when it stands by.
    event VerifierAdded(
        bytes32 indexed circuit,
        uint32 indexed version,
        address verifier,
        bytes32 codeHash,
        uint40 liveAt,
        bool insecure,
        bool standby
    );
    /// @notice A version was retired: no proof against it is accepted any more.
    event VerifierRetired(bytes32 indexed circuit, uint32 indexed version, address by, string reason);

    error NoCode(address verifier);
    error WrongCircuit(address verifier, bytes32 expected, bytes32 received);
    /// @dev A development key outside test chains (`lib/TestChains.sol`).
    error InsecureVerifier(address verifier, uint256 chainId);
    /// @dev delta equal to gamma or its negative: nobody contributed to the key and anybody can forge.
    error KeyWithoutContribution(address verifier);
    /// @dev The verifier says yes to the empty proof.
    error AcceptsAnything(address verifier);
    error UnknownVersion(bytes32 circuit, uint32 version);
    error NotLiveYet(bytes32 circuit, uint32 version, uint40 liveAt);
    error Retired(bytes32 circuit, uint32 version, uint40 retiredAt);
    /// @dev A standby version, while a version that is none, or an earlier standby version, is live and not retired.
    error StandsBy(bytes32 circuit, uint32 version);
    /// @dev A standby version of a circuit that has no version.
    error NothingToStandBy(bytes32 circuit);
    error CodeChanged(address verifier, bytes32 expected, bytes32 received);

    /// @notice Adds a verifier as the next version of `circuit`. Verifier administrator role.
    function add(bytes32 circuit, IGroth16Verifier verifier) external returns (uint32 version);

    /// @notice Adds a verifier as the next version of `circuit`, on standby: after `delay`, and from the second on at which no
    ///         version that is no standby, and no earlier standby, is live and not retired. Verifier administrator role.
    function addStandby(bytes32 circuit, IGroth16Verifier verifier) external returns (uint32 version);

    /// @notice Retires a version at once. Guardian role. A standby version that is live takes over in the same second.
    function retire(bytes32 circuit, uint32 version, string calldata reason) external;

    /// @notice The verifier of a live version; reverts when unknown, not live yet, retired, standing by or changed.
    function verifierOf(bytes32 circuit, uint32 version) external view returns (IGroth16Verifier);

    /// @notice A version as recorded; all zero when unknown.
    function versionOf(bytes32 circuit, uint32 version) external view returns (Version memory);

    /// @notice How many versions a circuit has had, live or not.
    function versionCount(bytes32 circuit) external view returns (uint32);

    /// @notice The newest version of a circuit that proofs are accepted against; 0 when there is none.
    function latest(bytes32 circuit) external view returns (uint32);

    /// @notice Whether a version's key is a development key, against which anybody who made it can forge. Test chains only.
    function insecure(bytes32 circuit, uint32 version) external view returns (bool);

    /// @notice Seconds from adding a later version to its first proof.
    function delay() external view returns (uint40);

    /// @notice First second at which a circuit's first version waits as well.
    function setUpUntil() external view returns (uint40);
}
