// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `--deployment FILE`: the registry that a user expects, from the deployments file of its chain that the deployer published, instead
 * of an address that somebody typed. The node has to be of the same chain.
 *
 * @module
 */

import { readDeployment } from "@keel/contracts";
import { toKeelError } from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { createPublicClient, http } from "viem";
import { systemCode, usageError } from "./errors.js";

/** Options as a command has them. */
export interface DeploymentOptions {
  readonly deployment?: string;
  readonly registry?: `0x${string}`;
  readonly chainId?: number;
  readonly fromBlock?: number;
  readonly rpc?: string;
}

/**
 * What a deployments file says in place of options.
 *
 * @throws KeelError `usage` for two registries; `deployment.chain` for a node of another chain; `deployment.format`, `file.missing`
 */
export async function fromDeployment(
  options: DeploymentOptions & { readonly deployment: string },
): Promise<Required<Pick<DeploymentOptions, "registry" | "chainId" | "fromBlock">>> {
  if (options.registry !== undefined) throw usageError("one of --registry and --deployment", "both");
  const file = options.deployment;
  const { chainId, registry, fromBlock } = await readDeployment(file).catch((error: unknown) => {
    if (systemCode(error) !== "ENOENT") throw error;
    throw inputError("file.missing", "--deployment", `a file at ${file}`, "ENOENT");
  });
  const named = options.chainId ?? (options.rpc === undefined ? chainId : await chainOf(options.rpc));
  if (named !== chainId)
    throw inputError("deployment.chain", `${file}: chainId`, String(named), String(chainId));
  const lower = registry.toLowerCase() as `0x${string}`;
  return { registry: lower, chainId, fromBlock: options.fromBlock ?? fromBlock };
}

async function chainOf(rpc: string): Promise<number> {
  return await createPublicClient({ transport: http(rpc) })
    .getChainId()
    .catch((error: unknown) => {
      throw toKeelError(error);
    });
}
