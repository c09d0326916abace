// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the generated Solidity verifier accept exactly what the off-chain verifier accepts, and refuse bad encodings?
 *
 * @module
 */
import { deployContract, generateVerifier } from "@keel/contracts";
import {
  BASE_FIELD,
  circuitHash,
  decodeProof,
  encodeProof,
  FIELD_ORDER,
  type Groth16Proof,
  type ProofWords,
  statementInputs,
  statementVector,
  tailVector,
  type VerificationKey,
  verifyGroth16,
} from "@keel/verifier";
import { groth16VerifierAbi } from "@keel/verifier/chain";
import type { Address } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../support/refusal.js";
import { claimOf, type Fixture, startFixture, TERMS } from "./fixture.js";
import {
  attestationOf,
  CIRCUIT,
  endProving,
  statementArtifacts,
  tailArtifacts,
  tailOf,
} from "./statement-circuit.js";

type Inputs = readonly [bigint, bigint, bigint];

let fixture: Fixture;
let key: VerificationKey;
let address: Address;
let proof: Groth16Proof;
let words: ProofWords;
let inputs: Inputs;

beforeAll(async () => {
  fixture = await startFixture();
  key = (await statementArtifacts()).verificationKey;
  address = fixture.keel.verifiers[0]!.address;
  const claim = claimOf(fixture);
  const att = await attestationOf(claim);
  proof = att.proof;
  words = encodeProof(proof);
  const { c, x, y } = statementInputs(att.digest, statementVector(claim));
  inputs = [c, x, y];
});

afterAll(async () => {
  await fixture?.chain.stop();
  await endProving();
});

const verify = (proofWords: ProofWords, values: Inputs, gas?: bigint) =>
  fixture.chain.client.readContract({
    address,
    abi: groth16VerifierAbi,
    functionName: "verify",
    args: [proofWords, values],
    ...(gas === undefined ? {} : { gas }),
  });

const deployed = (name: string): Promise<Address> =>
  deployContract({ walletClient: fixture.cast.deployer, publicClient: fixture.chain.client }, name);

const changed = (i: number, change: (word: bigint) => bigint): ProofWords =>
  words.map((word, j) => (i === j ? change(word) : word)) as unknown as ProofWords;

describe("the generated verifier", () => {
  it("accepts a true proof, as the off-chain verifier does", async () => {
    expect(verifyGroth16(key, inputs, proof)).toBe(true);
    expect(await verify(words, inputs)).toBe(true);
  });

  it("refuses the proof for any other inputs, as the off-chain verifier does", async () => {
    for (let i = 0; i < 3; i++) {
      const others = inputs.map((value, j) =>
        i === j ? (value + 1n) % FIELD_ORDER : value,
      ) as unknown as Inputs;
      expect(verifyGroth16(key, others, proof)).toBe(false);
      expect(await verify(words, others)).toBe(false);
    }
    const [c, x, y] = inputs;
    expect(await verify(words, [c, y, x])).toBe(false);
  });

  it("says which circuit and which key it is for", async () => {
    const read = (functionName: "circuit" | "insecure" | "gammaG2" | "deltaG2") =>
      fixture.chain.client.readContract({ address, abi: groth16VerifierAbi, functionName });
    const g2 = ([x, y]: VerificationKey["vk_gamma_2"]) => [x[1], x[0], y[1], y[0]].map(BigInt);
    expect(await read("circuit")).toBe(circuitHash(CIRCUIT));
    expect(await read("insecure")).toBe(true);
    expect(await read("gammaG2")).toEqual(g2(key.vk_gamma_2));
    expect(await read("deltaG2")).toEqual(g2(key.vk_delta_2));
  });

  it("34 refuses inputs of r and above, cheaply", async () => {
    for (let i = 0; i < 3; i++) {
      for (const value of [inputs[i]! + FIELD_ORDER, FIELD_ORDER, 2n ** 256n - 1n]) {
        const others = inputs.map((word, j) => (i === j ? value : word)) as unknown as Inputs;
        expect(await verify(words, others, 60_000n)).toBe(false);
      }
    }
  });

  it("34 refuses every coordinate plus q, A.y included, cheaply", async () => {
    for (let i = 0; i < 8; i++) {
      expect(
        await verify(
          changed(i, (word) => word + BASE_FIELD),
          inputs,
          60_000n,
        ),
      ).toBe(false);
      expect(
        await verify(
          changed(i, () => 2n ** 256n - 1n),
          inputs,
          60_000n,
        ),
      ).toBe(false);
    }
  });

  it("24 refuses points off the curve, at infinity, outside the subgroup", async () => {
    for (let i = 0; i < 8; i++)
      expect(
        await verify(
          changed(i, (word) => word ^ 1n),
          inputs,
        ),
      ).toBe(false);
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = words;
    expect(await verify([0n, 0n, bx1, bx0, by1, by0, cx, cy], inputs)).toBe(false);
    expect(await verify([ax, ay, 0n, 0n, 0n, 0n, cx, cy], inputs)).toBe(false);
    expect(await verify([ax, ay, bx1, bx0, by1, by0, 0n, 0n], inputs)).toBe(false);
    expect(await verify([0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n], [0n, 0n, 0n])).toBe(false);
  });

  it("has a base of alpha, beta and gamma, and not of the rest of the key", async () => {
    const [one, two] = [await statementArtifacts(), await tailArtifacts()];
    const same = (name: "vk_alpha_1" | "vk_beta_2" | "vk_gamma_2") =>
      expect(one.verificationKey[name]).toEqual(two.verificationKey[name]);
    for (const name of ["vk_alpha_1", "vk_beta_2", "vk_gamma_2"] as const) same(name);
    const base = (contract: Address) =>
      fixture.chain.client.readContract({ address: contract, abi: groth16VerifierAbi, functionName: "base" });
    expect(await base(await deployed("TailVerifier"))).toBe(await base(address));
    expect(await base(await deployed("StatementVerifierGammaDelta"))).toBe(await base(address));
    expect(await base(await deployed("StatementVerifierSecond"))).not.toBe(await base(address));
  });

  it("24 holds together with others exactly when each holds, for any random numbers", async () => {
    const other = await deployed("TailVerifier");
    const claim = claimOf(fixture, { terms: { ...TERMS, maxVolatility: 5_000 } });
    const tail = await tailOf(claim, { root: 777n, asOf: 5 });
    const vector = tailVector({ ...claim, returnsRoot: 777n, returnsTime: 5 });
    const { c, x, y } = statementInputs(tail.digest, vector);
    const proven = { proof: encodeProof(tail.proof), inputs: [c, x, y] as Inputs };
    const together = async (
      first: { readonly proof: ProofWords; readonly inputs: Inputs },
      second: { readonly proof: ProofWords; readonly inputs: Inputs },
      r: bigint,
    ) => {
      const call = { abi: groth16VerifierAbi } as const;
      const args = [second.proof, second.inputs, r] as const;
      const [ok, part] = await fixture.chain.client.readContract({
        ...call,
        ...{ address: other, functionName: "part", args },
      });
      if (!ok) return false;
      const sum = (1n + r) % FIELD_ORDER;
      return await fixture.chain.client.readContract({
        ...call,
        ...{ address, functionName: "verifyWith", args: [first.proof, first.inputs, sum, [part]] },
      });
    };
    const good = { proof: words, inputs };
    for (const r of [1n, 2n ** 128n - 1n, FIELD_ORDER - 2n])
      expect(await together(good, proven, r)).toBe(true);
    const r = 123_456_789n;
    const bad = (claimed: typeof good) => {
      const [d, e, f] = claimed.inputs;
      const [ax, ay, ...rest] = claimed.proof;
      return [
        { ...claimed, inputs: [d, e, (f + 1n) % FIELD_ORDER] as Inputs },
        { ...claimed, inputs: [d + FIELD_ORDER, e, f] as Inputs },
        { ...claimed, proof: [ax, BASE_FIELD - ay, ...rest] as unknown as ProofWords },
        { ...claimed, proof: [ax, ay ^ 1n, ...rest] as unknown as ProofWords },
        { ...claimed, proof: [ax + BASE_FIELD, ay, ...rest] as unknown as ProofWords },
      ];
    };
    for (const [i, first] of bad(good).entries())
      expect(await together(first, proven, r), `first ${i}`).toBe(false);
    for (const [i, second] of bad(proven).entries()) {
      expect(await together(good, second, r), `second ${i}`).toBe(false);
    }
    // Two wrongs that would cancel at one number do so at no other.
    const [a, b] = [bad(good)[2]!, bad(proven)[2]!];
    for (const number of [1n, r]) expect(await together(a, b, number)).toBe(false);
  });

  it("24 accepts a re-randomised proof, as Groth16 does: a proof's bytes are no identity", async () => {
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = words;
    const other: ProofWords = [ax, BASE_FIELD - ay, bx1, bx0, BASE_FIELD - by1, BASE_FIELD - by0, cx, cy];
    expect(verifyGroth16(key, inputs, decodeProof(other))).toBe(true);
    expect(await verify(other, inputs)).toBe(true);
  });

  it("refuses a true proof of another key", async () => {
    const { chain, cast } = fixture;
    const other = await attestationOf(claimOf(fixture), await statementArtifacts("second"));
    expect(await verify(encodeProof(other.proof), inputs)).toBe(false);
    const clients = { walletClient: cast.deployer, publicClient: chain.client };
    const second = await deployContract(clients, "StatementVerifierSecond");
    const call = { address: second, abi: groth16VerifierAbi, functionName: "verify" } as const;
    expect(await chain.client.readContract({ ...call, args: [encodeProof(other.proof), inputs] })).toBe(true);
  });
});

describe("the template", () => {
  const options = { circuit: "a/b", insecure: true, contractName: "Verifier" };
  it("writes the same source for the same key", () => {
    expect(generateVerifier(key, options)).toBe(generateVerifier(structuredClone(key), options));
  });

  it("refuses a key with another number of inputs", () => {
    expect(codeOf(() => generateVerifier({ ...key, nPublic: 2 }, options))).toBe("verifier.inputs");
    expect(codeOf(() => generateVerifier({ ...key, IC: key.IC.slice(1) }, options))).toBe("verifier.inputs");
  });

  it("refuses names that are not names: they go into source code", () => {
    for (const contractName of ["", "1A", "A B", "A{}", "lower"]) {
      expect(codeOf(() => generateVerifier(key, { ...options, contractName }))).toBe("verifier.name");
    }
    for (const circuit of ["", "A", 'a"', "a\n", "a*/"]) {
      expect(codeOf(() => generateVerifier(key, { ...options, circuit }))).toBe("verifier.circuit");
    }
  });

  it("refuses coordinates that are not reduced or not numbers", () => {
    for (const x of [BASE_FIELD.toString(), "-1", "0x1", "1; }", ""]) {
      const bad = { ...key, vk_alpha_1: [x, "2", "1"] as const };
      expect(codeOf(() => generateVerifier(bad, options))).toBe("verifier.coordinate");
    }
  });
});
