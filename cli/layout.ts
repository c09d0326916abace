// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * JSON for readers: what fits on a line stands on a line.
 *
 * @module
 */

const WIDTH = 110;

/** JSON text of a plain value, with a final line break. */
export function layOut(value: unknown): string {
  return `${write(value, 0, 0, true)}\n`;
}

/** @param used characters that stand on the line already, and that will follow on it */
function write(value: unknown, depth: number, used: number, broken = false): string {
  const line = oneLine(value);
  if (typeof value !== "object" || value === null) return line;
  if (!broken && used + line.length <= WIDTH) return line;
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const indent = "  ".repeat(depth + 1);
  const entries = Object.entries(value).map(([key, entry]) => {
    const label = Array.isArray(value) ? "" : `${JSON.stringify(key)}: `;
    return indent + label + write(entry, depth + 1, indent.length + label.length + 1);
  });
  return `${open}\n${entries.join(",\n")}\n${"  ".repeat(depth)}${close}`;
}

function oneLine(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  const entries = Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}: ${oneLine(entry)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}
