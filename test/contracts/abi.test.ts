// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the hand-written ABIs say exactly what the compiler says?
 *
 * @module
 */
import { compileVerifiers, loadArtifact } from "@keel/contracts";
import {
  feedMarketAbi,
  gatedVaultAbi,
  groth16VerifierAbi,
  healthRegistryAbi,
  healthResolverAbi,
  marketBookAbi,
  policyBookAbi,
  strategyVaultAbi,
  verifierBookAbi,
} from "@keel/verifier/chain";
import { type Abi, type AbiParameter, toEventSelector, toFunctionSelector } from "viem";
import { formatAbiItem } from "viem/utils";
import { beforeAll, expect, it } from "vitest";
import { testVerifiers } from "./statement-circuit.js";
import "./fixture.js";

beforeAll(async () => {
  await compileVerifiers(await testVerifiers());
});

it.each([
  ["HealthRegistry", healthRegistryAbi],
  ["PolicyBook", policyBookAbi],
  ["MarketBook", marketBookAbi],
  ["FeedMarket", feedMarketAbi],
  ["VerifierBook", verifierBookAbi],
  ["IGroth16Verifier", groth16VerifierAbi],
] as const)("%s: every function, event and error, with types, names and mutability", async (name, abi) => {
  const { abi: compiled } = await loadArtifact(name);
  expect(signatures(abi as Abi)).toEqual(signatures(compiled));
});

it.each([
  ["GatedVault", "ERC-4626", gatedVaultAbi],
  ["HealthResolver", "an EAS resolver", healthResolverAbi],
  ["StrategyVault", "ERC-20 and ERC-4626", strategyVaultAbi],
] as const)("%s: what it adds to %s", async (name, _, abi) => {
  const { abi: compiled } = await loadArtifact(name);
  for (const signature of signatures(abi)) expect(signatures(compiled)).toContain(signature);
});

/** One line an item, sorted: selector, signature with tuple types unfolded, names, outputs, mutability. */
function signatures(abi: Abi): string[] {
  return abi
    .filter((item) => item.type !== "constructor")
    .map(line)
    .sort();
}

function line(item: Abi[number]): string {
  if (item.type === "function") {
    const outputs = JSON.stringify(strip(item.outputs));
    return `${toFunctionSelector(item)} ${formatAbiItem(item)} ${item.stateMutability} ${JSON.stringify(strip(item.inputs))} ${outputs}`;
  }
  if (item.type === "event") return `${toEventSelector(item)} event ${JSON.stringify(strip(item.inputs))}`;
  return `${item.type} ${"name" in item ? item.name : ""} ${JSON.stringify(strip("inputs" in item ? item.inputs : []))}`;
}

/** Parameters without the compiler's internal types. */
function strip(parameters: readonly AbiParameter[] = []): unknown[] {
  return parameters.map((parameter) => ({
    name: parameter.name ?? "",
    type: parameter.type,
    ...("indexed" in parameter && parameter.indexed === true ? { indexed: true } : {}),
    ...("components" in parameter ? { components: strip(parameter.components) } : {}),
  }));
}
