// SPDX-License-Identifier: GPL-3.0-or-later
import {
  parseAttestation,
  parseJson,
  parseMarket,
  parsePolicy,
  parseVerificationKey,
  verifyAttestation,
} from "@keel/verifier";

const read = async (name: string): Promise<string> => (await fetch(`/data/${name}.json`)).text();
const attestation = parseAttestation(await read("attestation"));
const verified = verifyAttestation({
  attestation,
  policy: parsePolicy(await read("policy")),
  market: parseMarket(await read("market")),
  verificationKey: parseVerificationKey(parseJson(await read("key"), "key")),
  expected: { now: attestation.asOf + 60 },
  allowInsecure: true,
});
document.body.append(`verified ${verified.subject}`);
