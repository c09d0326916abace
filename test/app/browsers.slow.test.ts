// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the console carry the manager's and the regulator's story in other browsers than Chromium: Firefox ESR and WebKitGTK, from
 * Debian's packages? `apt-get install firefox-esr webkit2gtk-driver xvfb`; a test says what it lacks.
 *
 * @module
 */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { parseState } from "@keel/prover";
import { parseAttestation, parseMarket, parsePolicy, verifyAttestation } from "@keel/verifier";
import type { Hex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildConsole } from "../../dist/app/host/build.js";
import { type LocalWorld, startLocalWorld, type Texts } from "../../dist/app/host/local.js";
import { type ConsoleServer, serveConsole } from "../../dist/app/host/server.js";
import { STRATEGY } from "../../dist/examples/demo/world.js";
import { see, until, type Visitor, visitByFirefox, visitByWebKit } from "../support/other-browsers.js";

let folder: string;
let world: LocalWorld;
let server: ConsoleServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-browsers-"));
  const site = join(folder, "site");
  [world] = await Promise.all([startLocalWorld(), buildConsole(site)]);
  const answers = { "/keel.json": () => ({ ...world.config, examples: [] }) };
  server = await serveConsole({ folder: site, rpcUrl: world.rpcUrl, answers });
});

afterAll(async () => {
  await server?.close();
  await world?.stop();
  await rm(folder, { recursive: true, force: true });
});

const button = (name: string): string => `//button[normalize-space()="${name}"]`;
const labelled = (label: string): string =>
  `//*[@id=//label[starts-with(normalize-space(), "${label}")]/@for]`;

/** What the page saves is kept in it as well: what becomes of a download, each browser has its own way for. */
const WATCH_SAVED = `(() => {
  const make = URL.createObjectURL;
  window.saved = [];
  URL.createObjectURL = (blob) => {
    if (blob.type !== "text/javascript") blob.text().then((text) => window.saved.push(text));
    return make.call(URL, blob);
  };
})()`;

/** Presses a button that saves; gives what it saved. */
async function save(visitor: Visitor, name: string): Promise<string> {
  const before = await visitor.read<number>("window.saved.length");
  await visitor.click(button(name));
  await until(visitor, `window.saved.length > ${before}`);
  return await visitor.read<string>("window.saved.at(-1)");
}

async function written(name: string, texts: object): Promise<string[]> {
  const place = join(folder, name);
  await mkdir(place, { recursive: true });
  return await Promise.all(
    Object.entries(texts as Texts).map(async ([kind, text]) => {
      const path = join(place, `${kind}.json`);
      await writeFile(path, text);
      return path;
    }),
  );
}

describe.each([
  ["Firefox ESR", visitByFirefox],
  ["WebKitGTK", visitByWebKit],
] as const)("the console in %s", (name, visit) => {
  let before: Hex;
  let visitor: Visitor;
  let book: Texts;
  let attestation: string;

  beforeAll(async () => {
    before = await world.stage.test.snapshot();
    visitor = await visit();
    book = await world.example(STRATEGY);
  });

  afterAll(async () => {
    await visitor?.end();
    await world.stage.test.revert({ id: before });
  });

  it("opens a manager's files, judges them, and lists them by their names", async () => {
    await visitor.go(`${server.origin}/#/manager`);
    await see(visitor, /Nothing is open yet/);
    await visitor.read(WATCH_SAVED);
    await visitor.open(labelled("Drop or open files"), await written(name, book));
    await see(visitor, /signatures verified/);
    for (const kind of Object.keys(book)) await see(visitor, new RegExp(`${kind}\\.json`));
    const rows = "[...document.querySelectorAll('[data-limit]')]";
    expect(await visitor.read<number>(`${rows}.length`)).toBeGreaterThan(5);
    // Each row of the editor is a row: quantities stand beside their instruments, inside the table.
    const isLaidOut = `[...document.querySelectorAll('.positions tr')].every((row) => {
      const { left, right } = row.closest('table').getBoundingClientRect();
      return [...row.children].every((cell) => {
        const box = cell.getBoundingClientRect();
        const inner = cell.querySelector('input')?.getBoundingClientRect() ?? box;
        return box.height > 0 && inner.left >= left - 1 && inner.right <= right + 1 && inner.width > 60;
      });
    })`;
    expect(await visitor.read<boolean>(isLaidOut)).toBe(true);
  });

  it("moves every limit when a quantity is typed over, and back", async () => {
    const field = '//input[@aria-label="What if ETH-PERP in main were"]';
    await visitor.type(field, "0");
    await see(visitor, /What if: \d+ of \d+ limits BROKEN/);
    await visitor.click(button("Put everything back"));
    await see(visitor, /every limit holds/);
  });

  it("proves, saves the state before anything else, and Node verifies the attestation", async () => {
    await see(visitor, /The registry knows these accounts/);
    await visitor.click(button("Prove"));
    const said = await see(visitor, /Proved in [\d.]+ s/);
    process.stdout.write(`${name}, ${visitor.version}: ${said}\n`);
    const isDisabled = (label: string) =>
      visitor.read<boolean>(
        `[...document.querySelectorAll('button')].find((b) => b.textContent === '${label}').disabled`,
      );
    expect([await isDisabled("Save attestation"), await isDisabled("Submit")]).toEqual([true, true]);
    expect(parseState(await save(visitor, "Save next state (secret)")).epoch).toBe(0n);
    await visitor.click(labelled("I have the file"));
    attestation = await save(visitor, "Save attestation");
    const policy = parsePolicy(book.policy!);
    const { verificationKey } = await ensureCircuit(policy.circuit.id);
    const verified = verifyAttestation({
      ...{
        attestation: parseAttestation(attestation),
        policy,
        market: parseMarket(book.market!),
        verificationKey,
      },
      expected: { domain: { chainId: 31337, registry: world.registry } },
    });
    expect(verified.policyId).toBe(world.policyId);
  });

  it("submits it, and the registry says healthy", async () => {
    const wallet = `//select[@id=//label[normalize-space()="Wallet"]/@for]`;
    await visitor.click(`${wallet}/option[@value="${STRATEGY.subject}"]`).catch(() => {});
    // A list that opens is no part of the page in every browser: what was chosen is said again.
    await visitor.read(`(() => {
      const list = document.querySelector('.submit select');
      list.value = [...list.options].find(({ text }) => text.startsWith('Manager')).value;
      list.dispatchEvent(new Event('change', { bubbles: true }));
    })()`);
    await visitor.click(button("Submit"));
    await see(visitor, /the registry says healthy/);
  });

  it("verifies it for a regulator, and rebuilds the record", async () => {
    await visitor.go(`${server.origin}/#/regulator`);
    await see(visitor, /Paste an attestation/);
    const [file] = await written(`${name}-proof`, { attestation });
    await visitor.open("//input[@type='file']", [file!]);
    await visitor.click(button("Verify"));
    await see(visitor, /VALID, by a DEVELOPMENT KEY/);
    await visitor.click(button("Look"));
    await see(visitor, /verified again in this page/);
  });
});
