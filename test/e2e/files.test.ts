// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are files written whole or not at all, and only where they may be?
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { formatSourceKey } from "@keel/prover";
import { describe, expect, it } from "vitest";
import { prove } from "../../cli/dist/commands/prove.js";
import { checkDistinct, checkOutput, writeFiles } from "../../cli/dist/files.js";
import { exampleSourceKey } from "../../dist/examples/generate.js";
import {
  captured,
  type Ended,
  EXAMPLES,
  errorOf,
  inFolder,
  keel,
  keelHere,
  publicArgs,
  start,
  strategyArgs,
  strategyFiles,
} from "../support/cli.js";

const BOOK = strategyArgs("eth-hedged-vault");
const PUBLIC = publicArgs("eth-hedged-vault");
/** Bound to no registry, so the development key needs the flag. */
const PROVE = ["prove", ...BOOK, "--insecure"];

/** The cheapest command that writes a file. */
const keygen = (out: string, ...more: string[]): Promise<Ended> =>
  keelHere(["keygen", "--out", out, "--json", ...more]);

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe("47 output files", () => {
  it("an existing file is kept, unless --force is said", async () => {
    await inFolder(async (folder) => {
      const out = join(folder, "key.json");
      await writeFile(out, "precious");
      const refused = await keygen(out);
      expect([refused.code, errorOf(refused).code]).toEqual([1, "file.exists"]);
      expect(await readFile(out, "utf8")).toBe("precious");
      expect((await keygen(out, "--force")).code).toBe(0);
      expect(JSON.parse(await readFile(out, "utf8")).keel).toBe("source-key/1");
      expect(await readdir(folder)).toEqual(["key.json"]);
    });
  });

  it.each([[[]], [["--force"]]])("a symbolic link is not followed and not replaced (%j)", async (more) => {
    await inFolder(async (folder) => {
      const [target, out] = [join(folder, "target"), join(folder, "key.json")];
      await writeFile(target, "precious");
      await symlink(target, out);
      const refused = await keygen(out, ...more);
      expect([refused.code, errorOf(refused).code]).toEqual([1, "file.special"]);
      expect(await readlink(out)).toBe(target);
      expect(await readFile(target, "utf8")).toBe("precious");
    });
  });

  it("a dangling symbolic link, a folder, a device are refused", async () => {
    await inFolder(async (folder) => {
      await symlink(join(folder, "nowhere"), join(folder, "dangling"));
      await mkdir(join(folder, "folder"));
      for (const out of [join(folder, "dangling"), join(folder, "folder"), "/dev/null", "/dev/stdout"]) {
        expect((await keygen(out, "--force")).code, out).toBe(1);
      }
      expect((await readdir(folder)).sort()).toEqual(["dangling", "folder"]);
    });
  });

  it("a missing folder, a file as a folder, a folder that cannot be written: exit code 4", async () => {
    await inFolder(async (folder) => {
      await writeFile(join(folder, "file"), "");
      const locked = await lockedFolder(folder);
      for (const parent of [join(folder, "missing"), join(folder, "file"), locked]) {
        const refused = await keygen(join(parent, "key.json"));
        expect([refused.code, errorOf(refused).code], parent).toEqual([4, "file.write"]);
      }
    });
  });

  it("secret files are readable by their owner only, the attestation by everybody", async () => {
    await inFolder(async (folder) => {
      const file = (name: string): string => join(folder, name);
      await keygen(file("key.json"));
      expect(await modeOf(file("key.json"))).toBe(0o600);
      const proof = [...PROVE, "--out", file("a.json"), "--opening", file("o.json")];
      expect((await keelHere(proof)).code).toBe(0);
      expect(await modeOf(file("o.json"))).toBe(0o600);
      expect(await modeOf(file("a.json"))).toBe(0o644 & ~process.umask());
      expect((await readdir(folder)).sort()).toEqual(["a.json", "key.json", "o.json"]);
    });
  });

  it("no command writes over a file that it reads, --force or not; a snapshot may be signed in its place", async () => {
    await inFolder(async (folder) => {
      const key = join(folder, "key.json");
      await keygen(key);
      const pair = await readFile(key, "utf8");
      const files = { ...strategyFiles("eth-hedged-vault") };
      for (const [role, file] of Object.entries(files)) {
        files[role as keyof typeof files] = join(folder, `${role}.json`);
        await copyFile(file, join(folder, `${role}.json`));
      }
      const { snapshot, market, policy } = files;
      const published = ["--market", market, "--policy", policy];
      const book = ["--snapshot", snapshot, ...published];
      const registry = [
        "--rpc",
        "http://127.0.0.1:9",
        "--registry",
        `0x${"1".repeat(40)}`,
        "--key-file",
        key,
      ];
      const statement = ["--subject", `0x${"1".repeat(40)}`, "--as-of", "1", "--units", "1"];
      const overwriting = [
        ["sign", ...book, "--key", key, "--out", key],
        ["sign-market", ...published, ...registry, "--out", key],
        ["enrol", "--snapshot", snapshot, "--policy", policy, "--out", snapshot],
        ["sign-units", ...statement, "--key-file", key, "--out", key],
        ["policy", "pin", ...published, "--out", market],
        ["migrate", ...published, "--out", market],
        ["market", "build", ...published, "--out", market],
        ["prove", ...book, "--out", policy],
      ];
      for (const args of overwriting) {
        const refused = await keelHere([...args, "--force", "--json"]);
        expect([refused.code, errorOf(refused).code], args[0]).toEqual([1, "usage"]);
      }
      expect(await readFile(key, "utf8")).toBe(pair);
      const source = join(folder, "source.json");
      await writeFile(source, formatSourceKey(exampleSourceKey("Northgate Custody")));
      const inPlace = [...book, "--key", source, "--out", snapshot, "--force"];
      expect((await keelHere(["sign", ...inPlace])).code).toBe(0);
    });
  });

  it("two spellings of one path are the same file, --force or not", async () => {
    await inFolder(async (folder) => {
      await mkdir(join(folder, "sub"));
      const spellings = ["a.json", "./a.json", "sub/../a.json", ".//sub/.././a.json"];
      const paths = spellings.map((name) => `${folder}/${name}`);
      for (const [i, opening] of paths.entries()) {
        const refused = await keelHere([
          ...PROVE,
          "--out",
          paths[0]!,
          "--opening",
          opening,
          "--force",
          "--json",
        ]);
        expect([refused.code, errorOf(refused).code, errorOf(refused).path], spellings[i]).toEqual([
          ...[1, "usage", "--opening"],
        ]);
      }
      const here = { "--out": "a.json", "--opening": "sub/../a.json" };
      expect(() => checkDistinct(here)).toThrow(/the same/);
      expect(() => checkDistinct({ "--out": "a.json", "--opening": "b.json", "--state": "-" })).not.toThrow();
      expect(await readdir(folder)).toEqual(["sub"]);
    });
  });

  it.each([0, 1, 2, 3, 4, 5, 6])(
    "of a pair that is interrupted after step %i all is new, or all as it was",
    async (steps) => {
      await inFolder(async (folder) => {
        const names = ["o.json", "a.json"];
        for (const name of names) await writeFile(join(folder, name), `old ${name}`);
        const files = names.map((name) => ({ path: join(folder, name), text: `new ${name}`, secret: true }));
        const controller = new AbortController();
        let left = steps;
        const onStep = (): void => {
          if (left-- === 0) controller.abort();
        };
        const error = await writeFiles(files, true, controller.signal, onStep).catch((reason) => reason);
        const which = error === undefined ? "new" : "old";
        if (which === "old") expect(error).toMatchObject({ code: "interrupted" });
        // Two notes, two files moved aside, then the new ones: from the last of these on it is too late.
        expect(which).toBe(steps < 5 ? "old" : "new");
        expect((await readdir(folder)).sort()).toEqual(["a.json", "o.json"]);
        for (const name of names) expect(await readFile(join(folder, name), "utf8")).toBe(`${which} ${name}`);
      });
    },
  );

  it("of two files none is written when one cannot be", async () => {
    await inFolder(async (folder) => {
      await writeFile(join(folder, "o.json"), "precious");
      const out = join(folder, "a.json");
      const refused = await keelHere([...PROVE, "--out", out, "--opening", join(folder, "o.json"), "--json"]);
      expect(errorOf(refused).code).toBe("file.exists");
      expect(await readdir(folder)).toEqual(["o.json"]);
    });
  });

  it("a full disk leaves nothing behind", async () => {
    await inFolder(async (folder) => {
      // A limit on the size of files stands in for a disk without room: write(2) fails just so.
      const out = join(folder, "key.json");
      const { spawnSync } = await import("node:child_process");
      const launcher = join(EXAMPLES, "../cli/bin/keel.js");
      const script = `ulimit -f 0; exec "${process.execPath}" "${launcher}" keygen --out "${out}"`;
      const { status, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
      expect(stderr).toContain("file.write");
      expect(status).toBe(4);
      expect(await readdir(folder)).toEqual([]);
    });
  });
});

describe("47 input files", () => {
  it("missing, a folder, too long, not UTF-8", async () => {
    await inFolder(async (folder) => {
      const latin = join(folder, "latin.json");
      await writeFile(latin, Buffer.from([0x7b, 0xe9, 0x7d]));
      const cases = {
        [join(folder, "none.json")]: "file.missing",
        [folder]: "file.missing",
        "/dev/zero": "input.size",
        [latin]: "input.encoding",
      };
      for (const [file, code] of Object.entries(cases)) {
        const ended = await keelHere(["check", "--snapshot", file, ...PUBLIC, "--json"]);
        expect([ended.code, errorOf(ended).code], file).toEqual([1, code]);
      }
    });
  });

  it("31 100 MB are refused without being read", async () => {
    await inFolder(async (folder) => {
      const { truncate } = await import("node:fs/promises");
      const file = join(folder, "large.json");
      await writeFile(file, "[");
      await truncate(file, 100_000_000);
      const ended = await keelHere(["check", "--snapshot", file, ...PUBLIC, "--json"]);
      expect([ended.code, errorOf(ended).code]).toEqual([1, "input.size"]);
    });
  });

  it("31 CRLF line ends change nothing", async () => {
    const text = await readFile(join(EXAMPLES, "eth-hedged-vault/snapshot.json"), "utf8");
    const input = text.replaceAll("\n", "\r\n");
    expect((await keelHere(["check", "--snapshot", "-", ...PUBLIC], { input })).code).toBe(0);
  });

  it("a key file that others may read gets a warning", async () => {
    await inFolder(async (folder) => {
      const key = join(folder, "key.json");
      await keygen(key);
      await chmod(key, 0o644);
      const args = ["sign", ...BOOK, "--key", key, "--out", join(folder, "signed.json")];
      expect((await keelHere(args)).stderr).toContain("others may read it");
    });
  });
});

describe("47 interruption", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("%s while proving leaves nothing behind", async (signal) => {
    await inFolder(async (folder) => {
      const out = ["--out", join(folder, "a.json"), "--opening", join(folder, "o.json")];
      const { child, ended } = start([...PROVE, ...out, "--json"]);
      // The error stream says when the workers have begun.
      const proving = new Promise<void>((resolve) => {
        child.stderr!.on("data", (text: string) => {
          if (text.includes("keel: proving")) resolve();
        });
      });
      await Promise.race([proving, ended]);
      child.kill(signal);
      const result = await ended;
      expect(result.code).toBe(signal === "SIGINT" ? 130 : 143);
      expect(errorOf(result).code).toBe("interrupted");
      expect(await readdir(folder)).toEqual([]);
    });
  });

  it("at any moment, there is the whole attestation or none", async () => {
    for (const delay of [50, 300, 700, 1100, 1500]) {
      await inFolder(async (folder) => {
        const out = join(folder, "a.json");
        const { child, ended } = start([...PROVE, "--out", out]);
        await sleep(delay);
        child.kill("SIGINT");
        const { code } = await ended;
        const files = await readdir(folder);
        expect(files).toEqual(code === 0 ? ["a.json"] : []);
        if (code === 0) expect(JSON.parse(await readFile(out, "utf8")).keel).toBe("attestation/2");
      });
    }
  });

  it("a time limit is an error of its own, and leaves nothing behind", async () => {
    await inFolder(async (folder) => {
      const { context } = captured();
      const files = strategyFiles("eth-hedged-vault");
      const options = { ...files, out: join(folder, "a.json"), timeout: 0.01, insecure: true as const };
      await expect(prove(options, context)).rejects.toMatchObject({
        code: "prover.timeout",
        kind: "cancelled",
      });
      expect(await readdir(folder)).toEqual([]);
    });
  });

  it("a reader that goes away is no failure", async () => {
    const { child, ended } = start(["check", ...BOOK]);
    child.stdout!.destroy();
    expect((await ended).stderr).not.toContain("Error");
  });
});

describe("47 a kill between the steps of several files", () => {
  const OLD = { "o.json": "old opening", "a.json": "old attestation" };
  const NEW = { "s.json": "new state", "o.json": "new opening", "a.json": "new attestation" };
  const ID = "cd".repeat(6);

  /** Writes the new files in a process of its own, which kills itself after so many changes. */
  async function killedAfter(steps: number, folder: string, hasLinks = true): Promise<boolean> {
    const files = Object.entries(NEW).map(([name, text]) => ({
      path: join(folder, name),
      text,
      secret: true,
    }));
    const module = (name: string) => JSON.stringify(pathToFileURL(join(EXAMPLES, "../cli/dist", name)).href);
    const write = hasLinks
      ? `await writeFiles(files, true, new AbortController().signal, die);`
      : `for (const { path, text } of files) await writeFile(draftOf(path, "${ID}"), text);
        await placeTogether(files.map(({ path }) => path), "${ID}", rename, die);`;
    const code = `
      import { rename, writeFile } from "node:fs/promises";
      import { writeFiles } from ${module("files.js")};
      import { draftOf, placeTogether } from ${module("write-together.js")};
      const files = ${JSON.stringify(files)};
      let left = ${steps};
      const die = () => { if (left-- === 0) process.kill(process.pid, "SIGKILL"); };
      ${write}`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
    const [, signal] = (await once(child, "close")) as [number | null, string | null];
    return signal === "SIGKILL";
  }

  const contents = async (folder: string, names: readonly string[]): Promise<Record<string, string>> =>
    Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")])),
    );
  const visible = async (folder: string) =>
    contents(
      folder,
      (await readdir(folder)).filter((name) => !name.startsWith(".")),
    );

  it("leaves no mixed pair, loses no opening, and is taken back or completed by the next run", async () => {
    const outcomes = new Set<string>();
    for (let steps = 0, killed = true; killed; steps++) {
      await inFolder(async (folder) => {
        for (const [name, text] of Object.entries(OLD)) await writeFile(join(folder, name), text);
        killed = await killedAfter(steps, folder);
        const left = await visible(folder);
        // Without the attestation nobody takes what else is there for its companions.
        if (left["a.json"] !== undefined) expect([OLD, NEW], `step ${steps}`).toContainEqual(left);
        const all = Object.values(await contents(folder, await readdir(folder)));
        if (left["a.json"] !== NEW["a.json"]) expect(all, `step ${steps}`).toContain(OLD["o.json"]);
        await checkOutput(join(folder, steps % 2 === 0 ? "a.json" : "o.json"), true);
        const settled = await visible(folder);
        expect([OLD, NEW], `step ${steps}`).toContainEqual(settled);
        if (left["a.json"] === NEW["a.json"]) expect(settled).toEqual(NEW);
        outcomes.add(settled["a.json"]!);
      });
    }
    expect([...outcomes].sort()).toEqual(["new attestation", "old attestation"]);
  });

  it("takes no opening or state from an attestation that somebody took away since", async () => {
    for (let steps = 0, killed = true; killed; steps++) {
      await inFolder(async (folder) => {
        killed = await killedAfter(steps, folder);
        if ((await visible(folder))["a.json"] === undefined) return;
        await rm(join(folder, "a.json"));
        for (const name of ["a.json", "o.json"]) await checkOutput(join(folder, name), true);
        expect(await visible(folder), `step ${steps}`).toMatchObject({
          ...{ "s.json": NEW["s.json"], "o.json": NEW["o.json"] },
        });
      });
    }
  });

  it("on a disk without links, too, leaves no mixed pair and loses no opening", async () => {
    for (let steps = 0, killed = true; killed; steps++) {
      await inFolder(async (folder) => {
        for (const [name, text] of Object.entries(OLD)) await writeFile(join(folder, name), text);
        killed = await killedAfter(steps, folder, false);
        await checkOutput(join(folder, steps % 2 === 0 ? "a.json" : "o.json"), true);
        const { "o.json": opening, "a.json": attestation } = await visible(folder);
        const pair = { "o.json": opening, "a.json": attestation };
        const { "s.json": _, ...next } = NEW;
        expect([OLD, next], `step ${steps}`).toContainEqual(pair);
      });
    }
  });

  it("waits for nobody: while the writer lives the place is busy; a note from elsewhere touches nothing of ours", async () => {
    await inFolder(async (folder) => {
      const [evidence, ours] = [join(folder, "evidence"), join(folder, "ours")];
      for (const path of [evidence, ours]) await mkdir(path);
      const [out, other] = [join(evidence, "a.json"), join(ours, "key.json")];
      const note = (pid: number) => {
        const text = { keel: "write/1", id: "ab".repeat(6), pid, paths: [other, out] };
        return writeFile(join(evidence, ".a.json.pending"), JSON.stringify(text));
      };
      await writeFile(other, "precious");
      await note(process.ppid);
      await expect(checkOutput(out, true)).rejects.toMatchObject({ code: "file.busy" });
      await note(process.pid);
      await writeFile(join(ours, `.key.json.${"ab".repeat(6)}.old`), "stale");
      await checkOutput(out, true);
      expect(await readFile(other, "utf8")).toBe("precious");
      expect(await readdir(evidence)).toEqual([]);
      await writeFile(join(evidence, ".a.json.pending"), "{ torn");
      await checkOutput(out, false);
      expect(await readdir(evidence)).toEqual([]);
    });
  });
});

describe("47 two at once", () => {
  it("of two that write one file, one wins and one is refused", async () => {
    await inFolder(async (folder) => {
      const out = join(folder, "key.json");
      const codes = (await Promise.all([1, 2].map(() => keel(["keygen", "--out", out])))).map(
        ({ code }) => code,
      );
      expect(codes.sort()).toEqual([0, 1]);
      expect(await readdir(folder)).toEqual(["key.json"]);
    });
  });
});

/** A folder in which nothing can be created, for the superuser neither. */
async function lockedFolder(folder: string): Promise<string> {
  if (process.getuid?.() === 0) return "/proc";
  const locked = join(folder, "locked");
  await mkdir(locked, { mode: 0o555 });
  return locked;
}
