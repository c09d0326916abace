// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What documents show to be run: their code blocks, and the commands that stand in them.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { PACKAGE } from "../support/cli.js";

/** A fenced block: its language, the words behind it, its text. */
export interface Block {
  readonly file: string;
  readonly line: number;
  readonly language: string;
  readonly info: string;
  readonly text: string;
}

/** A command of the command line as it stands somewhere. */
export interface Shown {
  readonly file: string;
  readonly words: readonly string[];
  /** In a block, where it has to be whole. */
  readonly isWhole: boolean;
}

/** Every document that the repository keeps. */
export function documents(): string[] {
  const list = execFileSync("git", ["ls-files", "*.md"], { cwd: PACKAGE, encoding: "utf8" });
  return list.trim().split("\n");
}

/** A document's fenced blocks. */
export function blocksOf(file: string): Block[] {
  const text = readFileSync(join(PACKAGE, file), "utf8");
  return [...text.matchAll(/^```([a-z]+)( [^\n]*)?\n([\s\S]*?)^```$/gm)].map(
    ([, language, info, body], i, all) => ({
      file,
      line: text.slice(0, all[i]!.index).split("\n").length,
      language: language!,
      info: (info ?? "").trim(),
      text: body!,
    }),
  );
}

/** Commands of `keel` in a document: in blocks, in indented lines, and between backticks. */
export function commandsOf(file: string): Shown[] {
  const text = readFileSync(join(PACKAGE, file), "utf8");
  const indented = [...text.matchAll(/(?:^ {4}[^\n]*\n)+/gm)].map(([lines]) => lines.replace(/^ {4}/gm, ""));
  const scripts = blocksOf(file).filter(({ language }) => language === "sh");
  const whole = [...scripts.map((block) => block.text), ...indented].flatMap(commandsIn);
  const inline = [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`((?:npx )?keel [^`]+)`/g)];
  return [
    ...whole.map((words) => ({ file, words, isWhole: true })),
    ...inline.flatMap(([, code]) => commandsIn(code!)).map((words) => ({ file, words, isWhole: false })),
  ];
}

/** Commands of a script: joined lines, no comments, whatever stands before and behind. */
function commandsIn(script: string): string[][] {
  const lines = script.replace(/\\\n/g, " ").replace(/(^|\s)#[^\n]*/g, "$1");
  const found = lines.matchAll(/(?:^|[|;&(]|\$ )\s*(?:npx )?keel ((?:"[^"]*"|'[^']*'|[^|;&\n)])*)/gm);
  return [...found].map(([, rest]) => wordsOf(rest!));
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replace(/["']/g, ""));
}

/** What is wrong with a command by the grammar; nothing when it could be run. */
export function faultOf({ words, isWhole }: Shown, program: Command): string | undefined {
  const rest = [...words];
  let command = program;
  for (;;) {
    const next = command.commands.find((one) => one.name() === rest[0]);
    if (next === undefined) break;
    command = next;
    rest.shift();
  }
  if (command === program) return isPlaceholder(rest[0]) ? undefined : `no command ${rest[0]}`;
  const isGroup = command.commands.length > 0;
  if (isGroup && rest.length > 0 && !rest[0]!.startsWith("-") && !isPlaceholder(rest[0])) {
    return `no command ${command.name()} ${rest[0]}`;
  }
  const known = new Set([
    ...command.options.flatMap(({ long }) => long ?? []),
    "--help",
    "--json",
    "--version",
  ]);
  const given = rest.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0]!);
  const unknown = given.find((option) => !known.has(option));
  if (unknown !== undefined && !isGroup) return `${command.name()} has no option ${unknown}`;
  // Options may stand in a variable or be left open.
  if (!isWhole || isGroup || rest.some((word) => /[$…]|^URL$/.test(word))) return undefined;
  const missing = command.options.find(({ mandatory, long }) => mandatory && !given.includes(long!));
  return missing === undefined || given.includes("--help")
    ? undefined
    : `${command.name()} wants ${missing.long}`;
}

const isPlaceholder = (word: string | undefined): boolean =>
  word === undefined || /^([A-Z_]+|<.*>|[-…|].*)$/.test(word);
