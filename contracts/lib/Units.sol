// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";
import {IPolicyBook} from "../interfaces/IPolicyBook.sol";

/// @title Units of a fund, from whom the policy names and never from its manager
/// @dev The signed message names neither chain nor contract: it is a fact about a fund, the same everywhere.
library Units {
    /// @dev One unit, with 8 decimals: what a policy without a source of units holds a subject to.
    uint256 internal constant ONE = 1e8;

    bytes32 private constant DOMAIN_TYPE = keccak256("EIP712Domain(string name,string version)");
    bytes32 private constant UNITS_TYPE = keccak256("Units(address subject,uint64 asOf,uint96 units)");
    uint256 private constant DECIMALS = 8;
    /// @dev More than any share token has.
    uint256 private constant MAX_DECIMALS = 36;
    /// @dev What a source may burn for one answer: what a supply of many checkpoints or a dozen signers need, and more.
    uint256 private constant GAS = 500_000;

    /// @dev A claim of units, and by whose word.
    struct Claim {
        bytes32 policyId;
        IPolicyBook.UnitsKind kind;
        address source;
        address subject;
        uint64 asOf;
        uint96 units;
        bytes signature;
    }

    /// @dev Reverts unless the units are what the source says of the subject and the time.
    function check(Claim calldata claim) internal view {
        if (claim.kind != IPolicyBook.UnitsKind.Token) return _checkSigned(claim);
        require(claim.signature.length == 0, IHealthRegistry.UnwantedUnitsSignature(claim.policyId));
        uint256 expected = ofToken(claim.source, claim.asOf);
        require(expected != 0, IHealthRegistry.NoUnits(claim.subject));
        require(claim.units == expected, IHealthRegistry.WrongUnits(claim.subject, expected, claim.units));
    }

    /// @dev What an administrator signs.
    function digestOf(address subject, uint64 asOf, uint96 units) internal pure returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPE, keccak256("Keel Units"), keccak256("1")));
        bytes32 message = keccak256(abi.encode(UNITS_TYPE, subject, asOf, units));
        return MessageHashUtils.toTypedDataHash(domain, message);
    }

    /// @dev A token's supply at `asOf` with 8 decimals, rounded up: more units never make a value per unit look better. At the
    ///      block's own time the supply can still change, so that time is too late.
    function ofToken(address token, uint64 asOf) internal view returns (uint256 units) {
        bool ok = asOf < block.timestamp;
        uint256 supply;
        uint256 decimals;
        if (ok) ok = _hasClock(token);
        if (ok) (ok, supply) = _ask(token, abi.encodeCall(IVotes.getPastTotalSupply, (asOf)));
        if (ok) (ok, decimals) = _ask(token, abi.encodeCall(IERC20Metadata.decimals, ()));
        ok = ok && decimals <= MAX_DECIMALS;
        if (ok) (ok, units) = _scale(supply, decimals);
        require(ok, IHealthRegistry.UnitsUnavailable(token, asOf));
    }

    function _checkSigned(Claim calldata claim) private view {
        require(claim.units != 0, IHealthRegistry.NoUnits(claim.subject));
        bytes32 digest = digestOf(claim.subject, claim.asOf, claim.units);
        bool signed = claim.kind == IPolicyBook.UnitsKind.Signer
            ? _isBySigner(claim.source, digest, claim.signature)
            : _isByContract(claim.source, digest, claim.signature);
        require(signed, IHealthRegistry.UnitsNotSigned(claim.source, claim.subject, claim.asOf, claim.units));
    }

    function _isByContract(address administrator, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool)
    {
        (bool ok, uint256 answer) =
            _ask(administrator, abi.encodeCall(IERC1271.isValidSignature, (digest, signature)));
        return ok && bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
    }

    /// @dev Whether the token counts time in timestamps, as ERC-6372's "mode=timestamp" does.
    function _hasClock(address token) private view returns (bool) {
        (bool ok, uint256 time) = _ask(token, abi.encodeCall(IERC6372.clock, ()));
        return ok && time == block.timestamp;
    }

    /// @dev One word from a contract that may answer anything, or burn what it is given.
    function _ask(address target, bytes memory data) private view returns (bool ok, uint256 answer) {
        uint256 limit = GAS;
        assembly ("memory-safe") {
            ok := staticcall(limit, target, add(data, 0x20), mload(data), 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            answer := mload(0x00)
        }
    }

    function _isBySigner(address administrator, bytes32 digest, bytes calldata signature)
        private
        pure
        returns (bool)
    {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && signer == administrator;
    }

    /// @dev Rounded up. False when the result does not fit the statement's 96 bits.
    function _scale(uint256 supply, uint256 decimals) private pure returns (bool ok, uint256 units) {
        if (decimals > DECIMALS) {
            uint256 divisor = 10 ** (decimals - DECIMALS);
            units = supply / divisor + (supply % divisor == 0 ? 0 : 1);
        } else if (supply <= type(uint96).max) {
            units = supply * 10 ** (DECIMALS - decimals);
        } else {
            return (false, 0);
        }
        ok = units <= type(uint96).max;
    }
}
