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
export { creationThroughProxy, DEPLOYMENT_PROXY, DEPLOYMENT_PROXY_CODE } from "./create2.js";
export {
  type DeployedStep,
  type DeployedVerifier,
  type DeployOptions,
  type DeployReport,
  type Draft,
  deployContract,
  deployKeel,
  handOver,
  type KeelDeployment,
  leftoversIn,
  noteBeginning,
  ROLE,
  type RoleDelays,
  readDeployment,
  readDraft,
  settleDeployment,
  writeDeployment,
} from "./deploy.js";
export { type AskedDelay, examineIntent, type Intent, type Receiver } from "./preflight.js";
export { canCall, hasOwnCode } from "./receiver.js";
export { type Rehearsal, type Rehearsed, rehearseDeployment } from "./rehearse.js";
export type { Pending } from "./send.js";
export { type Artifact, compileSources } from "./solidity.js";
export { type Recompilation, recompilationOf, type StandardInput } from "./standard-json.js";
export type { Leftover } from "./standing.js";
export { verifierCode, withoutMetadata } from "./verifier-code.js";
export { generateVerifier, type VerifierOptions } from "./verifier-template.js";
