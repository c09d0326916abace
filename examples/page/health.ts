// SPDX-License-Identifier: GPL-3.0-or-later
import { healthOf } from "@keel/verifier/health";
import { type Address, createPublicClient, type Hex, http } from "viem";

const asked = new URLSearchParams(location.search);
const client = createPublicClient({ transport: http(asked.get("rpc")!) });
const { healthy, until, whyNot } = await healthOf(client, {
  registry: asked.get("registry") as Address,
  subject: asked.get("subject") as Address,
  policyId: asked.get("policy") as Hex,
});
document.body.append(healthy ? `healthy until ${until}` : `not healthy: ${whyNot}`);
