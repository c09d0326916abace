// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";
import {IMarketBook} from "./interfaces/IMarketBook.sol";
import {IPolicyBook} from "./interfaces/IPolicyBook.sol";
import {Terms} from "./lib/Terms.sol";

/// @title BasisReader: whether something that an attestation rests on was taken back
/// @notice Keeps nothing and may nothing: a registry makes its own, to answer `voidAttestation` from what its books say.
contract BasisReader {
    /// @notice Whether a verifier version of a basis was retired, or a table withdrawn in the policy's series.
    function isTakenBack(IHealthRegistry registry, bytes32 policyId, IHealthRegistry.Basis calldata basis)
        external
        view
        returns (bool)
    {
        bytes memory terms = Terms.read(registry.policyBook(), policyId);
        IPolicyBook.Policy memory policy = abi.decode(terms, (IPolicyBook.Policy));
        return _isRetired(registry, policy.circuit, basis.version)
            || _isWithdrawn(registry, policy.marketSeries, basis.marketRoot, basis.marketTime)
            || _isRetired(registry, policy.tailCircuit, basis.tailVersion)
            || _isWithdrawn(registry, policy.returnsSeries, basis.returnsRoot, basis.returnsTime)
            || _isRetired(registry, policy.disclosureCircuit, basis.disclosureVersion)
            || (Terms.hasLiquidity(terms) && _isIlliquid(registry, Terms.liquidityIn(terms), basis));
    }

    function _isIlliquid(
        IHealthRegistry registry,
        IPolicyBook.Liquidity memory liquidity,
        IHealthRegistry.Basis calldata basis
    ) private view returns (bool) {
        return _isRetired(registry, liquidity.circuit, basis.liquidityVersion)
            || _isWithdrawn(registry, liquidity.series, basis.liquidityRoot, basis.liquidityTime);
    }

    /// @dev No circuit, no version and no series is the name of anything: what a policy does not ask for was never taken back.
    function _isRetired(IHealthRegistry registry, bytes32 circuit, uint32 version) private view returns (bool) {
        return registry.verifierBook().versionOf(circuit, version).retiredAt != 0;
    }

    function _isWithdrawn(IHealthRegistry registry, bytes32 series, uint256 root, uint64 time)
        private
        view
        returns (bool)
    {
        return registry.marketBook().standingOf(series, root, time) == IMarketBook.Standing.Withdrawn;
    }
}
