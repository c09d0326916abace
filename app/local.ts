// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A local chain with the demo's cast, where the console has something to show: Keel deployed, a policy published, the manager
 * enrolled, a vault open and its depositor funded. The example is signed anew whenever it is asked for, since a snapshot ages.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import { ensureCircuit } from "../circuits/setup/index.js";
import { compileContracts, deployKeel, loadArtifact } from "../contracts/index.js";
import { openStage, type Stage } from "../examples/demo/stage.js";
import {
  CAST,
  CIRCUIT,
  openVault,
  STRATEGY,
  signedBook,
  VERIFIER,
  type World,
} from "../examples/demo/world.js";
import { type ExampleTexts, exampleTexts } from "../examples/generate.js";
import type { Changes } from "../examples/strategy.js";
import { enrolmentCommitment, formatEnrolment, generateSourceKey, randomSalt } from "../prover/src/index.js";
import { marketTable, policyTerms } from "../verifier/src/index.js";
import {
  connectRegistry,
  enrol,
  publishMarket,
  publishPolicy,
  signMarket,
} from "../verifier/src/registry.js";

/** A chain that the console can be pointed at. */
export interface LocalWorld {
  readonly stage: Stage;
  readonly rpcUrl: string;
  readonly registry: Address;
  readonly vault: Address;
  readonly policyId: Hex;
  /** What the page reads as keel.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /**
   * Texts of a snapshot, market, policy and enrolment of this moment; the chain has accepted the market.
   *
   * @param changes of the strategy's positions
   */
  readonly example: (changes?: Changes) => Promise<ExampleTexts & { readonly enrolment: string }>;
  /** Ends the chain. */
  stop(): Promise<void>;
}

/** Accounts that publish markets; two of them have to sign. */
const PUBLISHERS = [5, 6, 7];
const THRESHOLD = 2;

type Local = Pick<World, "stage" | "registry" | "abis" | "keyOf" | "enrolment">;

/** Deploys everything on a fresh chain. */
export async function startLocalWorld(): Promise<LocalWorld> {
  const artifacts = await ensureCircuit(CIRCUIT);
  const verifier = { circuit: CIRCUIT, contractName: VERIFIER, insecure: true };
  await compileContracts({ verifiers: [{ ...verifier, verificationKey: artifacts.verificationKey }] });
  const stage = await openStage();
  const deployer = stage.wallets[CAST.deployer]!;
  const keel = await deployKeel({
    walletClient: deployer,
    publicClient: stage.client,
    publishers: PUBLISHERS.map((i) => stage.accounts[i]!.address),
    threshold: THRESHOLD,
    verifiers: [verifier],
  });
  const [vaultArtifact, token] = await Promise.all([loadArtifact("GatedVault"), loadArtifact("TestToken")]);
  const keys = new Map(STRATEGY.sources.map((name) => [name, generateSourceKey()]));
  const world: Local = {
    stage,
    registry: await connectRegistry(stage.client, keel.registry),
    abis: { vault: vaultArtifact.abi, token: token.abi },
    keyOf: (source) => keys.get(source)!,
    enrolment: { accounts: [STRATEGY.accountId], salt: randomSalt() },
  };
  const { policy, market } = await signedBook(world);
  const { policyId } = await publishPolicy(world.registry, deployer, policyTerms(policy, market));
  await enrol(world.registry, stage.wallets[CAST.manager]!, enrolmentCommitment(world.enrolment));
  const vault = await openVault(world, policyId);
  const account = (name: string, i: number) => ({ name, address: stage.accounts[i]!.address });
  return {
    stage,
    rpcUrl: stage.chain.rpcUrl,
    registry: keel.registry,
    vault: vault.address,
    policyId,
    config: {
      keel: "console/1",
      chainId: stage.chain.chainId,
      rpc: "/rpc",
      registry: keel.registry,
      fromBlock: keel.fromBlock,
      vault: vault.address,
      subject: STRATEGY.subject,
      policyId,
      example: "/local-example.json",
      accounts: [account("Depositor", CAST.depositor), account("Manager", CAST.manager)],
    },
    example: (changes) => exampleNow(world, changes),
    stop: () => stage.chain.stop(),
  };
}

/** Sources sign the strategy at the chain's present time, publishers the market. */
async function exampleNow(world: Local, changes: Changes = {}) {
  const { stage, registry, keyOf, enrolment } = world;
  const { market, policy } = await signedBook(world, changes);
  const commitment = { root: marketTable(market, policy).root, asOf: market.asOf };
  const signers = PUBLISHERS.slice(0, THRESHOLD).map((i) => stage.accounts[i]!);
  const signatures = await Promise.all(signers.map((signer) => signMarket(registry, signer, commitment)));
  await publishMarket(registry, stage.wallets[CAST.relayer]!, commitment, signatures);
  const texts = exampleTexts(STRATEGY, { asOf: market.asOf, changes, keyOf });
  return { ...texts, enrolment: formatEnrolment(enrolment) };
}
