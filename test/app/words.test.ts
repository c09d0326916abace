// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the console's small rules hold: addresses of pages, whom the page may talk to, when a gate may be called open, when
 * attestations counted, what a host may configure, how sizes are counted?
 *
 * @module
 */

import type { Status } from "@keel/verifier/chain";
import { allFaults, KeelError } from "@keel/verifier/errors";
import { describe, expect, it } from "vitest";
import { extent } from "../../app/src/charts/extent.js";
import { mergeSpans } from "../../app/src/charts/time.js";
import { parseConfig } from "../../app/src/config-schema.js";
import { consoleCures } from "../../app/src/cures.js";
import { explorerLink } from "../../app/src/explorer.js";
import { BLOCK_PATIENCE, behindText, isStillTrue, laterTime } from "../../app/src/freshness.js";
import { readAddress, readAddresses } from "../../app/src/read.js";
import { countedSpans } from "../../app/src/regulator/spans.js";
import { linkTo, routeOf } from "../../app/src/route.js";
import { addressesIn, readNode } from "../../app/src/security-policy.js";
import { closedText, type GateFacts, gateWord, STALE_AFTER } from "../../app/src/vault/gate-word.js";
import { depositorWords } from "../../app/src/vault/words.js";
import { readArguments } from "../../dist/app/host/build.js";
import { headersFor } from "../../dist/app/host/headers.js";
import { pageOf } from "../../dist/app/host/paths.js";
import { type Chunk, sizesOf, sizesText } from "../../dist/app/host/sizes.js";
import { codeOf } from "../support/refusal.js";

const ADDRESS = `0x${"ab".repeat(20)}`;
const ID = `0x${"cd".repeat(32)}`;

describe("addresses of pages", () => {
  it.each([
    ["", { name: "start" }],
    ["#/", { name: "start" }],
    ["#/manager", { name: "manager" }],
    [`#/vault/${ADDRESS}`, { name: "vault", address: ADDRESS }],
    [`#/subject/${ADDRESS}`, { name: "subject", address: ADDRESS }],
    [`#/policy/${ID.toUpperCase().replace("0X", "0x")}`, { name: "policy", id: ID }],
  ])("%s is a page", (hash, route) => {
    expect(routeOf(hash)).toEqual(route);
  });

  it.each([
    "#/vault/0x12",
    `#/subject/${ID}`,
    `#/policy/${ADDRESS}`,
    `#/vault/${ADDRESS}/${ADDRESS}`,
    `#/vault/${ADDRESS}?registry=${ADDRESS}`,
    "#/__proto__",
    "#/constructor/0x",
  ])("%s is none", (hash) => {
    expect(routeOf(hash)).toEqual({ name: "unknown" });
  });

  it("lead back to themselves", () => {
    for (const route of [
      { name: "start" },
      { name: "vault" },
      { name: "vault", address: ADDRESS },
      { name: "subject", address: ADDRESS },
      { name: "policy", id: ID },
    ] as const) {
      expect(routeOf(linkTo(route))).toEqual(route);
    }
  });

  it("are reached by a host's paths as well, and by no others", () => {
    expect(pageOf(`/vault/${ADDRESS}`)).toBe(`/#/vault/${ADDRESS}`);
    expect(pageOf(`/policy/${ID}/`)).toBe(`/#/policy/${ID}`);
    for (const path of ["/", "/vault", "/vault/", "/vault/..", `/other/${ADDRESS}`, `//vault/${ADDRESS}`])
      expect(pageOf(path)).toBeUndefined();
  });
});

describe("whom the page may talk to", () => {
  const ORIGIN = "https://console.example";
  const NODE = "https://node.example";

  it("stands in its security policy", () => {
    const policy = (others: readonly string[]): string => headersFor(others)["Content-Security-Policy"]!;
    expect(addressesIn(policy([]))).toEqual([]);
    expect(addressesIn(policy([NODE]))).toEqual([NODE]);
    expect(addressesIn("")).toEqual([]);
  });

  it("is a path of its own, or what it was built to talk to", () => {
    expect(readNode("/rpc", ORIGIN, [])).toBe("/rpc");
    expect(readNode(`${ORIGIN}/other?key=1`, ORIGIN, [])).toBe("/other?key=1");
    expect(readNode(`${NODE}/v2/key`, ORIGIN, [NODE])).toBe(`${NODE}/v2/key`);
    for (const text of [
      "",
      "node",
      `${NODE}/`,
      "//node.example/",
      "javascript:alert(1)",
      "http://node.example",
    ])
      expect(codeOf(() => readNode(text, ORIGIN, ["https://node.example.evil"]))).toBe("node.address");
  });

  it("is told when the page is built, as an https address or one of this machine", () => {
    expect(
      readArguments(["tail-risk/64", "--connect", `${NODE}/v2`, "--connect", "http://127.0.0.1:8545"]),
    ).toEqual({
      more: ["tail-risk/64"],
      connect: [NODE, "http://127.0.0.1:8545"],
    });
    for (const text of ["http://node.example", "*", "https:", "'unsafe-inline'", `${NODE}; script-src *`])
      expect(codeOf(() => readArguments(["--connect", text]))).toBe("build.connect");
  });
});

describe("a gate's word", () => {
  const BLOCK = 1_900_000_000;
  const status = {
    healthy: true,
    standing: "open",
    enrolled: true,
    asOf: BLOCK - 100,
    expiry: BLOCK + 1_000,
    timeLeft: 1_000,
    blockTime: BLOCK,
  } as unknown as Status;
  const facts: GateFacts = {
    status,
    ...{ admits: true, insecure: false, isExpected: true, chainId: 1, age: 0, clock: BLOCK + 5 },
  };
  const tone = (change: Partial<GateFacts>): string => gateWord({ ...facts, ...change }).tone;

  it("is open only while everything holds", () => {
    expect(gateWord(facts)).toEqual({
      tone: "open",
      word: "Deposits are open",
      more: "for another 16 min 40 s, until 2030-03-17 18:03:20 UTC",
    });
    expect(tone({ admits: false })).toBe("closed");
    expect(tone({ status: { ...status, healthy: false, timeLeft: 0 } })).toBe("closed");
    expect(tone({ status: { ...status, timeLeft: 30 }, age: 30 })).toBe("closed");
  });

  it("64 is never green over a development key, or a registry that nobody named", () => {
    expect(tone({ insecure: true })).toBe("doubtful");
    expect(tone({ isExpected: false })).toBe("doubtful");
    expect(gateWord({ ...facts, insecure: true }).more).toContain("DEVELOPMENT KEY");
  });

  it("is nobody's once the chain does not answer, or the node is behind", () => {
    expect(tone({ age: STALE_AFTER })).toBe("open");
    expect(tone({ age: STALE_AFTER + 1 })).toBe("unknown");
    expect(tone({ clock: BLOCK + 900 })).toBe("open");
    expect(tone({ clock: BLOCK + 901 })).toBe("unknown");
    // A local chain makes no blocks while nobody uses it; a chain whose clock is ahead is not behind.
    expect(tone({ clock: BLOCK + 90_000, chainId: 31337 })).toBe("open");
    expect(tone({ clock: BLOCK - 90_000 })).toBe("open");
  });

  it("gives a reason for each way to be closed", () => {
    const closed = { ...status, healthy: false, timeLeft: 0 };
    for (const standing of ["open", "revokedBySubject", "revokedByGuardian", "voided"] as const)
      expect(closedText({ ...closed, standing })).toMatch(/^[A-Z].*\.$/);
    const { asOf: _, ...never } = closed;
    expect(closedText(never as Status)).toMatch(/has not attested under this policy yet/);
    expect(closedText(status)).toMatch(/asks for more than the policy does/);
  });
});

describe("what a node said a while ago", () => {
  it("64 is not called healthy beyond its end, a quarter of an hour, or by a node that is behind", () => {
    const policy = { healthy: true, expiry: 2_000 };
    expect(isStillTrue(policy, 1_000, 0)).toBe(true);
    expect(isStillTrue(policy, 1_000, BLOCK_PATIENCE)).toBe(true);
    expect(isStillTrue(policy, 1_000, BLOCK_PATIENCE + 1)).toBe(false);
    expect(isStillTrue(policy, 1_900, 100)).toBe(false);
    expect(isStillTrue({ ...policy, healthy: false }, 1_000, 0)).toBe(false);
    expect(behindText(1, 1_000, 1_000 + BLOCK_PATIENCE + 1)).toMatch(
      /^The node's latest block is 15 min 1 s old/,
    );
    expect(laterTime(1, 1_000, 5_000)).toBe(5_000);
    expect(laterTime(1, 9_000, 5_000)).toBe(9_000);
    expect(laterTime(31337, 1_000, 5_000)).toBe(1_000);
  });
});

describe("what to do about an error", () => {
  const cure = (code: string) => consoleCures(new KeelError({ kind: "input", code }))[code];

  it("is the command line's word, but where a page does it otherwise", () => {
    expect(cure("input.time")).toBe("Write unix seconds, which are milliseconds divided by 1000.");
    expect(cure("returns.missing")).toBe("Open the table of returns that goes with the market.");
    expect(cure("no.such.code")).toBeUndefined();
    expect(Object.keys(consoleCures(new KeelError({ kind: "input", code: "constructor" })))).toEqual([]);
  });

  it("is said of every fault that is told at once", () => {
    const fault = (code: string) => new KeelError({ kind: "input", code });
    const all = allFaults([fault("input.time"), fault("input.decimal"), fault("input.time")]);
    expect(Object.keys(consoleCures(all))).toEqual(["input.time", "input.decimal"]);
  });
});

describe("errors for depositors", () => {
  const words = (code: string) => depositorWords(new KeelError({ kind: "environment", code }));

  it("are sentences, of the contracts' refusals and the wallet's as well", () => {
    const codes = ["registry.notHealthy", "registry.tooLateToCancel", "vault.missing", "chain.call"];
    for (const code of [...codes, "wallet.declined"]) {
      expect(words(code).says).toMatch(/^[A-Z].*\.$/);
      expect(words(code).isWhole).toBe(true);
    }
  });

  it("that have no words of their own say what to do as everywhere", () => {
    expect(words("registry.whateverElse")).toEqual({
      says: "The contract refused. Nothing was sent.",
      isWhole: false,
    });
    expect(words("constructor")).toEqual({ isWhole: false });
  });
});

describe("when attestations counted", () => {
  const policyId = ID;
  const attested = (blockTime: number, expiry: number) =>
    ({ event: { kind: "attested", policyId, blockTime, expiry } }) as never;
  const event = (kind: string, blockTime: number) => ({ event: { kind, policyId, blockTime } }) as never;

  it("follows from blocks, expiries, revocations and voidings", () => {
    expect(countedSpans([attested(0, 10), attested(5, 15), attested(20, 30)], ID as never)).toEqual([
      { from: 0, to: 15 },
      { from: 20, to: 30 },
    ]);
    expect(
      countedSpans([attested(0, 10), event("revoked", 4), attested(6, 16), event("voided", 9)], ID as never),
    ).toEqual([
      { from: 0, to: 4 },
      { from: 6, to: 9 },
    ]);
    expect(countedSpans([attested(0, 10)], `0x${"00".repeat(32)}`)).toEqual([]);
  });

  it("is one stretch where they touch", () => {
    expect(
      mergeSpans([
        { from: 5, to: 9 },
        { from: 0, to: 5 },
        { from: 1, to: 2 },
      ]),
    ).toEqual([{ from: 0, to: 9 }]);
  });

  it("is drawn from least to most, and apart where all is one", () => {
    expect(extent([3, 1, 2], 1)).toEqual([1, 3]);
    expect(extent([5, 5], 2)).toEqual([4, 6]);
  });
});

describe("addresses as people paste them", () => {
  const CHECKED = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

  it("are held against their checksum where they have one", () => {
    expect(readAddress(` ${CHECKED} `, "x")).toBe(CHECKED.toLowerCase());
    expect(readAddress(`0x${CHECKED.slice(2).toUpperCase()}`, "x")).toBe(CHECKED.toLowerCase());
    expect(codeOf(() => readAddress(CHECKED.replace("C8", "c8"), "x"))).toBe("input.checksum");
    expect(codeOf(() => readAddress("0x12", "x"))).toBe("input.address");
  });

  it("are several, each once", () => {
    expect(readAddresses(`${ADDRESS}, ${CHECKED}\n${ADDRESS}`, "x")).toEqual([
      ADDRESS,
      CHECKED.toLowerCase(),
    ]);
    expect(codeOf(() => readAddresses(" ", "x"))).toBe("input.address");
  });
});

describe("what a host may say of itself", () => {
  const file = { keel: "console/1", chainId: 1, rpc: "/rpc", registry: ADDRESS, fromBlock: 0 };
  const parse = (change: object) => parseConfig(JSON.stringify({ ...file, ...change }));

  it("has nodes, an explorer and policies, none by default", () => {
    expect(parse({})).toMatchObject({ nodes: [], policies: [] });
    const nodes = [{ name: "mine", rpc: "https://node.example/v2" }];
    expect(parse({ nodes, explorer: "https://explorer.example" })).toMatchObject({ nodes });
  });

  it.each([
    { explorer: "javascript:alert(1)" },
    { explorer: "http://explorer.example" },
    { explorer: 'https://e.example/"onclick="x' },
    { nodes: [{ name: "x", rpc: "http://node.example" }] },
    { nodes: [{ name: "x".repeat(81), rpc: "/rpc" }] },
    { policies: [{ policyId: ID, path: "https://elsewhere.example" }] },
  ])("and no more: %j", (change) => {
    expect(() => parse(change)).toThrow(KeelError);
  });

  it("links to the explorer by address and transaction", () => {
    expect(explorerLink("https://e.example/", "address", ADDRESS)).toBe(
      `https://e.example/address/${ADDRESS}`,
    );
    expect(explorerLink("https://e.example", "transaction", ID)).toBe(`https://e.example/tx/${ID}`);
  });
});

describe("sizes", () => {
  const chunk = (fileName: string, length: number, change: Partial<Chunk> = {}): Chunk => ({
    ...{ fileName, code: "x".repeat(length), isEntry: false, isDynamicEntry: false },
    ...{ facadeModuleId: null, imports: [], ...change },
  });

  it("count what is loaded before the first page, and what a page adds", () => {
    const chunks = [
      chunk("main", 10, { isEntry: true, imports: ["shared"] }),
      chunk("shared", 20_000),
      chunk("page", 10, {
        isDynamicEntry: true,
        facadeModuleId: "/a/vault.tsx",
        imports: ["shared", "deep"],
      }),
      chunk("deep", 90_000, { imports: ["page"] }),
      chunk("other", 10, { isDynamicEntry: true, facadeModuleId: "/a/other.ts" }),
    ];
    const { initial, pages } = sizesOf(chunks, { "vault.tsx": "vault" });
    expect(Object.keys(pages)).toEqual(["vault"]);
    expect(initial).toBeGreaterThan(40);
    expect(pages.vault).toBeGreaterThan(100);
    expect(sizesText({ initial: 14_276, pages: { vault: 205_000 } })).toBe(
      "JavaScript, gzipped: 14.3 kB before the first page (at most 150.0 kB); more when looked at: vault 205.0 kB.",
    );
  });
});
