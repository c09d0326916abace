// SPDX-License-Identifier: MIT
/**
 * Development keys that lost their mark. All that are made from the seed that is built in share the points that do not depend on a
 * circuit, and whoever knows the secrets behind one of alpha, beta and gamma can forge, also when somebody added to delta
 * afterwards. A key of another known seed looks like any other; nothing in a key shows it.
 *
 * @module
 */

/** What is looked at of a verification key. */
interface Key {
  readonly insecure?: boolean;
  readonly vk_alpha_1: readonly string[];
  readonly vk_beta_2: readonly (readonly string[])[];
  readonly vk_gamma_2: readonly (readonly string[])[];
  readonly vk_delta_2: readonly (readonly string[])[];
}

/** The x coordinates of the built-in seed's points (in G2 their first parts): a point and its negative have the same. */
const KNOWN = {
  vk_alpha_1: "13686016946282904085571864116783685444337186375531315847951312978688797235923",
  vk_beta_2: "14512345124744726542258841667583860031697277939375627731992795703294438334993",
  vk_gamma_2: "13920921157138503571239750229646609630877043767040741855588947111138958255205",
  vk_delta_2: "18380805172087364330261497031635475192946524884446142909708183974309880639360",
} as const;

const KNOWN_WORDS = Object.values(KNOWN).map((x) => BigInt(x).toString(16).padStart(64, "0"));

/** Whether a key's secret is known to everybody: by its mark, or by a point of the built-in seed. */
export function isDevelopmentKey(key: Key): boolean {
  return (
    key.insecure === true ||
    key.vk_alpha_1[0] === KNOWN.vk_alpha_1 ||
    (["vk_beta_2", "vk_gamma_2", "vk_delta_2"] as const).some((name) => key[name][0]?.[0] === KNOWN[name])
  );
}

/**
 * The same of a verifier's code on chain, whatever the contract says of itself: the verifiers that `@keel/contracts` generates
 * have their key's coordinates in their code as they are.
 */
export function isDevelopmentCode(code: `0x${string}`): boolean {
  const text = code.toLowerCase();
  return KNOWN_WORDS.some((word) => text.includes(word));
}
