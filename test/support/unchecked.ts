// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Mutants in which a value is only suggested: `a <== b` of a template as `a <-- b`. A witness that is computed as it should be
 * shows nothing of that, so they are held against what the inputs determine.
 *
 * @module
 */

import { inputsOf, type Mutation, sourceOf, withMutant } from "./mutation.js";
import { CURVE, isHint, TEMPLATES, undetermined } from "./uniqueness.js";

/** Each assignment of a template file, no longer checked: as it was, and lying. */
export async function uncheckedAssignments(file: string): Promise<Mutation[]> {
  const text = await sourceOf(file);
  return Array.from(text.matchAll(/^ *(.*?) <==/gm), (match) => {
    const end = match.index + match[0].length;
    const head = `${text.slice(0, end - "<==".length)}<--`;
    const rest = text.slice(end);
    return {
      file,
      name: `unchecked: ${match[1]!.replace(/^signal (?:output )?/, "")}`,
      variants: [head + rest, `${head} 0${rest.slice(rest.indexOf(";"))}`],
    };
  });
}

/** The first wire that a mutant's inputs no longer determine, and in which template; undefined when they determine all. */
export async function openedBy({ file, variants: [text] }: Mutation): Promise<string | undefined> {
  for (const [, main] of TEMPLATES.filter(([source]) => source === file)) {
    const host = { file, main, pinned: await inputsOf(file, main) };
    const open = await withMutant(file, text!, host, async (circuit) => undetermined(circuit, CURVE));
    const wire = open.find((name) => !isHint(name));
    if (wire !== undefined) return `${main} leaves ${wire} open`;
  }
  return undefined;
}
