// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IHealthRegistry} from "./interfaces/IHealthRegistry.sol";
import {IPolicyBook} from "./interfaces/IPolicyBook.sol";

/// @title LineRecords: follows a subject's run of health through the policies of a line
/// @notice Keeps nothing and may nothing: a registry makes its own, to answer `lineRecordOf` from what everybody can read of it.
contract LineRecords {
    /// @notice See `IHealthRegistry.lineRecordOf`.
    function lineRecordOf(IHealthRegistry registry, address subject, bytes32 line)
        external
        view
        returns (IHealthRegistry.LineRecord memory found)
    {
        IPolicyBook book = registry.policyBook();
        IPolicyBook.Kept[] memory kept = book.policiesOf(line);
        uint256 i = kept.length - 1;
        found.policyId = kept[i].policyId;
        if (!registry.isHealthy(subject, found.policyId)) return found;
        IHealthRegistry.Record memory record = registry.recordOf(subject, found.policyId);
        (found.asOf, found.expiry) = (record.asOf, record.expiry);
        IPolicyBook.Policy memory policy = book.policyOf(found.policyId);
        (found.since, found.streak) = _runUnder(record, policy, kept, i);
        while (i > 0) {
            IPolicyBook.Kept memory before = kept[--i];
            IHealthRegistry.Record memory earlier = registry.recordOf(subject, before.policyId);
            if (earlier.standing != IHealthRegistry.Standing.Open) break;
            IPolicyBook.Policy memory left = book.policyOf(before.policyId);
            bool leadsOn = earlier.since <= before.leftAt && earlier.expiry >= found.since
                && found.since <= before.leftAt + left.validity;
            if (!leadsOn) continue;
            uint32 streak;
            (found.since, streak) = _runUnder(earlier, left, kept, i);
            if (earlier.asOf + policy.maxAge < record.since) found.streak += streak;
            (record, policy) = (earlier, left);
        }
    }

    /// @dev The part of a record's run in which the line had its policy, and of its streak no more than fits that part.
    function _runUnder(
        IHealthRegistry.Record memory record,
        IPolicyBook.Policy memory policy,
        IPolicyBook.Kept[] memory kept,
        uint256 i
    ) private pure returns (uint40 since, uint32 streak) {
        uint40 from = i == 0 ? 0 : kept[i - 1].leftAt;
        if (record.since >= from) return (record.since, record.streak);
        uint256 fit = record.asOf < from ? 1 : 1 + (record.asOf - from) / policy.minInterval;
        return (from, fit < record.streak ? uint32(fit) : record.streak);
    }
}
