// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a configuration of `keel run` refused with all its faults, and without a word of what is secret in it?
 *
 * @module
 */

import { KeelError } from "@keel/verifier/errors";
import { describe, expect, it } from "vitest";
import { formatRunConfig, parseRunConfig, type RunFile } from "../../cli/dist/run/config.js";
import { checkSchedule, scheduleOf } from "../../cli/dist/run/schedule.js";
import { kindOf } from "../../cli/dist/run/trouble.js";

const FILE: RunFile = {
  keel: "run/1",
  subject: `0x${"a1".repeat(20)}`,
  policy: "policy.json",
  enrolment: "enrolment.json",
  vault: "vault",
  rounds: "rounds",
  registry: { chainId: 31337, address: `0x${"b2".repeat(20)}`, rpc: "http://127.0.0.1:8545" },
  schedule: { cron: "0 6 * * 1" },
  book: { snapshot: "in/snapshot.json" },
  market: { file: "in/market.json" },
  signer: { keyFile: "sender.key" },
  alerts: { webhook: [{ url: "env:KEEL_WEBHOOK", kinds: ["unhealthy"] }] },
};

/** Codes and paths of all faults. */
function faults(
  change: object,
  form: "toml" | "json" = "json",
  text = JSON.stringify({ ...FILE, ...change }),
) {
  try {
    parseRunConfig(text, form);
    return [];
  } catch (error) {
    const { code, path, also = [], message } = error as KeelError;
    return [{ code, path }, ...also.map((one) => ({ code: one.code, path: one.path }))].map((one) => ({
      ...one,
      message,
    }));
  }
}

const codes = (...args: Parameters<typeof faults>): string[] =>
  faults(...args).map(({ code, path }) => `${code} ${path}`);

describe("keel.toml", () => {
  it("is written as it is read, in TOML and in JSON", () => {
    const text = formatRunConfig(FILE);
    expect(text).toContain('cron = "0 6 * * 1"');
    expect(parseRunConfig(text, "toml")).toEqual(parseRunConfig(JSON.stringify(FILE), "json"));
  });

  it("refuses unknown keys and wrong values, all at once", () => {
    const change = { polices: "x", registry: { ...FILE.registry, chainId: 0, chain: 1 } };
    const found = codes(change);
    expect(found).toEqual(
      expect.arrayContaining([
        "input.unknown-key run",
        "input.range run.registry.chainId",
        "input.unknown-key run.registry",
      ]),
    );
    expect(() => formatRunConfig({ ...FILE, ...change } as RunFile)).toThrow(KeelError);
  });

  it.each([
    ["a private key", { signer: { keyFile: `0x${"17".repeat(32)}` } }, "run.signer.keyFile"],
    ["a private key without 0x", { signer: { keyFile: "17".repeat(32) } }, "run.signer.keyFile"],
    ["a key under a name of its own", { signer: { privateKey: "abc" } }, "run.signer.privateKey"],
    ["words of a wallet", { vault: `${"abandon ".repeat(11)}about` }, "run.vault"],
    [
      "a password",
      { alerts: { mail: [{ host: "h", port: 25, from: "a", to: "b", password: "pw" }] } },
      "run.alerts.mail[0].password",
    ],
    [
      "an access key in the node's path",
      { registry: { ...FILE.registry, rpc: "https://node.example/v2/k3yK3yk3yk3yK3yk3yk3y" } },
      "run.registry.rpc",
    ],
    [
      "an access key in a query",
      { registry: { ...FILE.registry, rpc: "https://node.example/?key=k3yK3yk3yk3yK3yk3yk3y" } },
      "run.registry.rpc",
    ],
    [
      "a password in a URL",
      { registry: { ...FILE.registry, rpc: "https://u:pw@node.example" } },
      "run.registry.rpc",
    ],
  ])("48 refuses %s, says where, and repeats nothing", (_, change, path) => {
    for (const form of ["json", "toml"] as const) {
      const text = form === "json" ? undefined : tomlOf({ ...FILE, ...change });
      const found = faults(change, form, ...(text === undefined ? [] : [text]));
      expect(found.map((one) => [one.code, one.path])).toEqual([["run.secret", path]]);
      expect(found[0]!.message).not.toMatch(/1717|abandon|k3yK3y|pw|abc/);
    }
  });

  it("refuses what contradicts itself", () => {
    expect(codes({ book: {} })).toEqual(["run.contradiction run.book"]);
    expect(codes({ book: { snapshot: "s", sources: { A: "https://a" } } })).toEqual([
      "run.contradiction run.book",
      "run.contradiction run.book.tokens",
    ]);
    expect(codes({ signer: { keyFile: "k", account: 1 } })).toEqual(["run.contradiction run.signer"]);
    expect(codes({ registry: { ...FILE.registry, rpc: "ws://node" } })).toEqual([
      "run.contradiction run.registry.rpc",
    ]);
  });

  it("says where the TOML ends, and not what stands there", () => {
    const text = `password = "hunter2\n${formatRunConfig(FILE)}`;
    const [found] = faults({}, "toml", text);
    expect(found!.code).toBe("run.toml");
    expect(found!.message).toMatch(/line 1/);
    expect(found!.message).not.toContain("hunter2");
  });
});

describe("a schedule", () => {
  const at = (schedule: object) =>
    scheduleOf({ ...parseRunConfig(JSON.stringify(FILE), "json"), ...schedule } as never, 1767225600);

  it("has a next round, a present slot, and a shortest gap", () => {
    const schedule = at({ schedule: { cron: "0 6 * * 1,4" } })!;
    const monday = Date.UTC(2026, 0, 5, 6) / 1000;
    expect(schedule.next(monday - 1)).toBe(monday);
    expect(schedule.next(monday)).toBe(monday + 3 * 86_400);
    expect(schedule.slot(monday)).toBe(monday);
    expect(schedule.slot(monday + 5)).toBe(monday);
    expect(schedule.slot(monday - 1)).toBe(monday - 4 * 86_400);
    expect(schedule.gap).toBe(3 * 86_400);
  });

  it("that is shorter than a proof takes is refused, and one that is none", () => {
    const minutes = at({ schedule: { cron: "* * * * *" } })!;
    expect(() => checkSchedule(minutes, 20)).not.toThrow();
    expect(() => checkSchedule(minutes, 30)).toThrow(/run.schedule/);
    for (const cron of ["0 6 * *", "61 * * * *", "never", "0 0 30 2 *"]) {
      expect(() => at({ schedule: { cron } }), cron).toThrow(/run.schedule/);
    }
    expect(() => at({ schedule: { cron: "0 6 * * 1", timezone: "Mars/Olympus" } })).toThrow(/run.schedule/);
    expect(at({ schedule: undefined })).toBeUndefined();
  });
});

it("failures are told by kind", () => {
  const kinds = [
    "policy.broken",
    "source.unreachable",
    "input.skew",
    "chain.reach",
    "file.write",
    "internal",
  ];
  expect(kinds.map((code) => kindOf({ code }))).toEqual([
    "unhealthy",
    "source",
    "market",
    "node",
    "disk",
    "failure",
  ]);
});

/** TOML without the checks of formatRunConfig: every part as one line. */
function tomlOf(file: object): string {
  const line = (value: unknown): string =>
    Array.isArray(value)
      ? `[${value.map(line).join(", ")}]`
      : typeof value === "object" && value !== null
        ? `{ ${Object.entries(value)
            .map(([key, one]) => `${key} = ${line(one)}`)
            .join(", ")} }`
        : JSON.stringify(value);
  return Object.entries(file)
    .map(([key, value]) => `${key} = ${line(value)}\n`)
    .join("");
}
