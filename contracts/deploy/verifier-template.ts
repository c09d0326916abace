// SPDX-License-Identifier: MIT
/**
 * Writes the Solidity source of a Groth16 verifier for one verification key with three public inputs.
 *
 * The contract checks e(A, B) = e(alpha, beta) e(L, gamma) e(C, delta) with L = IC0 + sum inputs[i] IC(i+1) as
 * e(A, B) e(-alpha, beta) e(L, -gamma) e(C, -delta) = 1. The negations are done here, once, so that A, B and C go to the
 * pairing precompile just as they came. The first G1 point of the pairing's input doubles as the accumulator of L.
 *
 * A batch of n checks the same equation for a random linear combination of the proofs, with n + 3 pairs instead of 4n:
 * prod e(ri Ai, Bi) . e(-S alpha, beta) e(L, -gamma) e(sum ri Ci, -delta) = 1 with S = sum ri and L = S IC0 + sum of
 * (sum ri inputs[i][j]) IC(j+1). r0 = 1, the others are 128 bits of a hash over all proofs and all inputs: whoever makes a
 * false proof fixes every coefficient by it, and slips through with a chance of 2^-128 a hash.
 *
 * Keys of one powers of tau share alpha, beta and gamma. Proofs of several circuits are then one equation too, with two pairs each
 * and two in common: each verifier gives its `part`, ri times its own equation, and one of them makes the product (`verifyWith`).
 * Both give the precompiles what they cost and no more, so that the caller has gas to look at a refused proof by itself.
 *
 * @module
 */

import { isDevelopmentKey } from "@keel/verifier";
import { inputError } from "@keel/verifier/errors";
import {
  BASE_FIELD,
  type Fp2Json,
  type G1Json,
  type G2Json,
  type VerificationKey,
} from "@keel/verifier/groth16";
import { concat, type Hex, keccak256, stringToBytes, toHex } from "viem";

/** What a generated verifier is called and stands for. */
export interface VerifierOptions {
  /** The circuit's name, for example `portfolio-health/spot-16`; its keccak256 is the contract's `circuit()`. */
  readonly circuit: string;
  /** Whether the key's secrets are known; the contract's `insecure()`, which a development key of the built-in seed always gets. */
  readonly insecure: boolean;
  /** Solidity identifier. */
  readonly contractName: string;
  /** SHA-256 of the key ceremony's transcript, in hex; the contract's `transcript()`. */
  readonly transcript?: string;
}

/**
 * Solidity source of the verifier for `key`.
 *
 * The key is written as it is: a key with gamma = delta gives a contract that the verifier book refuses.
 *
 * @throws KeelError kind `input` when the key has another number of inputs or a coordinate is not reduced, or a name
 * does not fit.
 */
export function generateVerifier(key: VerificationKey, options: VerifierOptions): string {
  checkOptions(options);
  checkKey(key);
  return [header(options), constants(key, options), views(), verify(), verifyBatch(), joined(), "}\n"].join(
    "\n",
  );
}

function checkOptions({ circuit, contractName, transcript }: VerifierOptions): void {
  if (!/^[A-Z][A-Za-z0-9]{0,63}$/.test(contractName)) {
    throw inputError(
      "verifier.name",
      "contractName",
      "a Solidity contract name",
      JSON.stringify(contractName),
    );
  }
  if (!/^[a-z0-9][a-z0-9/_-]{0,63}$/.test(circuit)) {
    throw inputError(
      "verifier.circuit",
      "circuit",
      "a circuit name such as portfolio-health/spot-16",
      circuit,
    );
  }
  if (transcript !== undefined && !/^[0-9a-f]{64}$/.test(transcript)) {
    throw inputError("verifier.transcript", "transcript", "64 hexadecimal digits", "other text");
  }
}

function checkKey(key: VerificationKey): void {
  if (key.nPublic !== 3 || key.IC.length !== 4) {
    throw inputError(
      "verifier.inputs",
      "nPublic",
      "3 public inputs",
      `${key.nPublic} (IC: ${key.IC.length})`,
    );
  }
}

function header({ circuit, contractName }: VerifierOptions): string {
  return `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/* solhint-disable const-name-snakecase, function-max-lines */

import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";

/// @title Groth16 verifier of ${circuit}
/// @dev Generated from the verification key by contracts/verifier-template.ts; do not edit.
contract ${contractName} is IGroth16Verifier {`;
}

function constants(key: VerificationKey, { circuit, insecure, transcript }: VerifierOptions): string {
  const values: [string, bigint][] = [
    ...g1("ALPHA_NEG", negateG1(key.vk_alpha_1)),
    ...g2("BETA", key.vk_beta_2),
    ...g2("GAMMA_NEG", negateG2(key.vk_gamma_2)),
    ...g2("DELTA_NEG", negateG2(key.vk_delta_2)),
    ...key.IC.flatMap((point, i) => g1(`IC${i}`, point)),
  ];
  const lines = values.map(([name, value]) => `    uint256 private constant ${name} = ${hex(value)};`);
  return `    /// @inheritdoc IGroth16Verifier
    bytes32 public constant circuit = ${keccak256(stringToBytes(circuit))};
    /// @inheritdoc IGroth16Verifier
    bool public constant insecure = ${insecure || isDevelopmentKey(key)};
    /// @inheritdoc IGroth16Verifier
    bytes32 public constant base = ${baseOf(values)};
${transcript === undefined ? "" : ceremony(transcript)}
    /// @dev Order of the groups, for inputs, and of the base field, for coordinates.
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    uint256 private constant Q = ${hex(BASE_FIELD)};

${lines.join("\n")}
`;
}

/** Of alpha, beta and gamma, which come first; their signs are those of the constants. */
function baseOf(values: readonly (readonly [string, bigint])[]): Hex {
  const common = values.filter(([name]) => /^(ALPHA|BETA|GAMMA)_/.test(name));
  return keccak256(concat(common.map(([, value]) => toHex(value, { size: 32 }))));
}

function ceremony(transcript: string): string {
  return `    /// @notice SHA-256 of the transcript of the ceremony that made the key
    bytes32 public constant transcript = 0x${transcript};
`;
}

function views(): string {
  return `    /// @inheritdoc IGroth16Verifier
    function gammaG2() external pure returns (uint256[4] memory) {
        return [GAMMA_NEG_X1, GAMMA_NEG_X0, _negate(GAMMA_NEG_Y1), _negate(GAMMA_NEG_Y0)];
    }

    /// @inheritdoc IGroth16Verifier
    function deltaG2() external pure returns (uint256[4] memory) {
        return [DELTA_NEG_X1, DELTA_NEG_X0, _negate(DELTA_NEG_Y1), _negate(DELTA_NEG_Y0)];
    }

    function _negate(uint256 coordinate) private pure returns (uint256) {
        return coordinate == 0 ? 0 : Q - coordinate;
    }
`;
}

/** Memory from \`m\`: 24 words of pairing input, of which the first eight serve as the accumulator of L before. */
function verify(): string {
  const note = (call: string): string => `ok := and(ok, ${call})`;
  return `    /// @inheritdoc IGroth16Verifier
    function verify(uint256[8] calldata proof, uint256[3] calldata inputs) external view returns (bool ok) {
        assembly ("memory-safe") {
            let m := mload(0x40)

            // Values of r and above alias smaller ones; coordinates of q and above do too. Refused before any curve
            // operation, because a failing precompile burns all gas given to it.
            ok := lt(calldataload(inputs), R)
            ok := and(ok, lt(calldataload(add(inputs, 0x20)), R))
            ok := and(ok, lt(calldataload(add(inputs, 0x40)), R))
            ok := and(ok, lt(calldataload(proof), Q))
${offsets(1, 8)
  .map((offset) => `            ok := and(ok, lt(calldataload(add(proof, ${offset})), Q))`)
  .join("\n")}

            if ok {
                // L at [m, m + 0x40): each product is made behind it and added on.
                mstore(m, IC0_X)
                mstore(add(m, 0x20), IC0_Y)
${[0, 1, 2].map((i) => accumulate(i, `calldataload(add(inputs, ${hexShort(32 * i)}))`, note)).join("\n")}

                // e(L, -gamma) e(A, B) e(C, -delta) e(-alpha, beta)
${words(2, ["GAMMA_NEG_X1", "GAMMA_NEG_X0", "GAMMA_NEG_Y1", "GAMMA_NEG_Y0"])}
                calldatacopy(add(m, 0xc0), proof, 0xc0)
                calldatacopy(add(m, 0x180), add(proof, 0xc0), 0x40)
${words(14, ["DELTA_NEG_X1", "DELTA_NEG_X0", "DELTA_NEG_Y1", "DELTA_NEG_Y0"])}
${words(18, ["ALPHA_NEG_X", "ALPHA_NEG_Y", "BETA_X1", "BETA_X0", "BETA_Y1", "BETA_Y0"])}
                ok := and(ok, staticcall(gas(), 8, m, 0x300, 0x00, 0x20))
                ok := and(ok, and(eq(returndatasize(), 0x20), mload(0x00)))
            }
        }
    }`;
}

/**
 * Memory from `m`: the pairing's input of 6 words a pair, first (L, -gamma), (sum ri Ci, -delta), (-S alpha, beta), then
 * (ri Ai, Bi); behind it at `sums` the scalars S and sum ri inputs[i][j]. Each pair's G2 words serve as scratch for the
 * products of its G1 point before they are written. `inputs` and `proofs` are first copied to `m` to be hashed.
 */
function verifyBatch(): string {
  const need = (call: string): string => `need(${call})`;
  return `
    /// @inheritdoc IGroth16Verifier
    function verifyBatch(uint256[8][] calldata proofs, uint256[3][] calldata inputs) external view returns (bool ok) {
        if (proofs.length == 0 || proofs.length != inputs.length) return false;
        assembly ("memory-safe") {
            // A failing precompile burns all gas given to it: going on after one would end in running out.
            function need(success) {
                if iszero(success) {
                    mstore(0x00, 0)
                    return(0x00, 0x20)
                }
            }

            let m := mload(0x40)
            let n := proofs.length

            ok := 1
            let end := add(inputs.offset, mul(n, 0x60))
            for { let p := inputs.offset } lt(p, end) { p := add(p, 0x20) } { ok := and(ok, lt(calldataload(p), R)) }
            end := add(proofs.offset, mul(n, 0x100))
            for { let p := proofs.offset } lt(p, end) { p := add(p, 0x20) } { ok := and(ok, lt(calldataload(p), Q)) }

            if ok {
                // Every coefficient depends on every proof and every input.
                let size := mul(n, 0x100)
                calldatacopy(m, proofs.offset, size)
                calldatacopy(add(m, size), inputs.offset, mul(n, 0x60))
                let seed := keccak256(m, mul(n, 0x160))

                let sums := add(m, mul(add(n, 3), 0xc0))
                calldatacopy(sums, calldatasize(), 0x80)
                for { let i := 0 } lt(i, n) { i := add(i, 1) } {
                    let r := 1
                    let pair := add(m, mul(add(i, 3), 0xc0))
                    let proof := add(proofs.offset, mul(i, 0x100))
                    calldatacopy(pair, proof, 0x40)
                    switch i
                    case 0 { calldatacopy(add(m, 0xc0), add(proof, 0xc0), 0x40) }
                    default {
                        mstore(0x00, seed)
                        mstore(0x20, i)
                        r := shr(128, keccak256(0x00, 0x40))
                        // ri Ai in its place; ri Ci behind sum ri Ci and onto it
                        mstore(add(pair, 0x40), r)
                        need(staticcall(gas(), 7, pair, 0x60, pair, 0x40))
                        calldatacopy(add(m, 0x100), add(proof, 0xc0), 0x40)
                        mstore(add(m, 0x140), r)
                        need(staticcall(gas(), 7, add(m, 0x100), 0x60, add(m, 0x100), 0x40))
                        need(staticcall(gas(), 6, add(m, 0xc0), 0x80, add(m, 0xc0), 0x40))
                    }
                    calldatacopy(add(pair, 0x40), add(proof, 0x40), 0x80)
                    mstore(sums, addmod(mload(sums), r, R))
                    let row := add(inputs.offset, mul(i, 0x60))
                    for { let j := 0 } lt(j, 0x60) { j := add(j, 0x20) } {
                        let sum := add(add(sums, 0x20), j)
                        mstore(sum, addmod(mload(sum), mulmod(r, calldataload(add(row, j)), R), R))
                    }
                }

                // L
                mstore(m, IC0_X)
                mstore(add(m, 0x20), IC0_Y)
                mstore(add(m, 0x40), mload(sums))
                need(staticcall(gas(), 7, m, 0x60, m, 0x40))
${[0, 1, 2].map((i) => accumulate(i, `mload(add(sums, ${hexShort(32 * (i + 1))}))`, need)).join("\n")}
${words(2, ["GAMMA_NEG_X1", "GAMMA_NEG_X0", "GAMMA_NEG_Y1", "GAMMA_NEG_Y0"])}
${words(8, ["DELTA_NEG_X1", "DELTA_NEG_X0", "DELTA_NEG_Y1", "DELTA_NEG_Y0"])}
${words(12, ["ALPHA_NEG_X", "ALPHA_NEG_Y"])}
                mstore(add(m, 0x1c0), mload(sums))
                need(staticcall(gas(), 7, add(m, 0x180), 0x60, add(m, 0x180), 0x40))
${words(14, ["BETA_X1", "BETA_X0", "BETA_Y1", "BETA_Y0"])}
                ok := and(ok, staticcall(gas(), 8, m, mul(add(n, 3), 0xc0), 0x00, 0x20))
                ok := and(ok, and(eq(returndatasize(), 0x20), mload(0x00)))
            }
        }
    }`;
}

/**
 * `part`: r L and r A, B, r C, -delta, made where they are returned. `verifyWith`: the pairing's input of 6 words a pair, as
 * `verify` has it, then two pairs for each of the others.
 */
function joined(): string {
  const MULTIPLY_GAS = 6_000;
  const note = (call: string): string => `ok := and(ok, ${call.replace("gas()", `${MULTIPLY_GAS}`)})`;
  const multiply = (at: string): string =>
    `ok := and(ok, staticcall(${MULTIPLY_GAS}, 7, ${at}, 0x60, ${at}, 0x40))`;
  return `
    /// @inheritdoc IGroth16Verifier
    function part(uint256[8] calldata proof, uint256[3] calldata inputs, uint256 r)
        external
        view
        returns (bool ok, uint256[14] memory words)
    {
        assembly ("memory-safe") {
            let m := words
${inRange()}

            if ok {
                mstore(m, IC0_X)
                mstore(add(m, 0x20), IC0_Y)
                mstore(add(m, 0x40), r)
                ${multiply("m")}
${[0, 1, 2].map((i) => accumulate(i, `mulmod(r, calldataload(add(inputs, ${hexShort(32 * i)})), R)`, note)).join("\n")}
                calldatacopy(add(m, 0x40), proof, 0x40)
                mstore(add(m, 0x80), r)
                ${multiply("add(m, 0x40)")}
                calldatacopy(add(m, 0x80), add(proof, 0x40), 0x80)
                calldatacopy(add(m, 0x100), add(proof, 0xc0), 0x40)
                mstore(add(m, 0x140), r)
                ${multiply("add(m, 0x100)")}
${words(10, ["DELTA_NEG_X1", "DELTA_NEG_X0", "DELTA_NEG_Y1", "DELTA_NEG_Y0"])}
            }
        }
    }

    /// @inheritdoc IGroth16Verifier
    function verifyWith(
        uint256[8] calldata proof,
        uint256[3] calldata inputs,
        uint256 sum,
        uint256[14][] calldata others
    ) external view returns (bool ok) {
        assembly ("memory-safe") {
            let m := mload(0x40)
${inRange()}

            if ok {
                mstore(m, IC0_X)
                mstore(add(m, 0x20), IC0_Y)
${[0, 1, 2].map((i) => accumulate(i, `calldataload(add(inputs, ${hexShort(32 * i)}))`, note)).join("\n")}
                let end := add(others.offset, mul(others.length, 0x1c0))
                let pair := add(m, 0x300)
                for { let p := others.offset } lt(p, end) { p := add(p, 0x1c0) } {
                    calldatacopy(add(m, 0x40), p, 0x40)
                    ok := and(ok, staticcall(${MULTIPLY_GAS}, 6, m, 0x80, m, 0x40))
                    calldatacopy(pair, add(p, 0x40), 0x180)
                    pair := add(pair, 0x180)
                }

${words(2, ["GAMMA_NEG_X1", "GAMMA_NEG_X0", "GAMMA_NEG_Y1", "GAMMA_NEG_Y0"])}
                calldatacopy(add(m, 0xc0), proof, 0xc0)
                calldatacopy(add(m, 0x180), add(proof, 0xc0), 0x40)
${words(14, ["DELTA_NEG_X1", "DELTA_NEG_X0", "DELTA_NEG_Y1", "DELTA_NEG_Y0"])}
${words(18, ["ALPHA_NEG_X", "ALPHA_NEG_Y"])}
                mstore(add(m, 0x280), sum)
                ${multiply("add(m, 0x240)")}
${words(20, ["BETA_X1", "BETA_X0", "BETA_Y1", "BETA_Y0"])}
                let cost := add(45000, mul(34000, add(4, mul(2, others.length))))
                ok := and(ok, staticcall(cost, 8, m, sub(pair, m), 0x00, 0x20))
                ok := and(ok, and(eq(returndatasize(), 0x20), mload(0x00)))
            }
        }
    }`;
}

/** Refuses values of r and above, which alias smaller ones, and coordinates of q and above, likewise. */
function inRange(): string {
  const low = (list: string, offset: number, order: string): string =>
    `lt(calldataload(add(${list}, ${hexShort(offset)})), ${order})`;
  const tests = [
    ...[0, 1, 2].map((i) => low("inputs", 32 * i, "R")),
    ...Array.from({ length: 8 }, (_, i) => low("proof", 32 * i, "Q")),
  ];
  return tests.map((test, i) => `            ok := ${i === 0 ? test : `and(ok, ${test})`}`).join("\n");
}

/** Adds input i's point times `scalar` to L at `m`; `check` is what becomes of a precompile's success. */
function accumulate(i: number, scalar: string, check: (call: string) => string): string {
  return `${words(2, [`IC${i + 1}_X`, `IC${i + 1}_Y`])}
                mstore(add(m, 0x80), ${scalar})
                ${check("staticcall(gas(), 7, add(m, 0x40), 0x60, add(m, 0x40), 0x40)")}
                ${check("staticcall(gas(), 6, m, 0x80, m, 0x40)")}`;
}

function words(first: number, names: readonly string[]): string {
  return names
    .map((name, i) => `                mstore(add(m, ${hexShort(32 * (first + i))}), ${name})`)
    .join("\n");
}

function offsets(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => hexShort(32 * (from + i)));
}

function g1(name: string, [x, y]: G1Json): [string, bigint][] {
  return [
    [`${name}_X`, coordinate(x, name)],
    [`${name}_Y`, coordinate(y, name)],
  ];
}

function g2(name: string, [x, y]: G2Json): [string, bigint][] {
  return [
    [`${name}_X1`, coordinate(x[1], name)],
    [`${name}_X0`, coordinate(x[0], name)],
    [`${name}_Y1`, coordinate(y[1], name)],
    [`${name}_Y0`, coordinate(y[0], name)],
  ];
}

function negateG1([x, y, z]: G1Json): G1Json {
  return [x, negate(y), z];
}

function negateG2([x, [y0, y1], z]: G2Json): G2Json {
  const y: Fp2Json = [negate(y0), negate(y1)];
  return [x, y, z];
}

function negate(text: string): string {
  return ((BASE_FIELD - coordinate(text, "key")) % BASE_FIELD).toString();
}

function coordinate(text: string, path: string): bigint {
  const value = /^(0|[1-9][0-9]{0,77})$/.test(text) ? BigInt(text) : BASE_FIELD;
  if (value >= BASE_FIELD)
    throw inputError("verifier.coordinate", path, "a decimal below q", text.slice(0, 80));
  return value;
}

function hex(value: bigint): string {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

function hexShort(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}
