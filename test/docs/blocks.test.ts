// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Could everything be run that documents show: is each command of the grammar, is JSON JSON, does TypeScript compile, and do excerpts
 * stand in the files that they are from? The pages themselves are run by pages.slow.test.ts.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../cli/dist/program.js";
import { captured, PACKAGE } from "../support/cli.js";
import { type Block, blocksOf, commandsOf, documents, faultOf } from "./blocks.js";

const run = promisify(execFile);
const FILES = documents();
const BLOCKS = FILES.flatMap(blocksOf);
const ofLanguage = (...names: string[]): Block[] => BLOCKS.filter(({ language }) => names.includes(language));
const read = (path: string): string => readFileSync(join(PACKAGE, path), "utf8");

/** The scripts of the workspace, and of an example that is a project of its own. */
function scriptsOf(file: string): Readonly<Record<string, string>> {
  const own = /^examples\/[a-z]+\//.exec(file)?.[0];
  const manifests = ["package.json", ...(own === undefined ? [] : [`${own}package.json`])];
  return Object.assign({}, ...manifests.map((path) => JSON.parse(read(path)).scripts));
}

/** Names that an excerpt takes from around it. */
const OPEN_NAMES = /error (TS2304|TS2552|TS18004|TS7031|TS7006):/;
/** Packages of others that are not installed here; and `module`, which is Node's where an excerpt means its own. */
const NOT_HERE = /error TS2307: Cannot find module '(?!@keel|\.)|on type 'Module'/;

describe("commands in documents", () => {
  const { context } = captured();
  const program = createProgram(context, { writeOut: () => {}, writeErr: () => {} }, () => {});
  const shown = FILES.flatMap(commandsOf);

  it("are found", () => {
    expect(shown.filter(({ isWhole }) => isWhole).length).toBeGreaterThan(60);
    expect(shown.length).toBeGreaterThan(150);
  });

  it("are refused when they are not of the grammar", () => {
    const fault = (text: string, isWhole = true) =>
      faultOf({ file: "", words: text.split(" "), isWhole }, program);
    expect(fault("chekc")).toBe("no command chekc");
    expect(fault("policy pim")).toBe("no command policy pim");
    expect(fault("check --snapshoot x", false)).toBe("check has no option --snapshoot");
    expect(fault("keygen")).toBe("keygen wants --out");
    expect(fault("keygen --out key.json")).toBeUndefined();
  });

  it("are of the grammar, with options that there are, and whole in blocks", () => {
    const faults = shown.flatMap((command) => {
      const fault = faultOf(command, program);
      return fault === undefined ? [] : [`${command.file}: keel ${command.words.join(" ")}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  it("of npm are scripts of the project that the document is of", () => {
    const missing = FILES.flatMap((file) => {
      const scripts = scriptsOf(file);
      const named = [...read(file).matchAll(/\bnpm run (?:--silent )?([a-z][a-z:-]*)/g)];
      return named.flatMap(([, name]) => (name! in scripts ? [] : [`${file}: ${name}`]));
    });
    expect(missing).toEqual([]);
  });
});

describe("blocks in documents", () => {
  it("are of languages that a test looks at", () => {
    expect([...new Set(BLOCKS.map(({ language }) => language))].sort()).toEqual([
      "json",
      "mermaid",
      "sh",
      "solidity",
      "text",
      "ts",
    ]);
  });

  it.each(ofLanguage("json").map((block) => [`${block.file}:${block.line}`, block] as const))(
    "%s is JSON",
    (_, block) => {
      expect(() => JSON.parse(block.text.replace(/,\s*…/g, ""))).not.toThrow();
    },
  );

  it.each(
    ofLanguage("ts", "solidity")
      .filter(({ info }) => info.startsWith("from="))
      .map((block) => [`${block.file}:${block.line}`, block] as const),
  )("%s stands in the file that it is from", (_, { info, text }) => {
    expect(read(info.replace("from=", ""))).toContain(text);
  });

  it("of Solidity are all excerpts of files that are compiled", () => {
    expect(ofLanguage("solidity").filter(({ info }) => !info.startsWith("from="))).toEqual([]);
  });

  it("of TypeScript compile, but for names that an excerpt takes from around it", async () => {
    // Inside the checkout, where packages find each other.
    const folder = join(PACKAGE, ".keel", `docs-blocks-${process.pid}`);
    await mkdir(folder, { recursive: true });
    try {
      for (const [i, { text }] of ofLanguage("ts").entries()) {
        await writeFile(join(folder, `block-${i}.ts`), `${text}\nexport {};\n`);
      }
      const compilerOptions = {
        noEmit: true,
        composite: false,
        rootDir: PACKAGE,
        types: ["node"],
        noUnusedLocals: false,
      };
      const config = {
        extends: join(PACKAGE, "tsconfig.json"),
        compilerOptions,
        include: ["*.ts"],
        references: [],
      };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
      const tsc = join(PACKAGE, "node_modules/typescript/bin/tsc");
      const output = await run(process.execPath, [tsc, "-p", folder]).then(
        ({ stdout }) => stdout,
        (error: { readonly stdout: string }) => error.stdout,
      );
      const errors = output.split("\n").filter((line) => / error TS/.test(line));
      expect(errors.filter((line) => !OPEN_NAMES.test(line) && !NOT_HERE.test(line))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("links in docs/ and READMEs", () => {
  it("lead to files that exist", () => {
    const lost = FILES.flatMap((file) =>
      [...read(file).matchAll(/\]\(([^)\s#]+)(#[^)]*)?\)/g)].flatMap(([, target]) => {
        if (/^[a-z]+:/.test(target!)) return [];
        const path = join(file, "..", target!);
        return FILES.includes(path) || isThere(path) ? [] : [`${file}: ${target}`];
      }),
    );
    expect(lost).toEqual([]);
  });
});

function isThere(path: string): boolean {
  try {
    read(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EISDIR";
  }
}
