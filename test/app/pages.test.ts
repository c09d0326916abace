// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The console beyond the manager's job: a first page, pages by address, a depositor at a strategy vault, several managers side by
 * side, in a real browser on a local chain. And can a link, a vault or a node make a page say more than it knows?
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parseAttestation } from "@keel/verifier";
import { connectRegistry, type Registry, revoke, submitAttestation } from "@keel/verifier/chain";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalWorld, Texts } from "../../dist/app/host/local.js";
import { type ConsoleServer, serveConsole } from "../../dist/app/host/server.js";
import { type ConsoleSizes, MOST_INITIAL_BYTES } from "../../dist/app/host/sizes.js";
import { CAST, STRATEGY } from "../../dist/examples/demo/world.js";
import { launchBrowser } from "../support/browser.js";
import { attestationsBy, attestByHash, vaultOfItsOwnRegistry } from "./deeds.js";
import {
  accessibilityFindings,
  asFiles,
  brokenWords,
  isWarnedAbove,
  MOST_SCREENS,
  PATIENCE,
  type Person,
  photograph,
  screensOf,
  sitDown,
  tabTo,
} from "./people.js";
import { borrowWorld, builtSite } from "./stage.js";
import { compileStrategy, openStrategy, type Strategy } from "./strategy.js";

const PHONE = { width: 360, height: 740 };
/** An account of the chain that nobody else is. */
const STRANGER = 9;
const EXPLORER = "https://explorer.example";

let site: string;
let world: LocalWorld;
let server: ConsoleServer;
let browser: Browser;
let person: Person;
let page: Page;
let registry: Registry;
let sizes: ConsoleSizes;
let strategy: Strategy;
let book: Texts;
/** Of the vault's manager, real. */
let attestation: string;

beforeAll(async () => {
  // Before the chain: what compiles holds this process for so long that idle connections would be closed.
  await compileStrategy();
  ({ site, sizes } = await builtSite());
  [world, browser] = await Promise.all([borrowWorld(), launchBrowser()]);
  registry = await connectRegistry(world.stage.client, world.registry);
  book = await world.example(STRATEGY);
  [attestation] = (await attestationsBy(world, [book])) as [string];
  strategy = await openStrategy(world, registry);
  const config = () => ({
    ...world.config,
    ...{ examples: [], accounts: [], explorer: EXPLORER },
    nodes: [{ name: "a second node", rpc: "/rpc/" }],
    policies: [{ policyId: world.policyId, path: "/local/policy.json" }],
  });
  server = await serveConsole({
    folder: site,
    rpcUrl: world.rpcUrl,
    answers: {
      "/keel.json": config,
      "/local/policy.json": () => ({ policy: book.policy, market: book.market }),
    },
  });
  const wallet = world.stage.wallets[CAST.depositor]!;
  person = await sitDown(browser, server.origin, wallet, world.rpcUrl, "Harbour Wallet");
  page = person.page;
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await world?.stop();
});

const STORY = { shuffle: false };
const button = (name: string) => page.getByRole("button", { name, exact: true });

/** Waits for a text; when it does not come, the page's alerts say why. */
async function see(text: string | RegExp): Promise<void> {
  await page
    .getByText(text)
    .first()
    .waitFor()
    .catch(async () => {
      const alerts = await page.getByRole("alert").allTextContents();
      throw new Error(`${text} is not on the page; its alerts: ${alerts.join(" | ")}`);
    });
}

/** Opens an address of the page, as from a link in a mail. */
async function visit(route: string): Promise<void> {
  await page.goto("about:blank");
  await page.goto(`${server.origin}/${route}`);
}

const fold = (title: string | RegExp) => page.locator("summary").filter({ hasText: title });
/** What the gate's word is said in. */
const toneOf = async (): Promise<string> => (await page.locator(".gate").getAttribute("class")) ?? "";

describe("the first page", STORY, () => {
  it("takes less than 150 kB of JavaScript, and paints before anything that proves, verifies or reads chains is there", async () => {
    expect(sizes.initial).toBeLessThanOrEqual(MOST_INITIAL_BYTES);
    expect(Object.keys(sizes.pages).sort()).toEqual(["manager", "policy", "regulator", "subject", "vault"]);
    const before = person.requests.length;
    await visit("");
    await see("Who are you?");
    await page.waitForLoadState("networkidle");
    // Some are asked for twice: ahead of time, and when they are imported.
    const scripts = new Set(person.requests.slice(before).filter((url) => url.endsWith(".js")));
    const loaded = await Promise.all(
      [...scripts].map(async (url) => gzipSync(await readFile(join(site, new URL(url).pathname))).length),
    );
    // The frame, and what reads keel.json.
    const bytes = loaded.reduce((sum, length) => sum + length, 0);
    expect(bytes).toBeGreaterThanOrEqual(sizes.initial);
    expect(bytes).toBeLessThanOrEqual(MOST_INITIAL_BYTES / 2);
    expect(page.workers()).toEqual([]);
  });

  it("asks who somebody is, by keyboard, and remembers one of three words and nothing else", async () => {
    await tabTo(person, "I deposit in a vault");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Vault", exact: true }).waitFor();
    expect(await page.evaluate(() => ({ ...localStorage }))).toEqual({ "keel.who": "vault" });
    await visit("");
    await page.getByRole("heading", { name: "Vault", exact: true }).waitFor();
    await page.getByRole("link", { name: "Keel, the first page" }).click();
    await button("Forget it").click();
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await visit("");
    await see("Who are you?");
  });

  it("leads from an address to its pages", async () => {
    const field = page.getByLabel("A vault, a manager or a policy id");
    await field.fill(world.vault);
    expect(await page.getByRole("link", { name: /^As a/ }).allTextContents()).toEqual([
      "As a vault",
      "As a manager",
    ]);
    await field.fill(world.policyId);
    await page.getByRole("link", { name: "As a policy" }).click();
    await see("What has to be proven");
  });
});

describe("pages by address", STORY, () => {
  it("are found again by reload, back and forward, and by the host's paths", async () => {
    await visit(`#/policy/${world.policyId}`);
    await see("gross exposure was at most 300 % of equity");
    await page.reload();
    await see("gross exposure was at most 300 % of equity");
    await page.goto(`${server.origin}/#/subject/${STRATEGY.subject}`);
    await see("No attestation of this subject is in the registry.");
    await page.goBack();
    await see("gross exposure was at most 300 % of equity");
    await page.goForward();
    await see("No attestation of this subject is in the registry.");
    await page.goto(`${server.origin}/vault/${world.vault}`);
    await see("Deposits are closed");
    expect(page.url()).toBe(`${server.origin}/#/vault/${world.vault}`);
    expect(await page.title()).toMatch(/^Vault 0x.{4}….{4} · Keel$/);
  });

  it.each(["#/vault/0x12", "#/nowhere", "#/vault/0x12/registry", "#/policy/javascript:alert(1)"])(
    "49 %s leads nowhere, in words",
    async (route) => {
      await visit(route);
      await see("This address leads nowhere.");
      expect(person.complaints).toEqual([]);
    },
  );

  it("an address with a typing error is refused", async () => {
    await visit("#/vault/0x70997970C51812dc3A010C7d01b50e0d17dc79c8");
    await see(/A letter of this address is wrong/);
    await visit("#/subject/0x70997970C51812dc3A010C7d01b50e0d17dc79c8");
    await see(/expected an address with its checksum/);
    await see(/What to do: Copy the address anew/);
  });

  it("64 no link names the registry: what it says beside the address is not read", async () => {
    const theirs = await vaultOfItsOwnRegistry(world, registry);
    await visit(`#/vault/${theirs}`);
    await see("This vault asks another registry than the one you expect.");
    expect(await page.locator(".gate").count()).toBe(0);
    await visit(`?registry=${theirs}#/vault/${world.vault}`);
    await see("Registry, as expected");
    expect(await page.getByLabel("Registry you expect").inputValue()).toBe(world.registry.toLowerCase());
  });

  it("addresses are copied, and looked up at the explorer that the host names", async () => {
    await person.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.origin });
    const copy = page.getByRole("button", { name: /^Copy 0x/ }).last();
    await copy.click();
    await see("Copied");
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied.toLowerCase()).toMatch(/^0x[0-9a-f]{40}$/);
    const links = await page
      .locator(`a[href^="${EXPLORER}"]`)
      .evaluateAll((all) => all.map((link) => [link.getAttribute("href"), link.getAttribute("rel")]));
    expect(links.length).toBeGreaterThan(1);
    for (const [href, rel] of links) {
      expect(href).toMatch(/^https:\/\/explorer\.example\/address\/0x[0-9a-fA-F]{40}$/);
      expect(rel).toBe("noopener noreferrer");
    }
  });
});

describe("what a word rests on", STORY, () => {
  it("stands on the vault's page: keys, sources with their tiers, scenarios, publishers, delays, powers", async () => {
    await visit(`#/vault/${world.vault}`);
    await see("DEVELOPMENT KEY: its secret is public, so anybody can prove anything");
    await see("2 of 3 have to sign");
    await fold("Scenarios").click();
    await see(/ETH -30 %|ETH \+?30 %/);
    await fold(/^Sources/).click();
    await see(/The policy does not say what its sources' words rest on|rests at least on/);
    await fold("Who may change what").click();
    await see("guardian");
    await see("PolicyBook.moveLine");
    await fold("Keys and their ceremony").click();
    await see("from a DEVELOPMENT KEY");
    await fold(/^Registry/).click();
    await see("The vault's own code is not compared with Keel's here.");
    await photograph(person, "vault-trust");
  });

  it("another policy's file is refused: the names in it are of other keys", async () => {
    await page.route("**/keel.json", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), policies: [] } });
    });
    await visit(`#/policy/${world.policyId}`);
    await fold("Sources and scenarios").click();
    const drop = page.getByLabel("Open the policy's file and a market's");
    const other = book.policy!.replace(/"maxLeverage": "[^"]*"/, '"maxLeverage": "2.5"');
    await drop.setInputFiles(asFiles({ policy: other, market: book.market }));
    await page.getByRole("alert").filter({ hasText: "policy.other" }).waitFor();
    await drop.setInputFiles(asFiles({ policy: book.policy, market: book.market }));
    await fold("Scenarios").waitFor();
    await page.unroute("**/keel.json");
  });
});

describe("whose node", STORY, () => {
  const open = () => page.getByRole("button", { name: /local chain \(31337\)/ }).click();

  it("the visitor chooses: the host's, another that it names, or the wallet's own", async () => {
    await visit(`#/vault/${world.vault}`);
    await see("Deposits are closed");
    await open();
    expect(await accessibilityFindings(person)).toEqual([]);
    await page.getByLabel("The chain is read at").selectOption({ label: "the node of Harbour Wallet" });
    await see(/own node/);
    const before = person.requests.length;
    await button("Connect").click();
    await see("Deposits are closed");
    await expect.poll(() => button("Connect").isEnabled(), PATIENCE).toBe(true);
    expect(person.requests.slice(before).filter((url) => url.endsWith("/rpc"))).toEqual([]);
  });

  it("an address that the page's security policy does not let it talk to is refused in words", async () => {
    const field = page.getByLabel("Or at a node of your own");
    await field.fill("https://node.example/key");
    await button("Use this node").click();
    await see(
      /expected a path of this page's own origin, received https:\/\/node\.example \(node\.address\)/,
    );
    await see(/What to do: Choose the wallet's node, or build the page with --connect/);
    await field.fill("/nowhere?secret-key");
    await button("Use this node").click();
    await see(`expected the node to answer, received nothing (${server.origin}) (chain.call)`);
    await see(/What to do: .*choose another node at the head of the page/);
    // Of another chain.
    await page.route("**/another-chain", (route) =>
      route.fulfill({ json: { id: 1, jsonrpc: "2.0", result: "0x1" } }),
    );
    await field.fill("/another-chain");
    await button("Use this node").click();
    await see(/expected a node of chain 31337.*, received one of chain 1 \(chain\.id\)/);
    await see(/What to do: Choose a node, and in the wallet a network, of the chain that the message names/);
    await page.unroute("**/another-chain");
    await page.getByLabel("The chain is read at").selectOption({ label: "this host's node" });
    await page.keyboard.press("Escape");
    expect(await page.getByLabel("The chain is read at").count()).toBe(0);
    // That a request failed the browser says as well.
    person.complaints.splice(0);
  });
});

describe("49, 64 a vault that says more than it should", STORY, () => {
  it("is not green over a development key, and says so in the same words", async () => {
    await page.goto("about:blank");
    const client = world.stage.wallets[CAST.relayer]!;
    await submitAttestation(registry, client, parseAttestation(attestation));
    await visit(`#/vault/${world.vault}`);
    await see("Deposits are open");
    expect(await toneOf()).toContain("doubtful");
    expect(await isWarnedAbove(person, ".gate.open")).toBe(true);
    await see(/by a DEVELOPMENT KEY: anybody could have made this proof/);
    expect(await page.locator(".verdict.ok").count()).toBe(0);
  });

  it("an answer that nobody confirms any more is no word: after a minute without the chain nobody knows", async () => {
    await page.clock.install();
    await visit(`#/vault/${world.vault}`);
    await see("Deposits are open");
    await page.route("**/rpc", (route) => route.abort());
    await page.clock.runFor(90_000);
    await see("Nobody knows now");
    await see(/What it said then is no word for now/);
    expect(await toneOf()).toBe("gate unknown");
    await page.unroute("**/rpc");
    await page.clock.resume();
    person.complaints.splice(0);
  });
});

describe("a strategy vault", STORY, () => {
  beforeAll(async () => {
    await strategy.prove(1_000_000n);
    await person.context.close();
    const wallet = world.stage.wallets[CAST.depositor]!;
    person = await sitDown(browser, server.origin, wallet, world.rpcUrl, "Harbour Wallet");
    page = person.page;
  });

  const chooseWallet = () => page.getByLabel("Wallet").selectOption("test-wallet");

  it("on a phone in the dark shows what a share is worth, and takes a request, which can be taken back", async () => {
    await strategy.nextPeriod();
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: "dark" });
    await visit(`#/vault/${strategy.vault}`);
    await see("Strategy of the harbour");
    await see(/1,000,000\.00 USD, 1\.00000000 USD a unit|1,000,000\.00 USD, 1 USD a unit|1,000,000\.00 USD/);
    await chooseWallet();
    await page.getByLabel("Ask to deposit, USDC").fill("1000");
    await button("Ask to deposit").click();
    await see(/Ask to deposit of 1,000 USDC accepted/);
    await see(/^Deposit of 1,000 USDC, asked in period/);
    await button("Take it back").click();
    await see("None.");
    await see("1,000,000 USDC in your wallet");
  });

  it("by keyboard: asks, waits for the period, settles at the proven price, and takes the shares", async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: "light" });
    await tabTo(person, "Ask to deposit, USDC");
    await page.keyboard.type("2500");
    await page.keyboard.press("Enter");
    await see(/Ask to deposit of 2,500 USDC accepted/);
    await strategy.nextPeriod();
    await strategy.prove(1_000_000n);
    await button("Connect").click();
    await see(/which is over: it waits to be settled/);
    await tabTo(person, "Take it back");
    await page.keyboard.press("Enter");
    await see("The period of this request is over, so it stands");
    await tabTo(person, "Settle for everybody");
    await page.keyboard.press("Enter");
    await see("2,500 shares of your deposits");
    await tabTo(person, "Take the shares");
    await page.keyboard.press("Enter");
    await expect
      .poll(() => page.locator(".facts").filter({ hasText: "Your shares" }).textContent(), PATIENCE)
      .toContain("2,500");
    await photograph(person, "vault-strategy");
  });

  it("shows prices over time, as a drawing and as a table", async () => {
    await strategy.nextPeriod();
    await strategy.prove(1_100_000n);
    await button("Connect").click();
    const drawing = page.getByRole("img", { name: /By attestation and by settlement/ });
    await drawing.waitFor();
    await expect.poll(() => drawing.getAttribute("aria-label"), PATIENCE).toMatch(/proven, a unit: 3 values/);
    await fold("The same figures as a table").first().click();
    const rows = await page
      .getByRole("table", { name: /By attestation and by settlement/ })
      .getByRole("row")
      .count();
    expect(rows).toBe(5);
    await photograph(person, "vault-prices");
  });

  it("says in words why nothing is taken once the manager withdrew, and money can be asked back all the same", async () => {
    await revoke(registry, strategy.subject, strategy.policyId, "a mistake");
    await button("Connect").click();
    await see("Deposits are closed");
    await chooseWallet();
    await page.getByLabel("Ask to deposit, USDC").fill("10");
    await button("Ask to deposit").click();
    await see("The vault takes no deposit requests now.");
    await button("Settle for everybody").click();
    await see(/Requests cannot be settled yet/);
    await page.getByLabel("Ask to redeem, shares").fill("5000000");
    await button("Ask to redeem").click();
    await see("That is more than there is, or nothing at all. Nothing was sent.");
    await page.getByLabel("Ask to redeem, shares").fill("5");
    await button("Ask to redeem").click();
    await see(/Ask to redeem of 5 shares accepted/);
  });
});

describe("several managers side by side", STORY, () => {
  it("each record is verified in a worker with progress, and put beside the others", async () => {
    const stranger = world.stage.wallets[STRANGER]!;
    await attestByHash(world, registry, stranger, await world.example(STRATEGY), attestation);
    await visit("#/regulator");
    const subjects = [STRATEGY.subject, strategy.subject.account.address, stranger.account.address];
    await page.getByRole("textbox", { name: "Subject" }).fill(subjects.join(" "));
    await button("Look").click();
    await page.getByRole("heading", { name: "Side by side" }).waitFor();
    const table = page.getByRole("table", { name: "Managers side by side" });
    expect(await table.getByRole("columnheader").count()).toBe(4);
    expect(await isWarnedAbove(person, ".compare .verdict")).toBe(true);
    await see("1 of 1 verified here");
    await see("0 of 1 verified here");
    expect(page.workers()).toEqual([]);
    await page
      .getByRole("img", { name: /Net asset value by the unit/ })
      .first()
      .waitFor();
    await fold(/^Record of/)
      .first()
      .click();
    await see("The one proof was verified again in this page, and holds.");
    await photograph(person, "regulator-side-by-side");
  });

  it("a look is called off at once, and its worker is gone", async () => {
    await page.route("**/rpc", () => {});
    await button("Look").click();
    await button("Cancel").click();
    await expect.poll(() => page.workers().length, PATIENCE).toBe(0);
    await expect.poll(() => button("Look").isEnabled(), PATIENCE).toBe(true);
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.unroute("**/rpc");
  });

  it("a manager's own page has the record, when attestations counted, and what it rests on", async () => {
    await visit(`#/subject/${strategy.subject.account.address}`);
    await see("NOT healthy now");
    await page.getByRole("img", { name: /^Attestations counted from/ }).waitFor();
    await see("What this rests on");
    const folded = page.locator(".record details:not([open])");
    expect(await folded.count()).toBeGreaterThan(0);
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    expect(await folded.count()).toBe(0);
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    expect(await folded.count()).toBeGreaterThan(0);
    await page.getByRole("link", { name: "The policy" }).click();
    await see("Who attested under it");
    await see("NOT healthy now");
    expect(page.url()).toBe(`${server.origin}/#/policy/${strategy.policyId}`);
  });
});

describe("each page, for everybody", STORY, () => {
  const routes = (): Readonly<Record<string, string>> => ({
    start: "#/start",
    vault: `#/vault/${world.vault}`,
    strategy: `#/vault/${strategy.vault}`,
    policy: `#/policy/${world.policyId}`,
    subject: `#/subject/${strategy.subject.account.address}`,
    regulator: "#/regulator",
  });
  /** What comes last on each page, so that it is there whole. */
  const LAST: Readonly<Record<string, string | RegExp>> = {
    start: "What this host knows",
    vault: "2 of 3 have to sign",
    strategy: "By attestation and by settlement",
    policy: /0x.{40} ?NOT healthy now|0x.{40} ?healthy until|Nobody yet/,
    subject: "2 of 3 have to sign",
    regulator: "Paste an attestation",
  };
  const ready = async (name: string): Promise<void> => {
    // On a phone it may be folded.
    await page.getByText(LAST[name]!).first().waitFor({ state: "attached" });
    if (name === "regulator") return await regulate();
    if (name === "vault" || name === "strategy") {
      await page.locator(".gate").waitFor();
      await page.getByLabel("Wallet").selectOption("test-wallet");
      await page.getByLabel(name === "vault" ? "Withdraw, USDC" : "Ask to redeem, shares").waitFor();
    }
    const whole = page.getByText("2 of 3 have to sign").or(page.getByText("Who are you?"));
    await whole.first().waitFor({ state: "attached" });
    expect(await page.getByText(/Connecting…|Loading…/).count()).toBe(0);
  };

  /** Both of what a regulator does: an attestation verified, and a record looked at. */
  const regulate = async (): Promise<void> => {
    await page.getByLabel("Paste an attestation").fill(attestation);
    await button("Verify").click();
    await page.getByText("VALID, by a DEVELOPMENT KEY").waitFor();
    heights["regulator, one attestation"] = await screensOf(page);
    await page.getByRole("textbox", { name: "Subject" }).fill(strategy.subject.account.address);
    await button("Look").click();
    await page.locator(".standing").first().waitFor();
  };
  let heights: Record<string, number> = {};

  it.each([
    ["wide", { width: 1280, height: 900 }],
    ["on a phone, where none is above four screens and no word is broken", PHONE],
  ] as const)(
    "axe-core finds nothing serious, and nothing is wider than the screen, in light and in dark, %s",
    async (_, viewport) => {
      await page.setViewportSize(viewport);
      heights = {};
      for (const [name, route] of Object.entries(routes())) {
        await visit(route);
        await ready(name);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          expect([name, await accessibilityFindings(person)]).toEqual([name, []]);
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          expect([name, width]).toEqual([name, expect.toSatisfy((value: number) => value <= viewport.width)]);
          await photograph(person, `page-${name}-${viewport.width}-${colorScheme}`);
        }
        if (viewport !== PHONE) continue;
        expect([name, await page.evaluate(brokenWords)]).toEqual([name, []]);
        heights[name] = await screensOf(page);
      }
      if (viewport !== PHONE) return;
      // As they are first shown.
      expect(Object.keys(heights)).toHaveLength(7);
      expect(Object.entries(heights).filter(([, screens]) => screens > MOST_SCREENS)).toEqual([]);
    },
  );

  it("49, 50 no page broke its security policy, threw, complained, or asked anybody else", () => {
    expect(person.complaints).toEqual([]);
    const others = person.requests.filter((url) => !url.startsWith(`${server.origin}/`));
    expect(others.filter((url) => !/^(blob:|about:)/.test(url))).toEqual([]);
  });
});
