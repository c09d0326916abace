// SPDX-License-Identifier: GPL-3.0-or-later
import { createProver } from "@keel/engine/browser";
import { parseSnapshot, proveHealth } from "@keel/prover";
import { parseMarket, parsePolicy, UNBOUND_DOMAIN } from "@keel/verifier";

const read = async (name: string): Promise<string> => (await fetch(`/data/${name}.json`)).text();
const asked = new URLSearchParams(location.search);
try {
  // What is pinned is known before anything is fetched: a host that swaps a file is found out.
  const sha256 = { wasm: asked.get("wasm")!, zkey: asked.get("zkey")! };
  const prover = await createProver({
    wasm: "/data/circuit.wasm",
    zkey: "/data/circuit.zkey",
    sha256,
    workers: 2,
  });
  const { attestation } = await proveHealth({
    snapshot: parseSnapshot(await read("snapshot")),
    market: parseMarket(await read("market")),
    policy: parsePolicy(await read("policy")),
    prover,
    domain: UNBOUND_DOMAIN,
    allowInsecure: true,
  });
  prover.close();
  document.body.append(`proven ${attestation.subject}`);
} catch (error) {
  document.body.append(`refused ${(error as { code?: string }).code}`);
}
