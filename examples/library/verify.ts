// SPDX-License-Identifier: GPL-3.0-or-later
/** Verifies an attestation off chain, under a key of the reader's own: `node dist/verify.js FOLDER KEY`. */
import { readFile } from "node:fs/promises";
import {
  parseAttestation,
  parseJson,
  parseMarket,
  parsePolicy,
  parseVerificationKey,
  verifyAttestation,
} from "@keel/verifier";
import { doesNotSay, saysText } from "@keel/verifier/text";

const [, , folder, key] = process.argv;
const read = (name: string) => readFile(`${folder}/${name}.json`, "utf8");
const policy = parsePolicy(await read("policy"));
const attestation = parseAttestation(await read("attestation"));
const verified = verifyAttestation({
  attestation,
  policy,
  market: parseMarket(await read("market")),
  verificationKey: parseVerificationKey(parseJson(await readFile(key!, "utf8"), "key")),
  // What else the reader knows is compared; what is not given is named in `notCompared`.
  expected: { now: attestation.asOf + 60 },
  allowInsecure: true,
});
console.log(saysText(verified, policy));
console.log(doesNotSay(verified));
