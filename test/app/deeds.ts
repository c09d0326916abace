// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What people do outside the console's pages: proofs by prices that nobody published, attestations that rest on a development
 * key alone, tables that are withdrawn.
 *
 * @module
 */

import { ensureCircuit } from "@keel/circuits";
import { deployContract } from "@keel/contracts";
import { createProver } from "@keel/engine";
import { parseEnrolment, parseSnapshot, proveHealth } from "@keel/prover";
import {
  ABSENT_MAX,
  type Attestation,
  circuitHash,
  formatAttestation,
  marketTable,
  ONE_UNIT,
  parseAttestation,
  parseMarket,
  parsePolicy,
  parseUnits,
} from "@keel/verifier";
import {
  enrol,
  healthRegistryAbi,
  marketBookAbi,
  policyTermsOf,
  publishPolicy,
  type Registry,
  statementOf,
  submissionOf,
  verifierBookAbi,
  voidAttestation,
  type Wallet,
} from "@keel/verifier/chain";
import { type Abi, encodeAbiParameters, type Hex, keccak256, zeroAddress } from "viem";
import type { LocalWorld, Texts } from "../../dist/app/host/local.js";
import { CAST } from "../../dist/examples/demo/world.js";

/** A market file by whose prices every holding is worth a tenth more. */
export function inventedPrices(market: string): string {
  const file = JSON.parse(market);
  const instruments = file.instruments.map((row: { readonly price: string }) => ({
    ...row,
    price: (Number(row.price) * 1.1).toFixed(2),
  }));
  return JSON.stringify({ ...file, instruments });
}

/** Real proofs of books of one circuit, for the world's registry, by the prices of their market files, published or not. */
export async function attestationsBy(world: LocalWorld, books: readonly Texts[]): Promise<string[]> {
  const { wasmPath: wasm, zkeyPath: zkey } = await ensureCircuit(parsePolicy(books[0]!.policy!).circuit.id);
  const prover = await createProver({ wasm, zkey });
  const prove = async (book: Texts): Promise<string> => {
    const snapshot = parseSnapshot(book.snapshot!);
    const { attestation } = await proveHealth({
      snapshot,
      market: parseMarket(book.market!),
      policy: parsePolicy(book.policy!),
      units: parseUnits(book.units!),
      enrolment: parseEnrolment(book.enrolment!),
      domain: { chainId: 31337, registry: world.registry.toLowerCase() as Hex },
      now: snapshot.asOf,
      prover,
    });
    return formatAttestation(attestation);
  };
  try {
    return await Promise.all(books.map(prove));
  } finally {
    prover.close();
  }
}

/**
 * Attests for the wallet's account under a policy whose circuit no page has a key of: its verifier is made from a development
 * key, and takes a hash of the inputs for a proof.
 *
 * @param book whose market was published
 * @param model an attestation, for what the registry does not look at
 */
export async function attestByHash(
  world: LocalWorld,
  registry: Registry,
  subject: Wallet,
  book: Texts,
  model: string,
): Promise<void> {
  const circuit = circuitHash("test/truth");
  const deployer = world.stage.wallets[CAST.deployer]!;
  const clients = { walletClient: deployer, publicClient: world.stage.client };
  const verifier = await deployContract(clients, "TruthVerifier", []);
  const added = { abi: verifierBookAbi as Abi, functionName: "add", args: [circuit, verifier] };
  await write(world, deployer, { address: registry.verifierBook, ...added });
  const terms = await policyTermsOf(registry, world.policyId);
  const noUnits = { maxDrawdown: Number(ABSENT_MAX), unitsKind: 0, unitsSource: zeroAddress };
  const { policyId } = await publishPolicy(registry, deployer, { ...terms, ...noUnits, circuit });
  await enrol(registry, subject, 1n);

  const market = parseMarket(book.market!);
  const { root } = marketTable(market, parsePolicy(book.policy!));
  const { unitsSignature: _, ...rest } = parseAttestation(model);
  const claim = {
    ...rest,
    ...{ circuit: "test/truth", policyId, subject: subject.account.address, enrolment: 1n },
    ...{ asOf: market.asOf, market: { root, asOf: market.asOf } },
    drawdown: { units: ONE_UNIT, previousState: 0n, newState: 2n },
  };
  const { x, y } = await statementOf(registry, claim);
  const inputs = encodeAbiParameters([{ type: "uint256[3]" }], [[claim.digest, x, y]]);
  const proof = [BigInt(keccak256(inputs)), 0n, 0n, 0n, 0n, 0n, 0n, 0n];
  const args = [{ ...submissionOf(claim, 1), proof }];
  const abi = healthRegistryAbi as Abi;
  await write(world, subject, { address: registry.address, abi, functionName: "attest", args });
}

/** Somebody's vault in front of a registry of his own, which has the books of the genuine one: all but its word is alike. */
export async function vaultOfItsOwnRegistry(world: LocalWorld, genuine: Registry): Promise<Hex> {
  const { stage, policyId } = world;
  const walletClient = stage.wallets[CAST.rival]!;
  const clients = { walletClient, publicClient: stage.client };
  const { address } = walletClient.account;
  const token = await deployContract(clients, "TestToken", ["USD Coin", "USDC", 6]);
  const { policyBook, marketBook, verifierBook } = genuine;
  const args = [address, policyBook, marketBook, verifierBook, 0, 0];
  const registry = await deployContract(clients, "HealthRegistry", args);
  return await deployContract(clients, "GatedVault", [token, "Vault", "V", registry, address, policyId]);
}

/** A guardian withdraws the market table of a subject's latest attestation, and a stranger voids what rests on it. */
export async function withdrawAndVoid(
  world: LocalWorld,
  registry: Registry,
  { subject, policyId, market, tail, liquidity }: Attestation,
): Promise<void> {
  const { marketSeries } = await policyTermsOf(registry, policyId);
  await withdrawTable(world, registry, marketSeries, market);
  const basis = {
    version: 1,
    marketRoot: market.root,
    marketTime: market.asOf,
    tailVersion: tail === undefined ? 0 : 1,
    returnsRoot: tail?.returns.root ?? 0n,
    returnsTime: tail?.returns.asOf ?? 0,
    disclosureVersion: 0,
    liquidityVersion: liquidity === undefined ? 0 : 1,
    liquidityRoot: liquidity?.depths.root ?? 0n,
    liquidityTime: liquidity?.depths.asOf ?? 0,
  };
  await voidAttestation(registry, world.stage.wallets[CAST.rival]!, subject, policyId, basis);
}

/** A guardian withdraws a table that the market book accepted. */
export async function withdrawTable(
  world: LocalWorld,
  registry: Registry,
  series: Hex,
  { root, asOf }: { readonly root: bigint; readonly asOf: number },
): Promise<void> {
  await write(world, world.stage.wallets[CAST.deployer]!, {
    address: registry.marketBook,
    abi: marketBookAbi as Abi,
    functionName: "withdraw",
    args: [series, root, BigInt(asOf), "a wrong price"],
  });
}

interface Call {
  readonly address: Hex;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
}

async function write({ stage }: LocalWorld, wallet: Wallet, call: Call): Promise<void> {
  const hash = await wallet.writeContract(call);
  const { status } = await stage.client.waitForTransactionReceipt({ hash });
  if (status !== "success") throw new Error(`${call.functionName} reverted`);
}
