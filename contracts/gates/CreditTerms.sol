// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {HealthGate} from "../HealthGate.sol";
import {IHealthRegistry} from "../interfaces/IHealthRegistry.sol";

/// @title CreditTerms: what may be lent against a portfolio grows with the time for which it has been healthy without a break
/// @notice Of the line or policy that the gate is built for. Time counts when it was attested: `since` and so many
///         attestations that count for each step, so neither seconds make a history nor one attestation a year.
/// @dev Warning: for new loans. What is lent already must not become liquidatable by health that lapses: use a limit of its own.
contract CreditTerms is HealthGate {
    uint256 private constant BPS = 10_000;

    /// @notice Loan over value in basis points: at first, more with each step, and at most.
    uint256 public immutable base;
    uint256 public immutable step;
    uint256 public immutable cap;
    /// @notice Seconds of a step, attestations that count in it at least, and seconds between those at least, by the policy.
    uint256 public immutable period;
    uint256 public immutable perStep;
    uint256 public immutable leastInterval;

    error BadTerms(uint256[6] terms);

    constructor(uint256[6] memory terms, IHealthRegistry registry_, address subject_, bytes32 policy_)
        HealthGate(registry_, subject_, policy_)
    {
        (base, step, cap) = (terms[0], terms[1], terms[2]);
        (period, perStep, leastInterval) = (terms[3], terms[4], terms[5]);
        bool isFit = base <= cap && cap < BPS && step < BPS && perStep != 0 && perStep * leastInterval <= period;
        require(isFit && period != 0, BadTerms(terms));
    }

    /// @notice Loan over value that may be lent now, in basis points; 0 while the gate is closed.
    function loanToValue() external view returns (uint256) {
        return isHealthy() ? Math.min(base + step * _steps(), cap) : 0;
    }

    function _steps() private view returns (uint256) {
        (uint256 since, uint256 streak) = _run();
        bool isTooQuick = registry.policyBook().policyOf(policyId()).minInterval < leastInterval;
        return since == 0 || isTooQuick ? 0 : Math.min((block.timestamp - since) / period, streak / perStep);
    }

    function _run() private view returns (uint256 since, uint256 streak) {
        if (policyId() == policy) {
            IHealthRegistry.Record memory record = registry.recordOf(subject, policy);
            return (record.since, record.streak);
        }
        IHealthRegistry.LineRecord memory line = registry.lineRecordOf(subject, policy);
        return (line.since, line.streak);
    }
}
