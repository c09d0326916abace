// SPDX-License-Identifier: MIT
/**
 * `@keel/contracts` (Node only): compile the contracts, start a local chain, deploy.
 *
 * @module
 */

export {
  type LocalAccount,
  type LocalChain,
  type LocalChainOptions,
  localAccounts,
  startLocalChain,
} from "./chain.js";
export { compileVerifiers, loadArtifact, type VerifierSource } from "./compile.js";
export {
  type DeployedStep,
  type DeployedVerifier,
  type DeployOptions,
  deployContract,
  deployKeel,
  handOver,
  type KeelDeployment,
  ROLE,
  type RoleDelays,
  readDeployment,
  writeDeployment,
} from "./deploy.js";
export { type Artifact, compileSources } from "./solidity.js";
export { verifierCode, withoutMetadata } from "./verifier-code.js";
export { generateVerifier, type VerifierOptions } from "./verifier-template.js";
