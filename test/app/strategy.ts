// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A strategy vault on the console's local chain, whose policy shows a net asset value: proofs are true ones, of circuits that know
 * the statement and nothing of a book.
 *
 * @module
 */

import { compileVerifiers, deployContract, loadArtifact } from "@keel/contracts";
import {
  ABSENT_MAX,
  circuitHash,
  marketTable,
  type PolicyTerms,
  parseMarket,
  parsePolicy,
  policyId,
} from "@keel/verifier";
import {
  enrol,
  lineId,
  policyBookAbi,
  policyTermsOf,
  publishPolicy,
  type Registry,
  submitAttestation,
  tokenUnits,
  verifierBookAbi,
  type Wallet,
} from "@keel/verifier/chain";
import { type Abi, type Address, getAddress, type Hex, zeroAddress } from "viem";
import type { LocalWorld } from "../../dist/app/host/local.js";
import { chainTime } from "../../dist/examples/demo/stage.js";
import { CAST, STRATEGY } from "../../dist/examples/demo/world.js";
import {
  attestationOf,
  CIRCUIT,
  disclosureOf,
  NAV_CIRCUIT,
  testVerifiers,
} from "../contracts/statement-circuit.js";
import { shortString } from "../support/strategy-vault.js";

/** Seconds of a period, and the smallest step of a net asset value. */
const PERIOD = 60;
const CENT = 10n ** 14n;
const LINE = "strategy";
/** Whose account the vault's manager is, on the local chain. */
const SUBJECT = 8;

/** The vault, and what a test does with it. */
export interface Strategy {
  readonly vault: Address;
  readonly subject: Wallet;
  readonly policyId: Hex;
  /** Attests what custody is worth, in dollars, over the shares of now. */
  prove(dollars: bigint): Promise<void>;
  /** Goes to where the next period begins. */
  nextPeriod(): Promise<void>;
}

/** Compiles its verifiers: before a chain is started, whose idle connections would not outlive it. */
export async function compileStrategy(): Promise<void> {
  await compileVerifiers(await testVerifiers());
}

/** Deploys it, once {@link compileStrategy} is through, with a million shares that the manager holds, and a depositor who has coins. */
export async function openStrategy(world: LocalWorld, registry: Registry): Promise<Strategy> {
  const { stage } = world;
  const deployer = stage.wallets[CAST.deployer]!;
  const subject = stage.wallets[SUBJECT]!;
  const make = async (name: string, args: readonly unknown[]): Promise<Address> =>
    getAddress(await deployContract({ walletClient: deployer, publicClient: stage.client }, name, args));
  const call = async (
    from: Wallet,
    address: Address,
    abi: Abi,
    functionName: string,
    args: readonly unknown[],
  ) => {
    const hash = await from.writeContract({ address, abi, functionName, args });
    const { status } = await stage.client.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`${functionName} reverted`);
  };
  for (const [name, circuit] of [
    ["StatementVerifier", CIRCUIT],
    ["NavVerifier", NAV_CIRCUIT],
  ] as const) {
    const args = [circuitHash(circuit), await make(name, [])];
    await call(deployer, registry.verifierBook, verifierBookAbi as Abi, "add", args);
  }
  const token = await make("TestToken", ["US dollar coin", "USDC", 6]);
  const address = deployer.account.address;
  const vault = await make("StrategyVault", [
    {
      name: shortString("Strategy of the harbour"),
      symbol: shortString("HARB"),
      asset: token,
      owner: address,
      manager: address,
      gate: zeroAddress,
      custody: stage.wallets[CAST.relayer]!.account.address,
      seedHolder: address,
      seedShares: 10n ** 14n,
      terms: {
        ...{ assetFeed: zeroAddress, feedStaleness: 0, dealingPeriod: PERIOD },
        ...{ managementFee: 0, performanceFee: 0, feeReceiver: address },
        ...{ transit: 0, maxLag: 3_600, grace: 86_400, delay: 172_800 },
      },
    },
  ]);
  const terms: PolicyTerms = {
    ...(await policyTermsOf(registry, world.policyId)),
    ...{ circuit: circuitHash(CIRCUIT), disclosureCircuit: circuitHash(NAV_CIRCUIT), navStep: CENT },
    ...{ unitsKind: 1, unitsSource: vault.toLowerCase() as Hex },
    ...{ maxDrawdown: Number(ABSENT_MAX), minInterval: 1, maxAge: 3_600 },
  };
  await publishPolicy(registry, deployer, terms);
  await call(deployer, registry.policyBook, policyBookAbi as Abi, "openLine", [LINE, policyId(terms)]);
  const gate = await make("LineGate", [registry.address, subject.account.address, lineId(LINE)]);
  const { abi } = await loadArtifact("StrategyVault");
  await call(deployer, vault, abi, "announceGate", [gate]);
  const tokenAbi = (await loadArtifact("TestToken")).abi;
  const depositor = stage.wallets[CAST.depositor]!;
  await call(depositor, token, tokenAbi, "mint", [depositor.account.address, 1_000_000n * 10n ** 6n]);
  await enrol(registry, subject, 7n);
  let state = 0n;
  return {
    vault,
    subject,
    policyId: policyId(terms),
    prove: async (dollars) => {
      const book = await world.example(STRATEGY);
      const market = parseMarket(book.market!);
      const { root } = marketTable(market, parsePolicy(book.policy!));
      const { asOf } = market;
      const units = await tokenUnits(registry, vault, asOf);
      const claim = {
        domain: { chainId: registry.chainId, registry: registry.address.toLowerCase() as Hex },
        subject: subject.account.address.toLowerCase() as Hex,
        ...{ marketRoot: root, marketTime: asOf, asOf, enrolment: 7n },
        drawdown: { units, previousState: state, newState: state + 1n },
        ...{ portfolioCommitment: 11n, exposuresCommitment: 12n, terms },
      } as unknown as Parameters<typeof attestationOf>[0];
      const disclosure = await disclosureOf(claim, dollars * 100n);
      const attestation = { ...(await attestationOf(claim)), disclosure };
      await submitAttestation(registry, stage.wallets[CAST.relayer]!, attestation);
      state += 1n;
    },
    nextPeriod: async () => {
      // To its begin: what a test does in a period does not run into the next.
      const seconds = PERIOD - ((await chainTime(stage)) % PERIOD);
      await stage.test.increaseTime({ seconds });
      await stage.test.mine({ blocks: 1 });
    },
  };
}
