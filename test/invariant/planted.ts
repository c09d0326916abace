// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Bugs put into the contracts on purpose, to see that a walk finds them: a text of a source and what takes its place.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Hex } from "viem";
import { PACKAGE } from "../support/cli.js";
import type { Plant } from "./world.js";

export interface Bug<Contract extends string = Plant["contract"]> {
  readonly name: string;
  readonly contract: Contract;
  /** Of the source with the text, where it is not the contract's own. */
  readonly file?: string;
  readonly text: string;
  readonly instead: string;
}

export const BUGS: readonly Bug[] = [
  {
    name: "health that lasts a second too long",
    contract: "HealthRegistry",
    text: "block.timestamp < expiry &&",
    instead: "block.timestamp <= expiry &&",
  },
  {
    name: "a step that may start from any state",
    contract: "HealthRegistry",
    text: "require(goesOn, WrongState(s.subject, state, s.previousState));",
    instead: "goesOn;",
  },
  {
    name: "the same snapshot twice",
    contract: "HealthRegistry",
    text: "require(s.asOf > record.floor,",
    instead: "require(s.asOf >= record.floor,",
  },
  {
    name: "a revocation that older snapshots outlive",
    contract: "HealthRegistry",
    text: "record.floor = uint40(block.timestamp);",
    instead: "",
  },
  {
    name: "a closed record that takes attestations",
    contract: "HealthRegistry",
    text: "require(record.standing != Standing.RevokedByGuardian, ClosedByGuardian(s.subject, s.policyId));",
    instead: "",
  },
  {
    name: "accounts that count when they are announced",
    contract: "HealthRegistry",
    text: "return liveAt != 0 && block.timestamp >= liveAt;",
    instead: "return liveAt != 0;",
  },
  {
    name: "a batch whose proofs nobody verifies",
    contract: "HealthRegistry",
    file: "ProofChecker.sol",
    text: "require(verifier.verifyBatch(proofs, inputs), IHealthRegistry.BatchRefused(address(verifier), size));",
    instead: "",
  },
  {
    name: "a lapse that is not counted",
    contract: "HealthRegistry",
    text: "else if (!unbroken) ++record.lapses;",
    instead: "",
  },
  {
    name: "a chain that anybody may restart",
    contract: "HealthRegistry",
    text: "restartChain(address subject, string calldata reason) external restricted {",
    instead: "restartChain(address subject, string calldata reason) external {",
  },
  {
    name: "accounts that change at once while a chain may start over",
    contract: "HealthRegistry",
    text: "bool countsNow = _states[msg.sender] == 0 ||",
    instead: "bool countsNow = stateOf(msg.sender) == 0 ||",
  },
  {
    name: "units of the manager's choice",
    contract: "HealthRegistry",
    file: "lib/Units.sol",
    text: "require(claim.units == expected, IHealthRegistry.WrongUnits(claim.subject, expected, claim.units));",
    instead: "",
  },
  {
    name: "units that are rounded down",
    contract: "HealthRegistry",
    file: "lib/Units.sol",
    text: "supply / divisor + (supply % divisor == 0 ? 0 : 1)",
    instead: "supply / divisor",
  },
  {
    name: "a table of any series",
    contract: "MarketBook",
    text: "keccak256(abi.encode(series, root, asOf))",
    instead: "keccak256(abi.encode(root, asOf))",
  },
  {
    name: "a streak made of seconds",
    contract: "HealthRegistry",
    text: "asOf >= uint256(record.countedAt) + minInterval",
    instead: "true",
  },
  {
    name: "a run whose beginning is forgotten",
    contract: "HealthRegistry",
    text: "if (!unbroken) (record.streak, record.since) = (1, uint40(block.timestamp));",
    instead: "if (first) record.since = uint40(block.timestamp); if (!unbroken) record.streak = 1;",
  },
  {
    name: "a voiding of what stands",
    contract: "HealthRegistry",
    text: "require(_basisReader.isTakenBack(this, policyId, basis), NothingToVoid(subject, policyId));",
    instead: "",
  },
  {
    name: "a voiding by what another attestation rests on",
    contract: "HealthRegistry",
    text: "require(hash == record.basis, WrongBasis(record.basis, hash));",
    instead: "hash;",
  },
  {
    name: "a batch that skips what is not in force",
    contract: "HealthRegistry",
    text: "if (!isHealthy(s.subject, s.policyId) || s.asOf > _records[s.subject][s.policyId].asOf) return false;",
    instead: "",
  },
  {
    name: "a line's streak that counts the same time twice",
    contract: "HealthRegistry",
    file: "LineRecords.sol",
    text: "if (earlier.asOf + policy.maxAge < record.since) found.streak += streak;",
    instead: "found.streak += streak;",
  },
  {
    name: "a line's run through time in which another policy was the line's",
    contract: "HealthRegistry",
    file: "LineRecords.sol",
    text: "if (record.since >= from) return (record.since, record.streak);",
    instead: "if (true) return (record.since, record.streak);",
  },
  {
    name: "a line's run that a policy leads on long after the line left it",
    contract: "HealthRegistry",
    file: "LineRecords.sol",
    text: "&& found.since <= before.leftAt + left.validity;",
    instead: ";",
  },
  {
    name: "a line that forgets an announced policy that had come",
    contract: "PolicyBook",
    text: "_past[line].push(Kept(before.current, before.nextLiveAt, Leaving.Replaced));",
    instead: "",
  },
  {
    name: "a policy that loosens at once",
    contract: "PolicyBook",
    text: "(tighter ? 0 : delay)",
    instead: "0",
  },
  {
    name: "a restart that waits for nothing",
    contract: "HealthRegistry",
    text: "found.restartAt = uint40(block.timestamp) + restartDelay;",
    instead: "found.restartAt = uint40(block.timestamp);",
  },
  {
    name: "a restart that outlives an attestation of the old state",
    contract: "HealthRegistry",
    text: "if (s.previousState == state) return _callOffRestart(s.subject);",
    instead: "if (s.previousState == state) return;",
  },
  {
    name: "a restart that anybody calls off",
    contract: "HealthRegistry",
    text: "if (msg.sender != subject) _checkCanCall(msg.sender, msg.data);",
    instead: "",
  },
  {
    name: "a tightening that can be undone for ever",
    contract: "PolicyBook",
    text: "return block.timestamp < uint256(leftAt) + delay;",
    instead: "return leftAt != 0;",
  },
  {
    name: "an undoing that leaves the loosening announced",
    contract: "PolicyBook",
    text: "_lines[line] = Line(left.policyId, 0, 0);",
    instead: "_lines[line].current = left.policyId;",
  },
  {
    name: "a tightening that is undone twice",
    contract: "PolicyBook",
    text: "left.how = Leaving.Returned;",
    instead: "",
  },
  {
    name: "an attestation that is renewed in the grace",
    contract: "GatedVault",
    file: "HealthGate.sol",
    text: "if (record.since < left[i].leftAt && record.asOf < left[i].leftAt) return true;",
    instead: "if (record.since < left[i].leftAt) return true;",
  },
  {
    name: "a grace for who was not healthy before",
    contract: "GatedVault",
    file: "HealthGate.sol",
    text: "if (record.since < left[i].leftAt && record.asOf < left[i].leftAt) return true;",
    instead: "if (record.asOf < left[i].leftAt) return true;",
  },
  {
    name: "publishers that wait for nothing",
    contract: "MarketBook",
    text: "_nextLiveAt = uint40(block.timestamp) + delay;",
    instead: "_nextLiveAt = uint40(block.timestamp);",
  },
  {
    name: "publishers that are forgotten when others are announced",
    contract: "MarketBook",
    text: "_current = _inForce();",
    instead: "",
  },
  {
    name: "a signature of anybody",
    contract: "MarketBook",
    text: "require(list.has[signer], NotPublisher(signer));",
    instead: "",
  },
  {
    name: "a universe that waits for nothing",
    contract: "FeedMarket",
    text: "(_begun ? delay : 0)",
    instead: "0",
  },
  {
    name: "a standby verifier that does not stand by",
    contract: "VerifierBook",
    text: "require(!found.standby || !_isHeld(circuit, version), StandsBy(circuit, version));",
    instead: "",
  },
  {
    name: "an offer that outlives a revocation",
    contract: "Authority",
    text: "if (_offers[roleId][account].lapsesAt != 0) _forget(roleId, account);",
    instead: "",
  },
  {
    name: "an offer that is accepted twice",
    contract: "Authority",
    text: "delete _offers[roleId][msg.sender];",
    instead: "",
  },
  {
    name: "an offer that never lapses",
    contract: "Authority",
    text: "if (block.timestamp >= offer.lapsesAt || offer.round != _round) return (0, 0);",
    instead: "if (offer.lapsesAt == 0 || offer.round != _round) return (0, 0);",
  },
  {
    name: "an acceptance that nobody calls off",
    contract: "Authority",
    text: "if (since > block.timestamp) return _revokeRole(roleId, account);",
    instead: "",
  },
  {
    name: "a role that a guardian takes from who has it",
    contract: "Authority",
    text: "if (since > block.timestamp) return _revokeRole(roleId, account);",
    instead: "if (since != 0) return _revokeRole(roleId, account);",
  },
  {
    name: "mint without a gate",
    contract: "GatedVault",
    text: "function mint(uint256 shares, address receiver)\n        public\n        override(ERC4626, IERC4626)\n        nonReentrant\n        whenHealthy",
    instead:
      "function mint(uint256 shares, address receiver)\n        public\n        override(ERC4626, IERC4626)\n        nonReentrant",
  },
  {
    name: "redeem with a gate",
    contract: "GatedVault",
    text: "function redeem(uint256 shares, address receiver, address owner)\n        public\n        override(ERC4626, IERC4626)\n        nonReentrant",
    instead:
      "function redeem(uint256 shares, address receiver, address owner)\n        public\n        override(ERC4626, IERC4626)\n        nonReentrant\n        whenHealthy",
  },
];

const require = createRequire(import.meta.url);

interface Compiled {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<
    Record<string, Record<string, { readonly evm: { readonly bytecode: { readonly object: string } } }>>
  >;
}

/** Compiles a contract with its bug. */
export function plantOf<Contract extends string>({
  contract,
  text,
  instead,
  ...bug
}: Bug<Contract>): { readonly contract: Contract; readonly bytecode: Hex } {
  const sources = join(PACKAGE, "contracts");
  const file = `${contract}.sol`;
  const place = bug.file ?? file;
  const sourceOf = (path: string): string => {
    const source = readFileSync(path.startsWith("@") ? require.resolve(path) : join(sources, path), "utf8");
    if (path !== place) return source;
    if (source.split(text).length !== 2) throw new Error(`${place} has not exactly one: ${text}`);
    return source.replace(text, () => instead);
  };
  // Before the compiler runs, which takes no exception from what it reads.
  sourceOf(place);
  const solc = require("solc") as { compile(input: string, callbacks: object): string };
  const input = {
    language: "Solidity",
    sources: { [file]: { content: sourceOf(file) } },
    settings: {
      // Small: a vault is as large as a chain takes, and a bug may be longer than what it stands for.
      optimizer: { enabled: true, runs: 1 },
      evmVersion: "cancun",
      outputSelection: { [file]: { [contract]: ["evm.bytecode.object"] } },
    },
  };
  const read = (path: string) => ({ contents: sourceOf(path) });
  const { errors = [], contracts } = JSON.parse(
    solc.compile(JSON.stringify(input), { import: read }),
  ) as Compiled;
  const failed = errors.find(({ severity }) => severity === "error");
  if (failed !== undefined) throw new Error(failed.formattedMessage);
  return { contract, bytecode: `0x${contracts[file]![contract]!.evm.bytecode.object}` as Hex };
}
