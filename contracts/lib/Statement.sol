// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";
import {IPolicyBook} from "../interfaces/IPolicyBook.sol";
import {Bn254} from "./Bn254.sol";

/// @dev Number of elements of the statement vector.
uint256 constant STATEMENT_LENGTH = 28;
/// @dev Number of elements of the tail-risk vector.
uint256 constant TAIL_LENGTH = 11;
/// @dev Number of elements of the liquidity vector.
uint256 constant LIQUIDITY_LENGTH = 6;
/// @dev Number of elements of the disclosure vector before what is sealed for viewers.
uint256 constant NAV_LENGTH = 4;

/// @title The public statement of a portfolio-health proof, version 2
/// @notice Builds the vector v from trusted state and the call, and those of the proofs beside it.
/// @dev The order of v is that of circuits/SPEC.md [C2, T5, Q3] and never changes; a new order is a new version in `TAG`.
library Statement {
    /// @dev ascii "keel", kind 1 (portfolio-health), version 2, length.
    uint256 internal constant TAG = (0x6b65656c << 64) | (1 << 48) | (2 << 32) | STATEMENT_LENGTH;
    /// @dev The same with kind 12 (tail-risk), version 1.
    uint256 internal constant TAIL_TAG = (0x6b65656c << 64) | (12 << 48) | (1 << 32) | TAIL_LENGTH;
    /// @dev The same with kind 18 (unwind), version 1.
    uint256 internal constant LIQUIDITY_TAG = (0x6b65656c << 64) | (18 << 48) | (1 << 32) | LIQUIDITY_LENGTH;
    /// @dev The same with kind 14 (disclosure), version 1; the length is added.
    uint256 internal constant DISCLOSURE_TAG = (0x6b65656c << 64) | (14 << 48) | (1 << 32);

    /// @dev Makes signed 32-bit basis points non-negative before they enter the field.
    int256 private constant BIAS = 1 << 31;

    /// @dev Binds a statement to one registry on one chain.
    function domainOf(uint256 chainId, address registry) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("keel/domain/1", chainId, registry))) % Bn254.R;
    }

    /// @dev Binds a statement to each of several registries. Another label: it is no single registry's domain.
    function declaredDomainOf(IPolicyBook.Member[] calldata members) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("keel/domain/2", members))) % Bn254.R;
    }

    /// @dev Binds a statement to one policy within a domain: the limits are in other places, but not how old a snapshot may
    ///      be, how long it counts, or where units come from.
    function placeOf(uint256 domain, bytes32 policyId) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("keel/domain/3", domain, policyId))) % Bn254.R;
    }

    /// @param domain Of the registry, or declared; `placeOf` makes place 1 of it.
    function build(uint256 domain, IHealthRegistry.Submission calldata s, IPolicyBook.Policy memory p)
        internal
        pure
        returns (uint256[] memory v)
    {
        v = new uint256[](STATEMENT_LENGTH);
        v[0] = TAG;
        v[1] = placeOf(domain, s.policyId);
        v[2] = uint160(s.subject);
        v[3] = s.marketRoot;
        v[4] = s.marketTime;
        v[5] = p.scenarioRoot;
        v[6] = p.sourcesRoot;
        v[7] = s.enrolment;
        v[8] = s.asOf;
        v[9] = s.units;
        v[10] = s.previousState;
        v[11] = s.newState;
        v[12] = s.portfolioCommitment;
        v[13] = s.exposuresCommitment;
        _writeLimits(v, p);
    }

    /// @dev What the tail-risk proof of a submission claims: limits on the exposures behind one commitment, by one table. It
    ///      is true or false by itself, so it names no subject and no registry.
    function buildTail(uint256 exposuresCommitment, IHealthRegistry.TableProof calldata t, IPolicyBook.Policy memory p)
        internal
        pure
        returns (uint256[] memory v)
    {
        v = new uint256[](TAIL_LENGTH);
        v[0] = TAIL_TAG;
        v[1] = exposuresCommitment;
        v[2] = t.root;
        v[3] = t.time;
        v[4] = p.maxVolatility;
        for (uint256 i = 0; i < p.confidence.length; ++i) {
            v[5 + 2 * i] = p.confidence[i];
            v[6 + 2 * i] = p.maxExpectedShortfall[i];
        }
    }

    /// @dev What the liquidity proof of a submission claims: a limit on the days to unwind the holdings behind one commitment, by one
    ///      table. True or false by itself, as the tail-risk proof is.
    function buildLiquidity(
        uint256 portfolioCommitment,
        IHealthRegistry.TableProof calldata t,
        IPolicyBook.Liquidity memory l
    ) internal pure returns (uint256[] memory v) {
        v = new uint256[](LIQUIDITY_LENGTH);
        v[0] = LIQUIDITY_TAG;
        v[1] = portfolioCommitment;
        v[2] = t.root;
        v[3] = t.time;
        v[4] = l.participation;
        v[5] = l.maxDaysToUnwind;
    }

    /// @dev What the disclosure proof of a submission claims [N1]: a net asset value, and what is sealed for the policy's viewers, of
    ///      the exposures behind one commitment. True or false by itself, as the tail-risk proof is. Reverts for sealed sums that
    ///      are none: without viewers there is nothing, and with them at least one word.
    function buildDisclosure(
        uint256 exposuresCommitment,
        IHealthRegistry.DisclosureProof calldata d,
        IPolicyBook.Policy memory p
    ) internal pure returns (uint256[] memory v) {
        uint256 viewers = p.viewers.length;
        uint256[] calldata sums = d.sealedSums;
        bool fits = viewers == 0 ? sums.length == 0 : sums.length > 2 + viewers;
        require(fits, IHealthRegistry.WrongSealedSums(viewers, sums.length));
        v = new uint256[](NAV_LENGTH + 2 * viewers + sums.length);
        v[0] = DISCLOSURE_TAG | v.length;
        v[1] = exposuresCommitment;
        v[2] = p.navStep;
        v[3] = d.nav;
        uint256 at = NAV_LENGTH;
        for (uint256 i = 0; i < sums.length; ++i) {
            Bn254.check(sums[i]);
            // First the point R, then the data key's copy for each viewer, behind the viewer's key, then the words.
            if (i >= 2 && i < 2 + viewers) {
                v[at++] = p.viewers[i - 2][0];
                v[at++] = p.viewers[i - 2][1];
            }
            v[at++] = sums[i];
        }
    }

    function _writeLimits(uint256[] memory v, IPolicyBook.Policy memory p) private pure {
        v[14] = p.minAccountHealthFactor;
        v[15] = p.minCollateralRatio;
        v[16] = p.minHealthFactor;
        v[17] = p.maxLeverage;
        v[18] = uint256(p.netDeltaLo + BIAS);
        v[19] = uint256(p.netDeltaHi + BIAS);
        v[20] = p.maxUnderlyingDelta;
        v[21] = p.maxVenue;
        v[22] = p.maxGamma;
        v[23] = p.maxVega;
        v[24] = p.maxTheta;
        v[25] = p.maxStressLoss;
        v[26] = p.maxDrawdown;
        v[27] = p.minEquity;
    }
}
