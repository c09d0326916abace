// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The program: configuration, store and role put together behind the server.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { createAnswers } from "./answers.js";
import type { Config } from "./config.js";
import { createMetrics } from "./http/metrics.js";
import { createServer, type ServerOptions } from "./http/server.js";
import { createCoordinator } from "./quorum/coordinator.js";
import { createMember } from "./quorum/member.js";
import { openStore } from "./store.js";

/** A program that runs. */
export interface Running {
  readonly server: FastifyInstance;
  /** Where it listens. */
  readonly url: string;
}

/**
 * Starts a source, a member or a coordinator.
 *
 * @throws KeelError `store.failed`; the system's error for an address that cannot be listened at
 */
export async function startProgram(config: Config, log: Logger): Promise<Running> {
  const { close, ...parts } = await partsOf(config);
  const server = createServer({ ...parts, log });
  server.addHook("onClose", async () => close?.());
  const url = await server.listen(config.listen);
  return { server, url };
}

/** What a server needs, and what ends with it. */
interface Parts extends Omit<ServerOptions, "log"> {
  close?(): void;
}

async function partsOf(config: Config): Promise<Parts> {
  const { role, name, grants, perMinute, accounts } = config;
  const store = await openStore(config.store);
  const evidence = [...new Set(accounts.map(({ driver }) => driver.evidence))];
  const shared = { grants, perMinute, metrics: createMetrics() };
  const self = { name, role: role.kind, version: version() };
  const accountsOf = async (subject: string): Promise<string[]> =>
    accounts.filter((account) => account.subject === subject).map(({ id }) => id);
  switch (role.kind) {
    case "source": {
      const answers = createAnswers({ accounts, store, key: role.key });
      return { ...shared, accountsOf, answers, self: { ...self, evidence, publicKey: role.key.publicKey } };
    }
    case "member": {
      const { share } = role;
      const member = createMember(createAnswers({ accounts, store }), share);
      return {
        ...shared,
        accountsOf,
        member,
        self: { ...self, evidence, publicKey: share.quorum.publicKey },
      };
    }
    case "coordinator": {
      const { quorum, members } = role;
      const coordinator = createCoordinator({ quorum, members, store });
      return {
        ...shared,
        ...coordinator,
        self: { ...self, evidence: ["quorum"], publicKey: quorum.publicKey },
      };
    }
  }
}

/** From package.json, above the built module. */
function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
