// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does what README.md shows run as it stands there?
 *
 * @module
 */
import { spawn } from "node:child_process";
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
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { cwd: PACKAGE });
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
