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

export interface Bug {
  readonly name: string;
  readonly contract: Plant["contract"];
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
    text: "require(s.previousState == state, WrongState(s.subject, state, s.previousState));",
    instead: "state;",
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
    text: "require(verifier.verifyBatch(proofs, inputs), BatchRefused(address(verifier), size));",
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
    name: "accounts that change at once after a restart",
    contract: "HealthRegistry",
    text: "_enrolments[subject].restarted = true;",
    instead: "",
  },
  {
    name: "units of the manager's choice",
    contract: "HealthRegistry",
    file: "lib/Units.sol",
    text: "require(s.units == expected, IHealthRegistry.WrongUnits(s.subject, expected, s.units));",
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
    text: "require(_isTakenBack(basis, policyBook.policyOf(policyId)), NothingToVoid(subject, policyId));",
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
    text: "if (earlier.asOf + policy.maxAge <= record.since) found.streak += streak;",
    instead: "found.streak += streak;",
  },
  {
    name: "a line's run through time in which another policy was the line's",
    contract: "HealthRegistry",
    text: "if (record.since >= from) return (record.since, record.streak);",
    instead: "if (true) return (record.since, record.streak);",
  },
  {
    name: "a line's run that a policy leads on long after the line left it",
    contract: "HealthRegistry",
    text: "&& found.since <= before.leftAt + left.validity;",
    instead: ";",
  },
  {
    name: "a line that forgets an announced policy that had come",
    contract: "PolicyBook",
    text: "_past[line].push(Kept(before.current, before.nextLiveAt));",
    instead: "",
  },
  {
    name: "a policy that loosens at once",
    contract: "PolicyBook",
    text: "(tighter ? 0 : delay)",
    instead: "0",
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
export function plantOf({ contract, text, instead, ...bug }: Bug): Plant {
  const sources = join(PACKAGE, "contracts", "src");
  const file = `${contract}.sol`;
  const place = bug.file ?? file;
  const sourceOf = (path: string): string => {
    const source = readFileSync(path.startsWith("@") ? require.resolve(path) : join(sources, path), "utf8");
    if (path !== place) return source;
    if (source.split(text).length !== 2) throw new Error(`${place} has not exactly one: ${text}`);
    return source.replace(text, () => instead);
  };
  const solc = require("solc") as { compile(input: string, callbacks: object): string };
  const input = {
    language: "Solidity",
    sources: { [file]: { content: sourceOf(file) } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
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
