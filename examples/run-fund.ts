// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The demo's fund, ready for `keel run`: a local chain on which its policy and this moment's market are published and its accounts
 * enrolled, and a folder with its book, a vault and keel.toml. With a command behind the folder it runs that beside the chain and
 * ends with it; else the chain stays until Ctrl-C.
 *
 *     node dist/examples/run-fund.js /tmp/fund npx keel run --config /tmp/fund/keel.toml --once --json
 *
 * @module
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { enrolmentCommitment, formatEnrolment, newEnrolment, parseSnapshot, randomSalt } from "@keel/prover";
import { parseMarket, parsePolicy, policyTerms } from "@keel/verifier";
import { connectRegistry, enrol, publishPolicy } from "@keel/verifier/chain";
import type { Context } from "keel/context";
import { verifiersOf } from "keel/deploy-verifiers";
import { type DevChain, openDevChain } from "keel/dev-chain";
import { formatRunConfig } from "keel/run-config";
import { createVault } from "keel/vault";
import { chainTime, openStage } from "./demo/stage.js";
import { CAST, CIRCUIT, publishTable, STRATEGY } from "./demo/world.js";
import { exampleTexts } from "./generate.js";

const ROLES = ["snapshot", "market", "policy", "units"] as const;

/** Publishes, enrols, and writes the folder. */
async function prepare(dev: DevChain, folder: string, context: Context): Promise<void> {
  const stage = await openStage(dev.chain);
  const registry = await connectRegistry(stage.client, dev.deployment.registry);
  const texts = exampleTexts(STRATEGY, { asOf: await chainTime(stage) });
  const [market, policy] = [parseMarket(texts.market), parsePolicy(texts.policy)];
  await publishPolicy(registry, stage.wallets[CAST.deployer]!, policyTerms(policy, market));
  await publishTable({ stage, registry }, { market, policy });
  const enrolment = newEnrolment(parseSnapshot(texts.snapshot), policy, randomSalt());
  await enrol(registry, stage.wallets[CAST.manager]!, enrolmentCommitment(enrolment));

  await mkdir(folder, { recursive: true });
  await createVault(join(folder, "vault"), context);
  const files = Object.fromEntries(ROLES.map((role) => [`${role}.json`, texts[role]!]));
  const config = formatRunConfig({
    ...{ keel: "run/1", subject: STRATEGY.subject, policy: "policy.json", enrolment: "enrolment.json" },
    ...{ vault: "vault", rounds: "rounds" },
    registry: { chainId: dev.chain.chainId, address: registry.address, rpc: dev.chain.rpcUrl },
    schedule: { cron: "0 6 * * 1" },
    book: { snapshot: "snapshot.json", units: "units.json" },
    market: { file: "market.json" },
    signer: { account: CAST.relayer },
  });
  const all = { ...files, "enrolment.json": formatEnrolment(enrolment), "keel.toml": config };
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text, { mode: 0o600 });
}

/** Runs a command to its exit code. */
function ran([name, ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    spawn(name!, args, { stdio: "inherit" }).once("close", (code) => resolve(code ?? 1));
  });
}

const [folder, ...command] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("run-fund: a folder to make, such as /tmp/fund\n");
  process.exit(1);
}
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
const context: Context = {
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  readInput: () => process.stdin,
  env: process.env,
  interactive: false,
  signal: stop.signal,
  now: () => Math.floor(Date.now() / 1000),
};
if (existsSync(join(folder, "vault"))) {
  // Its states are of another chain, which is gone.
  process.stderr.write(
    `run-fund: ${folder}: expected a new folder, received one with a vault (file.exists)\n`,
  );
  process.exit(1);
}
const dev = await openDevChain({
  verifiers: await verifiersOf([await ensureCircuit(CIRCUIT)]),
  stateFile: false,
  port: 0,
});
try {
  await prepare(dev, folder, context);
  if (command.length > 0) process.exitCode = await ran(command);
  else {
    process.stderr.write(
      `The fund waits: npx keel run --config ${join(folder, "keel.toml")} --once --json\n`,
    );
    const alive = setInterval(() => {}, 60_000);
    await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
    clearInterval(alive);
  }
} finally {
  await dev.stop();
}
