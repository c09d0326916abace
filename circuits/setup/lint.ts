// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run lint:circuits`: circomspect over circuits/src. A finding is explained where its line ends with a comment that
 * gives its code and the reason, such as `// CS0005: determined by the sum`; any other finding, and an explanation of
 * nothing, fails.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { packageFolder } from "./cache.js";

/** Where circomspect found what: file relative to the linted folder, line from 1. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly text: string;
}

/** What is wrong with a folder of circuits: unexplained findings, then explanations of nothing. */
export async function lintCircuits(folder: string): Promise<Finding[]> {
  const found = await findings(folder);
  const explained = await explanations(folder);
  const same = (left: Finding, right: Finding): boolean =>
    left.file === right.file && left.line === right.line && left.code === right.code;
  return [
    ...found.filter((finding) => !explained.some((other) => same(finding, other))),
    ...explained.filter((finding) => !found.some((other) => same(finding, other))),
  ];
}

interface Sarif {
  readonly runs: readonly [
    {
      readonly results: readonly {
        readonly ruleId: string;
        readonly message: { readonly text: string };
        readonly locations: readonly [
          {
            readonly physicalLocation: {
              readonly artifactLocation: { readonly uri: string };
              readonly region: { readonly startLine: number };
            };
          },
        ];
      }[];
    },
  ];
}

async function circuitFiles(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".circom")).sort();
}

/** circomspect has no include path, and sees only what is below the working folder: it gets a copy beside circomlib. */
async function findings(folder: string): Promise<Finding[]> {
  const root = await mkdtemp(join(tmpdir(), "keel-circomspect-"));
  const copy = join(root, "circuits");
  try {
    await cp(folder, copy, { recursive: true });
    const require = createRequire(import.meta.url);
    await cp(dirname(require.resolve("circomlib/package.json")), join(root, "circomlib"), {
      recursive: true,
    });
    const files = await circuitFiles(copy);
    for (const file of files) {
      const path = join(copy, file);
      const circomlib = relative(join(path, ".."), join(root, "circomlib"));
      const text = await readFile(path, "utf8");
      await writeFile(path, text.replaceAll('"circomlib/', `"${circomlib}/`));
    }
    const report = join(copy, "report.sarif");
    const cli = require.resolve("circomspect/cli.js");
    const args = [
      cli,
      "-s",
      relative(root, report),
      ...files.map((file) => relative(root, join(copy, file))),
    ];
    spawnSync(process.execPath, args, { cwd: root });
    const { runs } = JSON.parse(await readFile(report, "utf8")) as Sarif;
    return runs[0].results.map(({ ruleId, message, locations }) => {
      const { artifactLocation, region } = locations[0].physicalLocation;
      const file = relative(copy, join(root, artifactLocation.uri.replace("file://", "")));
      return { file, line: region.startLine, code: ruleId, text: message.text };
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function explanations(folder: string): Promise<Finding[]> {
  const files = await circuitFiles(folder);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return files.flatMap((file, i) =>
    texts[i]!.split("\n").flatMap((line, at) => {
      const [, code] = /\/\/ (C[AS]\d+): \S/.exec(line) ?? [];
      return code === undefined ? [] : [{ file, line: at + 1, code, text: "explains no finding" }];
    }),
  );
}

if (process.argv[1] === import.meta.filename) {
  const wrong = await lintCircuits(join(packageFolder, "src"));
  for (const { file, line, code, text } of wrong)
    console.error(`circuits/src/${file}:${line} ${code}: ${text}`);
  console.log(wrong.length === 0 ? "circuits: no unexplained finding" : `circuits: ${wrong.length} findings`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
