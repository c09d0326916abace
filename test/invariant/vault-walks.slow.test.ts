// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the strategy vault keep its properties over a hundred thousand random calls, and would a broken one be found?
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { type Bug, plantOf } from "./planted.js";
import { INVARIANTS, SEED_OF_WALKS, walkVault } from "./vault-walk.js";

const CALLS = Number(process.env.KEEL_CALLS ?? 100_000);
const ENOUGH_FOR_A_BUG = 20_000;
const SHORT_WALK = 100;
/** For one bug, and for all the calls. */
const [SHORT_MS, LONG_MS] = [600_000, 3_600_000];

const bug = (name: string, file: string, text: string, instead: string): Bug<"StrategyVault"> => ({
  name,
  contract: "StrategyVault",
  file,
  text,
  instead,
});

const BUGS = [
  bug(
    "requests of the snapshot's own period at its price",
    "vault/VaultSettlement.sol",
    "_fill(nav.asOf / _terms.dealingPeriod - 1, epoch)",
    "_fill(nav.asOf / _terms.dealingPeriod, epoch)",
  ),
  bug(
    "idle assets of now",
    "vault/VaultAssets.sol",
    "then = _flows.upTo(time)",
    "then = _flows.upTo(block.timestamp)",
  ),
  bug(
    "what is on its way counted for redemptions",
    "vault/VaultAssets.sol",
    "low = _atLeastZero(base + int256(uint256(arrived.left))",
    "low = _atLeastZero(base + int256(uint256(then.left))",
  ),
  bug(
    "a snapshot from before the settlement",
    "vault/VaultSettlement.sol",
    "uint256(_book.last().time) + 1",
    "uint256(_book.clock.asOf) + 1",
  ),
  bug(
    "a price by anybody's units",
    "vault/VaultSettlement.sol",
    "require(nav.units == supply, ForeignUnits(supply, nav.units));",
    "",
  ),
  bug("a value that lapsed", "vault/VaultSettlement.sol", "require(nav.live, NoProvenValue());", ""),
  bug(
    "redemptions that are not paid",
    "vault/VaultSettlement.sol",
    "bool isUnpaid = owed > free;",
    "bool isUnpaid = false;",
  ),
  bug(
    "reserved assets that stay idle",
    "vault/VaultSettlement.sol",
    "_changeBase(assets, owed, owed);",
    "_changeBase(assets, 0, owed);",
  ),
  bug(
    "claims rounded up",
    "lib/Epochs.sol",
    "return Math.mulDiv(asked, up, down);",
    "return Math.mulDiv(asked, up, down, Math.Rounding.Ceil);",
  ),
  bug(
    "a request that can be taken back twice",
    "lib/Requests.sol",
    "        _drop(ids, i);\n        delete self.amounts[id][controller];",
    "",
  ),
  bug(
    "a request that is taken back when its price is known",
    "vault/VaultRequests.sol",
    "require(!isHealthy() && !_canSettle(), TooLateToCancel(id, currentPeriod()));",
    "",
  ),
  bug(
    "a request that is taken back late and leaves the snapshot",
    "vault/VaultRequests.sol",
    "_book.clock.notBefore = _periodEnd();",
    "",
  ),
  bug(
    "allocation of what is asked back",
    "vault/VaultAssets.sol",
    "free = free > kept ? free - kept : 0;",
    "",
  ),
  bug("allocation without health", "vault/VaultAssets.sol", "require(isHealthy(), NoProvenValue());", ""),
  bug(
    "a fee on the same gain twice",
    "vault/VaultSettlement.sol",
    "if (price > _book.clock.highest) _book.clock.highest",
    "if (_book.clock.highest == 0) _book.clock.highest",
  ),
  bug(
    "a fee on what nobody gained",
    "vault/VaultSettlement.sol",
    "Math.mulDiv(high, _priceScale(), shares, Math.Rounding.Ceil)",
    "Math.mulDiv(low, _priceScale(), shares)",
  ),
  bug(
    "a lender's price without the fees that are due",
    "vault/VaultSettlement.sol",
    "(_withFees(nav.asOf, low).toUint96(), value)",
    "(nav.units, value)",
  ),
  bug(
    "a lender's price that a newer proof took the place of",
    "vault/VaultSettlement.sol",
    "if (nav.asOf != _book.clock.asOf) return found;",
    "",
  ),
  bug(
    "a price while much is on its way",
    "vault/VaultSettlement.sol",
    "require(_isNarrow(low, high), TooMuchOnItsWay(low, high));",
    "",
  ),
  bug(
    "a vault that lost all, without an end",
    "vault/VaultSettlement.sol",
    "return low != 0 && _isNarrow(low, high);",
    "return _isNarrow(low, high);",
  ),
  bug(
    "a wind-down for redemptions that were just found unpaid",
    "vault/VaultSettlement.sol",
    "if (!wasUnpaid || !isUnpaid)",
    "if (!isUnpaid)",
  ),
  bug(
    "a wind-down by what is left",
    "vault/VaultAssets.sol",
    "idle() + _paidOut, _windDownShares) - _paidTo[msg.sender]",
    "idle(), _windDownShares)",
  ),
  bug(
    "a wind-down while proofs come",
    "vault/VaultSettlement.sol",
    "Math.max(_book.last().time, nav.asOf)",
    "_book.last().time",
  ),
  bug(
    "requests that wait, as a gift",
    "vault/VaultAssets.sol",
    " - _reserved - _waitingAssets();",
    " - _reserved;",
  ),
] as const;

describe("76: a bug that was planted in the vault", () => {
  it.each(BUGS)(
    "is found: $name",
    async (planted) => {
      const { broken, calls } = await walkVault(ENOUGH_FOR_A_BUG, plantOf(planted), SHORT_WALK);
      expect(broken, `not found in ${calls} calls, seed ${SEED_OF_WALKS}`).toBeDefined();
      const { actions, message } = broken!;
      console.info(`${planted.name}, in ${calls} calls, by ${actions.length} actions: ${message}`);
      const isNamed = Object.values(INVARIANTS).some((sentence) => message.startsWith(sentence));
      expect(isNamed || message.includes("Panic") || message.includes("decode"), message).toBe(true);
    },
    SHORT_MS,
  );
});

describe("76: invariants of the vault", () => {
  it(
    `hold over ${CALLS} random calls`,
    async () => {
      const { broken, calls, outcomes } = await walkVault(CALLS);
      const table = [...outcomes]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([what, count]) => `${count}\t${what}`);
      console.info(`seed ${SEED_OF_WALKS}, ${calls} calls\n${table.join("\n")}`);
      expect(broken, `seed ${SEED_OF_WALKS}\n${JSON.stringify(broken, null, 1)}`).toBeUndefined();
      expect(calls).toBeGreaterThanOrEqual(CALLS);
    },
    LONG_MS,
  );
});
