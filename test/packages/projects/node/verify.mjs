// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from "node:fs";
import {
  parseAttestation,
  parseJson,
  parseMarket,
  parsePolicy,
  parseVerificationKey,
  policyId,
  policyTerms,
  verifyAttestation,
} from "@keel/verifier";

const read = (name) => readFileSync(`data/${name}.json`, "utf8");
const policy = parsePolicy(read("policy"));
const market = parseMarket(read("market"));
const attestation = parseAttestation(read("attestation"));
const verified = verifyAttestation({
  attestation,
  policy,
  market,
  verificationKey: parseVerificationKey(parseJson(read("key"), "key")),
  expected: { now: attestation.asOf + 60 },
  allowInsecure: true,
});
console.log(verified.policyId === policyId(policyTerms(policy, market)) ? "verified" : "another policy");
