// SPDX-License-Identifier: GPL-3.0-or-later
/** Proves a signed book and writes the attestation: `node dist/prove.js FOLDER`. */
import { readFile, writeFile } from "node:fs/promises";
import { ensureCircuit } from "@keel/circuits";
import { createProver } from "@keel/engine";
import { parseSnapshot, proveHealth } from "@keel/prover";
import { formatAttestation, parseMarket, parsePolicy, UNBOUND_DOMAIN } from "@keel/verifier";

const folder = process.argv[2];
const read = (name: string) => readFile(`${folder}/${name}.json`, "utf8");
const policy = parsePolicy(await read("policy"));
// Compiled on the first call, with a development key, which convinces nobody; a ceremony's key comes from `loadArtifacts`.
const { wasmPath: wasm, zkeyPath: zkey } = await ensureCircuit(policy.circuit.id);
const prover = await createProver({ wasm, zkey });
try {
  const { attestation } = await proveHealth({
    snapshot: parseSnapshot(await read("snapshot")),
    market: parseMarket(await read("market")),
    policy,
    prover,
    domain: UNBOUND_DOMAIN,
    allowInsecure: true,
  });
  await writeFile(`${folder}/attestation.json`, formatAttestation(attestation));
  console.log(`proven for ${attestation.subject}`);
} finally {
  prover.close();
}
