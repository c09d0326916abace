// SPDX-License-Identifier: GPL-3.0-or-later
/** Asks a registry, as a lender would before lending: `node dist/health.js RPC REGISTRY SUBJECT POLICY_ID`. */
import { healthOf } from "@keel/verifier/health";
import { type Address, createPublicClient, type Hex, http } from "viem";

const [, , rpc, registry, subject, policyId] = process.argv;
const client = createPublicClient({ transport: http(rpc) });
const { healthy, until, whyNot } = await healthOf(client, {
  registry: registry as Address,
  subject: subject as Address,
  policyId: policyId as Hex,
});
console.log(healthy ? `healthy until ${until}` : `not healthy: ${whyNot}`);
