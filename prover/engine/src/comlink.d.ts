// SPDX-License-Identifier: GPL-3.0-or-later
/** Types of comlink's ES module files, which its package describes only under the package's own name. */
declare module "comlink/dist/esm/comlink.mjs" {
  export * from "comlink";
}
declare module "comlink/dist/esm/node-adapter.mjs" {
  import type { Endpoint } from "comlink";

  /** What comlink needs of a worker or a port of worker_threads. */
  interface NodePort {
    postMessage(message: unknown, transfer?: readonly never[]): void;
    on(event: "message", listener: (value: unknown) => void): unknown;
    off(event: "message", listener: (value: unknown) => void): unknown;
  }
  const nodeEndpoint: (port: NodePort) => Endpoint;

  // biome-ignore lint/style/noDefaultExport: it is what the package has
  export { nodeEndpoint as default };
}
