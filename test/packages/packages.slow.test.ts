// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the packages work where they are used: packed, installed with npm in empty folders outside the checkout, by somebody who
 * verifies, who writes a gated vault, who builds a page?
 *
 * @module
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { ensureCircuit } from "@keel/circuits";
import { deployContract, loadArtifact } from "@keel/contracts";
import { createProver } from "@keel/engine";
import { parseSnapshot, proveHealth } from "@keel/prover";
import { formatAttestation, parseMarket, parsePolicy, UNBOUND_DOMAIN } from "@keel/verifier";
import { table } from "@keel/verifier/text";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, serve } from "../support/browser.js";
import { startTestChain, write } from "../support/chain.js";
import { EXAMPLES } from "../support/cli.js";
import {
  copyProject,
  FOLDERS,
  install,
  installExample,
  installed,
  npx,
  type PackageName,
  packAll,
} from "./packed.js";

const run = promisify(execFile);
const NAMES = Object.keys(FOLDERS) as PackageName[];
const VIEM = { viem: "2.57.1" };
const POLICY = `0x${"00".repeat(31)}02` as const;
const MB = 1_000_000;
/** Bytes of a page's code, minified and gzipped, without viem for the light client. */
const PAGE_LIMITS = { health: 10_000, policyId: 120_000, verify: 160_000 } as const;

let root: string;
let tarballs: Record<PackageName, string>;
const sizes: string[][] = [["what", "size"]];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "keel-packages-"));
  await mkdir(join(root, "data"));
  const [packed] = await Promise.all([packAll(root), writeData(join(root, "data"))]);
  tarballs = packed;
});

afterAll(async () => {
  console.log(table(sizes));
  await rm(root, { recursive: true, force: true });
});

/** An example's public files, an attestation of it, and what proves it. */
async function writeData(folder: string): Promise<void> {
  const example = join(EXAMPLES, "eth-hedged-vault");
  const files = ["snapshot", "market", "policy"].map((name) => `${name}.json`);
  for (const file of files) await copyFile(join(example, file), join(folder, file));
  const [snapshot, market, policy] = await Promise.all(
    files.map((file) => readFile(join(folder, file), "utf8")),
  );
  const { wasmPath: wasm, zkeyPath: zkey, verificationKey } = await ensureCircuit("portfolio-health/spot-16");
  await copyFile(wasm, join(folder, "circuit.wasm"));
  await copyFile(zkey, join(folder, "circuit.zkey"));
  const prover = await createProver({ wasm, zkey });
  try {
    const { attestation } = await proveHealth({
      snapshot: parseSnapshot(snapshot!),
      market: parseMarket(market!),
      policy: parsePolicy(policy!),
      prover,
      domain: UNBOUND_DOMAIN,
      allowInsecure: true,
    });
    await writeFile(join(folder, "attestation.json"), formatAttestation(attestation));
    await writeFile(join(folder, "key.json"), JSON.stringify(verificationKey));
  } finally {
    prover.close();
  }
}

/** Brings the data into a project. */
async function withData(folder: string): Promise<void> {
  await mkdir(join(folder, "data"), { recursive: true });
  for (const name of await readdir(join(root, "data"))) {
    await copyFile(join(root, "data", name), join(folder, "data", name));
  }
}

describe("a package", () => {
  it.each(NAMES)("%s passes publint", async (name) => {
    expect(await npx("publint@0.3.25", [tarballs[name]], root)).toContain("All good!");
  });

  it.each(NAMES.filter((name) => name !== "@keel/source"))("%s has the types it says", async (name) => {
    await npx("@arethetypeswrong/cli@0.18.5", [tarballs[name], "--profile", "esm-only"], root);
  });

  it("holds its code, and nothing that is only for here", async () => {
    for (const name of NAMES) {
      const { stdout } = await run("tar", ["-tzf", tarballs[name]]);
      expect(stdout, name).toMatch(/\/(dist|src)\//);
      expect(stdout, name).not.toMatch(/\.map$|\.test\.|mocks\/|tsbuildinfo|\.inputs$/m);
      expect(stdout, name).toContain("package/LICENSE");
    }
  });
});

describe("verifier and contracts", () => {
  let folder: string;

  beforeAll(async () => {
    folder = join(root, "verifier");
    await install(folder, tarballs, ["@keel/verifier", "@keel/contracts"]);
  });

  it("install in less than 40 MB, without a package under the GPL", async () => {
    const { packages, bytes } = await installed(folder);
    sizes.push([
      "verifier and contracts, installed",
      `${(bytes / MB).toFixed(1)} MB, ${packages.length} packages`,
    ]);
    expect(bytes).toBeLessThan(40 * MB);
    expect(packages.length).toBeGreaterThan(5);
    expect(packages.filter(({ license }) => /GPL/.test(license ?? "none"))).toEqual([]);
  });

  it("verify an attestation in Node", async () => {
    await copyProject("node", folder);
    await withData(folder);
    const { stdout } = await run(process.execPath, ["verify.mjs"], { cwd: folder });
    expect(stdout).toBe("verified\n");
  });

  it("verify an attestation when pnpm installed them", async () => {
    const other = join(root, "pnpm");
    await install(other, tarballs, ["@keel/verifier", "@keel/contracts"], {}, "pnpm");
    await copyProject("node", other);
    await withData(other);
    const { stdout } = await run(process.execPath, ["verify.mjs"], { cwd: other });
    expect(stdout).toBe("verified\n");
  });

  it("are typed for a project that checks its libraries", async () => {
    const typed = join(root, "types");
    const others = {
      ...VIEM,
      typescript: "5.9.3",
      "@types/node": "20.19.43",
      "@openzeppelin/contracts": "5.7.0",
    };
    await install(typed, tarballs, ["@keel/verifier", "@keel/contracts"], others);
    await copyProject("types", typed);
    await run(process.execPath, ["node_modules/typescript/bin/tsc"], { cwd: typed });
  });
});

describe("a gated vault", () => {
  let folder: string;

  beforeAll(async () => {
    folder = join(root, "gated");
    await installExample("vault", folder, tarballs);
  });

  it("is compiled and tested with Hardhat", async () => {
    const env = { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true" };
    const { stdout } = await run("npm", ["test"], { cwd: folder, env });
    expect(stdout).toContain("1 passing");
  });

  it("is compiled and tested with Foundry", async () => {
    const { stdout } = await run("npm", ["run", "test:foundry"], { cwd: folder });
    expect(stdout).toContain("1 passed; 0 failed");
  });
});

describe("a page built with Vite", () => {
  let folder: string;

  beforeAll(async () => {
    folder = join(root, "page");
    await installExample("page", folder, tarballs);
    await withData(folder);
  });

  it("is built as its own project says", async () => {
    await run("npm", ["run", "build"], { cwd: folder });
    const pages = (await readdir(join(folder, "dist"))).filter((name) => name.endsWith(".html"));
    expect(pages.sort()).toEqual(["health.html", "policy-id.html", "prove.html", "verify.html"]);
  });

  const builtTo = async (name: string, external: readonly string[] = []): Promise<number> => {
    const outDir = join(folder, "built", name);
    await build({
      root: folder,
      configFile: false,
      logLevel: "error",
      worker: { format: "es" },
      build: {
        outDir,
        target: "es2022",
        emptyOutDir: true,
        modulePreload: { polyfill: false },
        rollupOptions: { input: join(folder, `${name}.html`), external: [...external] },
      },
    });
    const files = await readdir(join(outDir, "assets"));
    const code = await Promise.all(files.map((file) => readFile(join(outDir, "assets", file))));
    return code.reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
  };

  /** What the page says in a real browser. */
  const said = async (name: string, query: Readonly<Record<string, string>> = {}): Promise<string> => {
    const server = await serve((address) => {
      const { pathname } = new URL(address, "http://localhost");
      const path = join(folder, pathname.startsWith("/data/") ? "" : `built/${name}`, pathname);
      return existsSync(path) ? path : undefined;
    }, query.rpc);
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`${server.origin}/${name}.html?${new URLSearchParams(query)}`);
      await page.waitForFunction(() => document.body.textContent?.trim() !== "", undefined, {
        timeout: 90_000,
      });
      return (await page.textContent("body"))!.trim();
    } finally {
      await browser.close();
      server.close();
    }
  };

  it("asks a registry for health", async () => {
    const bytes = await builtTo("health", ["viem"]);
    sizes.push(["page: health, viem apart", `${(bytes / 1000).toFixed(1)} kB`]);
    expect(bytes).toBeLessThan(PAGE_LIMITS.health);
    await builtTo("health");
    const chain = await startTestChain();
    try {
      const [wallet] = chain.wallets;
      const subject = wallet!.account.address;
      const { abi } = await loadArtifact("MockHealthRegistry");
      const clients = { walletClient: wallet!, publicClient: chain.client };
      const registry = await deployContract(clients, "MockHealthRegistry");
      const asked = { rpc: chain.rpcUrl, registry, subject, policy: POLICY };
      expect(await said("health", asked)).toBe("not healthy: neverAttested");
      const { timestamp } = await chain.client.getBlock();
      const until = Number(timestamp) + 3600;
      const args = [subject, POLICY, Number(timestamp), until];
      await write(chain, wallet!, registry, abi, "setHealthy", args);
      expect(await said("health", asked)).toBe(`healthy until ${until}`);
    } finally {
      await chain.stop();
    }
  });

  it("asks for a policy's id in at most 120 kB", async () => {
    const bytes = await builtTo("policy-id");
    sizes.push(["page: policyId", `${(bytes / 1000).toFixed(1)} kB`]);
    expect(bytes).toBeLessThan(PAGE_LIMITS.policyId);
  });

  it("verifies an attestation", async () => {
    const bytes = await builtTo("verify");
    sizes.push(["page: verifies", `${(bytes / 1000).toFixed(1)} kB`]);
    expect(bytes).toBeLessThan(PAGE_LIMITS.verify);
    expect(await said("verify")).toMatch(/^verified 0x[0-9a-f]{40}$/i);
  });

  it("proves with circuits from an address, pinned by hash, and refuses others", async () => {
    sizes.push(["page: proves", `${((await builtTo("prove")) / 1000).toFixed(1)} kB`]);
    const hash = async (file: string) =>
      createHash("sha256")
        .update(await readFile(join(folder, "data", file)))
        .digest("hex");
    const pins = { wasm: await hash("circuit.wasm"), zkey: await hash("circuit.zkey") };
    expect(await said("prove", pins)).toMatch(/^proven 0x[0-9a-f]{40}$/i);
    expect(await said("prove", { ...pins, zkey: "00".repeat(32) })).toBe("refused artifact.hash");
  });
});

describe("the library's examples", () => {
  it("compile, check, prove and verify", async () => {
    const folder = join(root, "library");
    await installExample("library", folder, tarballs);
    await withData(folder);
    await run("npm", ["run", "build"], { cwd: folder });
    const program = async (name: string, ...args: string[]): Promise<string> =>
      (await run(process.execPath, [`dist/${name}.js`, ...args], { cwd: folder })).stdout;
    expect(await program("check", "data")).toMatch(/^holds minCollateralRatio[\s\S]*\nhealthy\n$/);
    await rm(join(folder, "data/attestation.json"));
    expect(await program("prove", "data")).toMatch(/^proven for 0x/m);
    expect(await program("verify", "data", "data/key.json")).toContain("respected policy");
  });
});

describe("the command", () => {
  it("runs where it was installed: it checks, and says its version", async () => {
    const folder = join(root, "command");
    await install(
      folder,
      tarballs,
      NAMES.filter((name) => name !== "@keel/source"),
      VIEM,
    );
    await withData(folder);
    const keel = (...args: string[]) => run("npx", ["keel", ...args], { cwd: folder });
    expect((await keel("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const book = ["snapshot", "market", "policy"].flatMap((name) => [`--${name}`, `data/${name}.json`]);
    expect((await keel("check", ...book)).stdout).toContain("Healthy: every limit holds.");
  });
});
