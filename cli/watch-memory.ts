// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a look at a registry hands on to the next one: the hashes of the last blocks and what was told of them, as one line of text
 * beside the notices.
 *
 * @module
 */

import type { Notice, WatchMemory } from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { z } from "zod";

/** Bigints as what no notice has beside them. */
const BIG = "$big";

const hash = z.custom<`0x${string}`>((value) => typeof value === "string" && /^0x[0-9a-f]{64}$/.test(value));
const address = z.custom<`0x${string}`>(
  (value) => typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value),
);
const notices = z.array(z.looseObject({ kind: z.string(), blockTime: z.number() }));

const MEMORY = z.strictObject({
  keel: z.literal("watch/1"),
  chainId: z.int(),
  registry: address,
  subject: address.optional(),
  policyId: hash.optional(),
  next: z.bigint(),
  marks: z.array(z.strictObject({ number: z.bigint(), hash, time: z.int() })),
  recent: notices,
});

/** As one line. */
export function memoryText(memory: WatchMemory): string {
  return JSON.stringify({ keel: "watch/1", ...memory }, (_, value) =>
    typeof value === "bigint" ? { [BIG]: value.toString() } : value,
  );
}

/**
 * Reads it from what a look printed with `--json`.
 *
 * @throws KeelError `watch.memory`
 */
export function parseMemory(printed: string): WatchMemory {
  const found = MEMORY.safeParse(revived(printed));
  if (!found.success) {
    throw inputError(
      "watch.memory",
      "--since",
      "a block, or a file with what `keel watch --json` printed last",
      "other text",
    );
  }
  const { keel: _, subject, policyId, recent, ...rest } = found.data;
  return {
    ...rest,
    ...(subject === undefined ? {} : { subject }),
    ...(policyId === undefined ? {} : { policyId }),
    recent: recent as unknown as readonly Exclude<Notice, { kind: "takenBack" | "blocksReplaced" }>[],
  };
}

/** Of a stream's lines the last one counts. */
function revived(printed: string): unknown {
  try {
    const whole = parsed(printed) ?? parsed(printed.trimEnd().split("\n").at(-1)!);
    const { memory } = whole as { readonly memory?: unknown };
    return JSON.parse(String(memory), (_, value: unknown) => {
      const { [BIG]: digits } = (value ?? {}) as { readonly [BIG]?: unknown };
      return typeof digits === "string" ? BigInt(digits) : value;
    });
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
