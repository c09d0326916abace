// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel sign-units`: a fund's administrator signs how many units the fund has at a time. The signature names no chain: it is a
 * fact about the fund, the same everywhere.
 *
 * @module
 */

import { formatDecimal, formatUnits, type SignedUnits, unitsTypedData } from "@keel/verifier";
import { utc } from "@keel/verifier/text";
import { type KeyOptions, senderOf } from "../chain.js";
import { type Context, note, type Outcome } from "../context.js";
import { checkDistinct, checkOutput, writeText } from "../files.js";

export interface SignUnitsOptions extends KeyOptions {
  readonly subject: `0x${string}`;
  /** Unix seconds: the snapshot's time. */
  readonly asOf: number;
  /** 1e8; above zero. */
  readonly units: bigint;
  readonly out: string;
  readonly force?: true;
}

/** Writes the signed units (units/1); a policy that names the signer takes them. */
export async function signFundUnits(options: SignUnitsOptions, context: Context): Promise<Outcome> {
  const { subject, asOf, units, out, force = false } = options;
  checkDistinct({ "--key-file": options.keyFile, "--out": out });
  await checkOutput(out, force);
  const account = await senderOf(options, undefined, context);
  const statement = { subject, asOf, units };
  const signed: SignedUnits = {
    ...statement,
    signature: await account.signTypedData(unitsTypedData(statement)),
  };
  if (options.account !== undefined) {
    note(
      context,
      "warning: everybody has the key of a well-known account; good for tests, worth nothing else",
    );
  }
  await writeText({ path: out, text: formatUnits(signed), secret: false }, force, context.signal);
  const administrator = account.address.toLowerCase();
  const amount = formatDecimal(units, 8);
  return {
    json: { ok: true, out, administrator, subject, asOf, units: amount },
    text: `${administrator} signed that ${subject} has ${amount} units at ${utc(asOf)}; wrote ${out}.`,
  };
}
