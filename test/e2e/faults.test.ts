// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are mistakes that a new user makes told all at once, in words, each with what to do about it?
 *
 * @module
 */

import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorOf, inFolder, keelHere, PACKAGE, strategyFiles } from "../support/cli.js";

/** A file of the example as it was parsed, to be changed. */
interface Changed {
  asOf: number;
  validity: number;
  maxAge: number;
  minInterval: number;
  limits: Record<string, unknown>;
  instruments: { price: string; underlying: string }[];
  accounts: { id: string; source: string; positions: Record<string, string>; signature?: object }[];
}

const { snapshot, market, policy } = strategyFiles("eth-hedged-vault");

const check = (files: { snapshot?: string; market?: string; policy?: string }): string[] => {
  const all = { snapshot, market, policy, ...files };
  return ["check", ...Object.entries(all).flatMap(([role, file]) => [`--${role}`, file])];
};

/** What `check` says of files of the first example, some of them changed. */
async function told(changes: Readonly<Record<string, (file: Changed) => void>>): Promise<string> {
  return await inFolder(async (folder) => {
    const files: Record<string, string> = {};
    for (const [role, change] of Object.entries(changes)) {
      const file: Changed = JSON.parse(await readFile({ snapshot, market, policy }[role]!, "utf8"));
      change(file);
      files[role] = join(folder, `${role}.json`);
      await writeFile(files[role]!, JSON.stringify(file));
    }
    const { code, stderr } = await keelHere(check(files));
    expect(code).toBe(1);
    return stderr;
  });
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("faults", () => {
  it("of several files are told at once, with their cures", async () => {
    const stderr = await told({
      market: (file) => {
        file.instruments[0]!.price = "0";
        file.instruments[1]!.underlying = "DOGE";
      },
      policy: (file) => {
        file.limits.maxLeverage = "300%";
        file.validity = -1;
      },
      snapshot: (file) => {
        file.asOf = 1767225600000;
        file.accounts[0]!.positions.ETH = "+1";
      },
    });
    for (const path of [
      ...["market.instruments[0].price", "market.instruments[1].underlying"],
      ...["policy.limits.maxLeverage", "policy.validity", "snapshot.asOf", "positions.ETH"],
    ]) {
      expect(stderr).toContain(path);
    }
    expect(stderr).toContain("text with a percent sign (5 % is 0.05)");
    expect(stderr).toContain("expected unix seconds, received milliseconds, as it seems (input.time)");
    expect(stderr).toContain("hint (input.time): Write unix seconds");
    expect(stderr).toContain("hint (market.price): ");
    expect(stderr).toContain("hint (input.decimal): Write a plain decimal");
  });

  it("of a policy are told at once", async () => {
    const stderr = await told({
      policy: (file) => {
        file.limits.netDelta = ["0.1", "-0.1"];
        file.limits.maxVega = "0.1";
        file.maxAge = 8 * 86_400;
        file.minInterval = file.validity + 1;
      },
    });
    for (const code of ["policy.limit", "policy.band", "policy.ceiling", "policy.interval"]) {
      expect(stderr).toContain(`(${code})`);
      expect(stderr).toContain(`hint (${code}): `);
    }
  });

  it("of sources that the policy lacks make no book healthy", async () => {
    const stderr = await told({
      snapshot: (file) => {
        file.accounts[0]!.source = "Somebody Else";
        delete file.accounts[0]!.signature;
      },
    });
    expect(stderr).toContain("snapshot.accounts[0].source: expected one of policy.sources");
    expect(stderr).toContain("hint: ");
  });

  it("name a circuit that has room", async () => {
    const stderr = await told({
      snapshot: (file) => {
        file.accounts.push({ ...file.accounts[0]!, id: "second" }, { ...file.accounts[0]!, id: "third" });
      },
    });
    expect(stderr).toContain(
      "snapshot.accounts: expected at most 1 in portfolio-health/spot-16; portfolio-health/fund-64 has room, received 3",
    );
    expect(stderr).toContain("hint: ");
  });
});

describe("files", () => {
  it("behind each other's options are recognised, both at once", async () => {
    const { code, stderr } = await keelHere(check({ market: policy, policy: market }));
    expect(code).toBe(1);
    expect(stderr).toContain(
      "market: expected a market file (market/1), received a file of policy/2 (file.format)",
    );
    expect(stderr).toContain(
      "policy: expected a policy file (policy/2), received a file of market/1 (file.format)",
    );
    expect(stderr).toContain("hint: Name each file behind its own option");
  });

  it("that are folders or not there are told as that", async () => {
    const { stderr } = await keelHere(check({ market: join(market, ".."), policy: `${policy}.lost` }));
    expect(stderr).toMatch(/market: expected a file at .*, received a folder \(file\.missing\)/);
    expect(stderr).toMatch(/policy: expected a file at .*lost, received nothing there \(file\.missing\)/);
    expect(stderr).toContain("hint: Check the path: a file has to be there, not a folder.");
  });
});

describe("options", () => {
  const sign = (...more: string[]): string[] => ["sign-units", "--units", "1", "--out", "none.json", ...more];
  const SUBJECT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

  it("with an address whose checksum is wrong say so", async () => {
    const wrong = SUBJECT.replace("C7d", "c7d");
    const { code, stderr } = await keelHere(sign("--subject", wrong, "--as-of", "1767225600"));
    expect(code).toBe(1);
    expect(stderr).toContain("--subject: expected an address with its checksum (EIP-55)");
    expect(stderr).toContain("hint: Copy the address anew");
    const right = await keelHere(sign("--subject", SUBJECT, "--as-of", "1767225600", "--json"));
    expect(errorOf(right).message).toContain("a sender");
  });

  it("mean one thing by one name: --returns is a table of returns in every command", async () => {
    const names = ["program", "operator-commands", "vault-commands", "run-commands", "report-commands"];
    const grammars = names.map((name) => readFile(join(PACKAGE, `cli/${name}.ts`), "utf8"));
    const found = [...(await Promise.all(grammars)).join("\n").matchAll(/"--returns [^"]*",\s*"([^"]*)"/g)];
    expect(found.length).toBeGreaterThan(2);
    for (const [, words] of found) expect(words).toMatch(/^returns\/1 file/);
  });

  it("with a time in milliseconds say so", async () => {
    const { stderr } = await keelHere(sign("--subject", SUBJECT, "--as-of", "1767225600000"));
    expect(stderr).toContain("--as-of: expected unix seconds, received milliseconds, as it seems");
    expect(stderr).toContain("hint: Write unix seconds");
  });

  it("with a node that does not answer say where it was, and not what follows", async () => {
    const port = await closedPort();
    const rpc = ["--rpc", `http://127.0.0.1:${port}/secret-key`];
    const ends = [
      "--registry",
      `0x${"11".repeat(20)}`,
      "--subject",
      SUBJECT,
      "--policy-id",
      `0x${"22".repeat(32)}`,
    ];
    const { code, stderr } = await keelHere(["status", ...rpc, ...ends]);
    expect(code).toBe(4);
    expect(stderr).toContain(`no connection to http://127.0.0.1:${port}: ECONNREFUSED`);
    expect(stderr).not.toContain("secret");
    expect(stderr).toContain("hint: Check the node");
  });
});
