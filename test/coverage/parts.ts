// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pieces of the contracts' coverage, each with the tests that reach it: the whole takes four minutes on two quiet cores.
 * `KEEL_COVER=vault npm run coverage:contracts` measures one.
 *
 * @module
 */

interface Part {
  /** Paths of the contracts that are measured. */
  readonly contracts: RegExp;
  /** Names of test files, without their ends. */
  readonly tests: readonly string[];
}

const TESTS = "test/contracts";

/** What is generated, says nothing or exists for tests only is not measured. */
const UNMEASURED = /^(interfaces|mocks|test)\//;

const PARTS: Readonly<Record<string, Part>> = {
  vault: {
    contracts:
      /^(vault\/|lib\/(AssetPrice|Epochs|Requests|Traces|VaultSetup)|StrategyVault|CloneVault|VaultFactory|Nav)/,
    tests: ["strategy-vault", "vault-attacks", "nav-feed"],
  },
  gates: { contracts: /^gates\//, tests: ["gates", "vault-attacks"] },
};

const name = process.env.KEEL_COVER;
const part = name === undefined ? undefined : PARTS[name];
if (name !== undefined && part === undefined) {
  throw new Error(`KEEL_COVER is one of ${Object.keys(PARTS).join(", ")}, not ${name}`);
}

/** Whether a contract is measured. */
export function isMeasured(path: string): boolean {
  return !UNMEASURED.test(path) && (part === undefined || part.contracts.test(path));
}

/** Test files of the piece, or all. */
export const include: readonly string[] = part?.tests.map((test) => `${TESTS}/${test}.test.ts`) ?? [
  `${TESTS}/**/*.test.ts`,
];
