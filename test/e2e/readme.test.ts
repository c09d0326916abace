// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does what README.md shows run as it stands there?
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Ended, inFolder, keel, PACKAGE } from "../support/cli.js";

const readme = await readFile(join(PACKAGE, "README.md"), "utf8");

/** The first block of a language below a heading. */
function block(heading: string, language: string): string {
  const [, section] = readme.split(`\n## ${heading}\n`);
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(section!)![1]!;
}

/** Runs a module inside the package, where it finds itself by name. */
async function runModule(code: string): Promise<Ended> {
  return await endOf(spawn(process.execPath, ["--input-type=module", "-e", code], { cwd: PACKAGE }));
}

/** What a process wrote, and how it ended. */
async function endOf(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  }
  return await new Promise((resolve) => child.on("close", (code) => resolve({ code, ...output })));
}

describe("README.md", () => {
  it("has a library example that proves and verifies", async () => {
    // The only types in it, which a runtime does not know.
    const code = block("As a library", "ts").replaceAll("(name: string)", "(name)");
    const { code: exit, stdout, stderr } = await runModule(code);
    expect(exit, stderr).toBe(0);
    expect(stdout).toContain("insecure: true");
    expect(stdout).toContain("notCompared: [ 'enrolment', 'previousState', 'tableAccepted', 'standing' ]");
  });

  it("has two lines that attest the demo's fund by `keel run`: the first is done, the second runs", async () => {
    const [, lines] = /Unattended[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)!;
    const [install, command, ...more] = lines!.trim().split("\n");
    expect([install, more]).toEqual(["npm ci", []]);
    await inFolder(async (folder) => {
      const env = { PATH: process.env.PATH, HOME: process.env.HOME, KEEL_CACHE: process.env.KEEL_CACHE };
      const line = command!.replaceAll("/tmp/fund", join(folder, "fund"));
      const run = async (): Promise<Ended> => {
        const child = spawn("sh", ["-c", line], { cwd: PACKAGE, env });
        return await endOf(child);
      };
      const { code, stdout, stderr } = await run();
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, outcome: "attested", alerts: [] });
      // A second chain is another one: what the first run kept says nothing of it.
      const again = await run();
      expect([again.code, again.stdout]).toEqual([1, ""]);
      expect(again.stderr).toMatch(/^run-fund: .*file\.exists/);
    });
  });

  it("has commands that check, prove and verify, from the bundle that the package starts", async () => {
    await inFolder(async (folder) => {
      const commands = block("As a command", "sh").matchAll(/^npx keel (.*)$/gm);
      const codes: (number | null)[] = [];
      for (const [, line] of commands) {
        const words = line!.replaceAll("/tmp/", `${folder}/`).trim().split(/\s+/);
        const args = words.map((word) =>
          /^(snapshot|market|policy)\.json$/.test(word)
            ? join(PACKAGE, "examples/eth-hedged-vault", word)
            : word,
        );
        const { code, stderr } = await keel(args, { bundled: true });
        expect(code, `${line}\n${stderr}`).toBe(0);
        codes.push(code);
      }
      expect(codes).toEqual([0, 0, 0]);
    });
  });
});
