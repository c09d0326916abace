// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a development key known when somebody took its mark away: where a proof is made, and in a verifier's code?
 *
 * @module
 */
import { ensureCircuit } from "@keel/circuits";
import { compileVerifiers } from "@keel/contracts";
import { proveHealth } from "@keel/prover";
import { isDevelopmentCode, isDevelopmentKey, type VerificationKey } from "@keel/verifier";
import { bn254 } from "@noble/curves/bn254.js";
import { beforeAll, describe, expect, it } from "vitest";
import { AS_OF, book } from "../support/book.js";

const REGISTRY = `0x${"11".repeat(20)}` as const;

describe("46 a development key without its mark", () => {
  let unmarked: VerificationKey;
  beforeAll(async () => {
    const { insecure, ...key } = (await ensureCircuit("portfolio-health/spot-16")).verificationKey;
    expect(insecure).toBe(true);
    unmarked = key;
  });

  it("is one by its points, and proves for no registry in earnest", async () => {
    expect(isDevelopmentKey(unmarked)).toBe(true);
    const prove = async (): Promise<never> => {
      throw new Error("proven");
    };
    const { snapshot, market, policy, units } = book({});
    const prover = { verificationKey: unmarked, prove };
    const request = { snapshot, market, policy, units: units!, prover, now: AS_OF + 60 };
    const domain = (chainId: number) => ({ chainId, registry: REGISTRY });
    const refused = expect(proveHealth({ ...request, domain: domain(1) })).rejects;
    await refused.toMatchObject({ code: "key.insecure" });
    await expect(proveHealth({ ...request, domain: domain(31337) })).rejects.toThrow("proven");
  });

  it("is known in the code of its verifier, and another key is not", async () => {
    const options = { circuit: "portfolio-health/spot-16", contractName: "WithoutMark", insecure: false };
    const [known] = await compileVerifiers([{ ...options, verificationKey: unmarked }]);
    expect(isDevelopmentCode(known!.deployedBytecode)).toBe(true);
    const [other] = await compileVerifiers([{ ...options, verificationKey: swapped(unmarked) }]);
    expect(isDevelopmentCode(other!.deployedBytecode)).toBe(false);
  });
});

/** A key with none of the built-in seed's points. */
function swapped(key: VerificationKey): VerificationKey {
  const [beta, gamma, delta] = [3n, 5n, 7n].map(twisted);
  return { ...key, vk_alpha_1: key.IC[0]!, vk_beta_2: beta!, vk_gamma_2: gamma!, vk_delta_2: delta! };
}

/** A multiple of G2's base, as snarkjs writes points. */
function twisted(scalar: bigint): VerificationKey["vk_beta_2"] {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine();
  return [
    [`${x.c0}`, `${x.c1}`],
    [`${y.c0}`, `${y.c1}`],
    ["1", "0"],
  ];
}
