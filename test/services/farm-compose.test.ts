// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the farm's compose file, its image and its example of a configuration go together? Docker itself is not run here.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadFarmConfig } from "../../services/farm/dist/config.js";
import { connectRedis } from "../../services/farm/dist/redis.js";
import { inFolder, PACKAGE } from "../support/cli.js";
import { freePort } from "../support/redis.js";

const FOLDER = join(PACKAGE, "services/farm");
// The parser that solhint brings.
const yaml = createRequire(createRequire(import.meta.url).resolve("solhint"))("js-yaml");
const text = (name: string): Promise<string> => readFile(join(FOLDER, name), "utf8");
const { services, volumes, networks } = yaml.load(await text("compose.yaml"));
const dockerfile = await text("Dockerfile");

/** The JSON list of an instruction. */
function listOf(instruction: string): string[] {
  return JSON.parse(new RegExp(`^${instruction} (\\[.*\\])$`, "m").exec(dockerfile)![1]!);
}

describe("the farm's compose file", () => {
  it("names volumes and networks that it declares, and builds from files that are there", () => {
    const named = Object.values<{ readonly volumes: string[] }>(services).flatMap((one) => one.volumes);
    const own = named.map((one) => one.split(":")[0]!).filter((one) => !one.startsWith("."));
    expect(Object.keys(volumes).sort()).toEqual([...new Set(own)].sort());
    expect(Object.keys(networks)).toEqual(expect.arrayContaining(services.farm.networks));
    const { context, dockerfile: file } = services.farm.build;
    expect(existsSync(join(FOLDER, context, file))).toBe(true);
    expect(existsSync(join(FOLDER, context, listOf("ENTRYPOINT")[1]!))).toBe(true);
    expect(Object.keys(services.farm.depends_on)).toEqual(["redis"]);
  });

  it("starts a program that reads each of its variables from the example, and the file where it is mounted", async () => {
    const { environment, volumes: mounted } = services.farm;
    await inFolder(async (folder) => {
      const file = join(folder, "farm.json");
      await copyFile(join(FOLDER, "farm.example.json"), file);
      const config = await loadFarmConfig(file, { ...environment, KEEL_FARM_RPC: "http://node" });
      expect(config).toMatchObject({ redis: environment.KEEL_FARM_REDIS, registry: { rpc: "http://node" } });
      const example = await text("farm.example.json");
      for (const name of Object.keys(environment)) expect(example).toContain(`"env:${name}"`);
      expect(new URL(environment.KEEL_FARM_REDIS).hostname).toBe("redis");
      // Paths inside the container.
      expect(mounted).toContain(`./farm:/etc/keel:ro`);
      expect(listOf("CMD")).toEqual(["work", "--config", "/etc/keel/farm.json"]);
      expect(mounted).toContain(`store:${config.store}`);
      expect(dockerfile).toContain(`mkdir -p ${config.store} `);
      for (const key of [config.storeKey, config.keyFile]) expect(key.startsWith(folder)).toBe(true);
    });
  });

  it("starts a Redis that the farm takes", async () => {
    const [program, ...args] = services.redis.command as string[];
    const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), "keel-compose-"))];
    const child = spawn(program!, [...args, "--port", String(port), "--dir", folder], { stdio: "ignore" });
    try {
      const redis = await connectRedis(`redis://127.0.0.1:${port}`);
      redis.disconnect();
    } finally {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    }
  });
});
