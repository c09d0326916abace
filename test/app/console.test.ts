// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the console carry the demo's story through three people's pages, in a real browser on a local chain, and keep the
 * manager's secrets? The tests of a story follow one another: each goes on from where the one before it stopped. The stories
 * do not: each begins with fresh pages and ends with the chain as it was, so that they run in any order, and alone.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import {
  afterTrades,
  assess,
  enrolmentCommitment,
  parseEnrolment,
  parseSnapshot,
  parseState,
  withUnits,
} from "@keel/prover";
import {
  parseAttestation,
  parseLiquidity,
  parseMarket,
  parsePolicy,
  parseReturns,
  parseUnits,
  verifyAttestation,
  withLiquidity,
  withReturns,
} from "@keel/verifier";
import {
  connectRegistry,
  enrolmentOf,
  policyBookAbi,
  policyTermsOf,
  publishPolicy,
  type Registry,
  revoke,
  revokeFor,
} from "@keel/verifier/chain";
import type { Browser, Page } from "playwright-core";
import type { Abi, Hex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalWorld, Texts } from "../../dist/app/host/local.js";
import { type ConsoleServer, type RecordedRequest, serveConsole } from "../../dist/app/host/server.js";
import { CAST, STRATEGY } from "../../dist/examples/demo/world.js";
import { TABLES_STRATEGY } from "../../dist/examples/tables-strategy.js";
import { percent } from "../../verifier/dist/text/tables.js";
import { launchBrowser } from "../support/browser.js";
import { PACKAGE } from "../support/cli.js";
import {
  attestationsBy,
  attestByHash,
  inventedPrices,
  vaultOfItsOwnRegistry,
  withdrawAndVoid,
  withdrawTable,
} from "./deeds.js";
import {
  accessibilityFindings,
  asFiles,
  cancelOnceProving,
  isWarnedAbove,
  PATIENCE,
  type Person,
  photograph,
  sawProgress,
  sitDown,
  tabTo,
  watchMainThread,
} from "./people.js";
import { borrowWorld, builtSite } from "./stage.js";

/** Amounts that occur nowhere by chance. */
const POSITIONS = {
  ETH: "2403.18273645",
  wstETH: "901.52637481",
  USDC: "-3812345.67891234",
  USDT: "451234.98761234",
  DAI: "250987.12348765",
  "ETH-PERP": "-3407.91827364",
};

/** The same of the book whose policy needs more tables. */
const TREND_POSITIONS = { "BTC-PERP": "23.81940275", "ETH-PERP": "-309.71840263", USDT: "650913.27164839" };

const DAY = 86_400;
/** Proofs at most until one holds the main thread for no long task: on a machine that is too busy every task takes long. */
const ROUNDS = 8;
/** An account of the chain that nobody else is. */
const STRANGER = 9;
const ATTACK = "<img src=x onerror=alert(1)>";

let site: string;
let world: LocalWorld;
let server: ConsoleServer;
let browser: Browser;
let manager: Person;
let depositor: Person;
let regulator: Person;
let book: Texts;
/** A real proof of the book. */
let attestation: string;
/** The book by prices that nobody published, and a real proof of it. */
let invented: { readonly market: string; readonly attestation: string };
const received: RecordedRequest[] = [];

beforeAll(async () => {
  // Before the chain: a build holds this process for so long that idle connections would be closed.
  ({ site } = await builtSite());
  [world, browser] = await Promise.all([borrowWorld(), launchBrowser()]);
  server = await serveConsole({
    folder: site,
    rpcUrl: world.rpcUrl,
    answers: { "/keel.json": () => ({ ...world.config, examples: [], accounts: [] }) },
    onRequest: (request) => received.push(request),
  });
  const sit = (who: keyof typeof CAST, walletName: string) =>
    sitDown(browser, server.origin, world.stage.wallets[CAST[who]]!, world.rpcUrl, walletName);
  book = await world.example(STRATEGY, { main: POSITIONS });
  const market = inventedPrices(book.market!);
  const [proofs, ...people] = await Promise.all([
    attestationsBy(world, [book, { ...book, market }]),
    sit("relayer", ATTACK),
    sit("depositor", "Harbour Wallet"),
    sit("rival", ATTACK),
  ]);
  [manager, depositor, regulator] = people;
  attestation = proofs[0]!;
  invented = { market, attestation: proofs[1]! };
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await world?.stop();
});

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
/** Waits for a text; when it does not come, the page's alerts say why. */
async function see(page: Page, text: string | RegExp): Promise<void> {
  await page
    .getByText(text)
    .first()
    .waitFor()
    .catch(async () => {
      const alerts = await page.getByRole("alert").allTextContents();
      throw new Error(`${text} is not on the page; its alerts: ${alerts.join(" | ")}`);
    });
}
const view = (page: Page, name: string) => page.getByRole("link", { name, exact: true }).click();
const open = (page: Page, texts: object) =>
  page.getByLabel(/rop or open files/).setInputFiles(asFiles(texts));
const leaveAndReturn = async (page: Page, away: string, back: string): Promise<void> => {
  await view(page, away);
  await view(page, back);
};
/** Saves what the page wants saved before it goes on, and says so. */
const keep = async (page: Page, what: RegExp): Promise<string> => {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: what }).click(),
  ]);
  // Of a list of accounts the box is gone once it is ticked.
  await page.getByLabel(`I have the file ${download.suggestedFilename()}`).click();
  return await readFile(await download.path(), "utf8");
};
const chooseWallet = (page: Page) => page.getByLabel("Wallet").selectOption("test-wallet");

/** What the page shows of each limit. */
async function shownLimits({ page }: Person) {
  const rows = await page.locator("[data-limit]").all();
  return await Promise.all(
    rows.map(async (row) => ({
      name: await row.getAttribute("data-limit"),
      value: await row.locator("strong").textContent(),
      verdict: await row.locator(".verdict").textContent(),
    })),
  );
}

/** What the model says of each limit, as the page should show it. */
function expectedLimits(positions?: { readonly instrument: string; readonly quantity: bigint }) {
  const market = parseMarket(book.market!);
  const signed = parseSnapshot(book.snapshot!);
  const trades = positions === undefined ? [] : [{ account: signed.accounts[0]!.id, ...positions }];
  const snapshot = trades.length === 0 ? signed : afterTrades(signed, market, trades);
  const policy = parsePolicy(book.policy!);
  const units = parseUnits(book.units!);
  return assess(withUnits(snapshot, policy, units), market, policy).limits.map(
    ({ name, unit, value, ok }) => ({
      name,
      value:
        unit === "bps"
          ? percent(`${Number(value) / 1e4}`)
          : (value! / 10n ** 16n).toString().replace(/\B(?=(\d{3})+$)/g, ","),
      verdict: ok ? "holds" : "BROKEN",
    }),
  );
}

/** The curator moves a line of policies from the vault's policy to a tighter one. */
async function tightenPolicy(registry: Registry): Promise<void> {
  const curator = world.stage.wallets[CAST.deployer]!;
  const terms = await policyTermsOf(registry, world.policyId);
  const { policyId } = await publishPolicy(registry, curator, {
    ...terms,
    maxLeverage: terms.maxLeverage - 1,
  });
  const change = async (functionName: string, args: readonly unknown[]): Promise<Hex> => {
    const call = { address: registry.policyBook, abi: policyBookAbi as Abi, functionName, args };
    const { request, result } = await world.stage.client.simulateContract({
      ...call,
      account: curator.account,
    });
    await world.stage.client.waitForTransactionReceipt({ hash: await curator.writeContract(request) });
    return result as Hex;
  };
  const line = await change("openLine", ["main", world.policyId]);
  await change("moveLine", [line, policyId]);
}

/** Tests of a story follow one another, whatever is shuffled. */
const STORY = { shuffle: false };

/** Gives a story fresh pages, and gives back the chain as it was. */
function onItsOwn(begin = async (): Promise<void> => {}, end = async (): Promise<void> => {}): void {
  let snapshot: Hex;
  beforeAll(async () => {
    snapshot = await world.stage.test.snapshot();
    for (const { page } of [manager, depositor, regulator]) await arrive(page);
    await begin();
  });
  afterAll(async () => {
    await end();
    await world.stage.test.revert({ id: snapshot });
  });
}

/** The page as somebody finds it who comes for the first time. */
async function arrive(page: Page): Promise<void> {
  await page.unrouteAll({ behavior: "wait" });
  await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto("about:blank");
  await page.goto(`${server.origin}/#/manager`);
  await page.getByRole("heading", { name: "Manager" }).waitFor();
}

// The numbers are here as well as below: a test goes on from those before it, so that a run of the attacks takes them all.
describe("48, 49, 50 three people at the console", () => {
  describe("the story", STORY, () => {
    onItsOwn();

    let proven: string;

    it("a book without its administrator's units, or with others, is not judged", async () => {
      const { page } = manager;
      const { units, ...others } = book;
      await open(page, others);
      await see(page, "Still missing: units.");
      for (const [code, wrong] of [
        ["units.mismatch", units!.replace(/"asOf": (\d+)/, (_, asOf) => `"asOf": ${Number(asOf) + 1}`)],
        ["units.mismatch", units!.replace(/"subject": "0x\w\w/, '"subject": "0x99')],
        ["units.signature", units!.replace(/"signature": "0x\w\w/, '"signature": "0x99')],
      ] as const) {
        await open(page, { units: wrong });
        await page.getByRole("alert").filter({ hasText: code }).waitFor();
        expect(await page.locator("[data-limit]").count()).toBe(0);
      }
    });

    it("a market of another series and files of version 1 are refused in words", async () => {
      const { page } = manager;
      const version1 = (text: string) => text.replace(/"keel": ?"(\w+)\/2"/, '"keel": "$1/1"');
      for (const [words, text] of [
        [
          /a market of the policy's series 0x01.* \(policy.series\)/,
          book.market!.replace('"0.83"', '"0.97"'),
        ],
        [/keel migrate --policy .* \(file.version\)/, version1(book.policy!)],
        [/keel migrate --enrolment .* \(file.version\)/, version1(book.enrolment!)],
      ] as const) {
        await open(page, { text });
        await page.getByRole("alert").filter({ hasText: words }).waitFor();
      }
    });

    it("the manager opens files and sees every limit as the model judges it", async () => {
      await open(manager.page, book);
      await see(manager.page, "signatures verified");
      expect(await shownLimits(manager)).toEqual(expectedLimits());
      await see(manager.page, /The policy takes tables signed by publishers, market series 0x01[0-9a-f]{62}/);
      await see(manager.page, /The fund's units are what administrator 0x[0-9a-f]{40} signed/);
      await see(manager.page, /1,000,000.00 units/);
      await photograph(manager, "manager");
    });

    it("a changed position moves each limit at once, and back", async () => {
      const field = manager.page.getByLabel("What if ETH-PERP in main were");
      await field.fill("0");
      const without = { instrument: "ETH-PERP", quantity: 340_791_827_364n };
      await expect.poll(() => shownLimits(manager), PATIENCE).toEqual(expectedLimits(without));
      await see(manager.page, /limits BROKEN/);
      await photograph(manager, "manager-what-if", { name: "manager", from: ".summary" });
      await field.fill("1e5");
      await see(manager.page, /text with an exponent \(input.decimal\)/);
      await button(manager.page, "Put everything back").click();
      await expect.poll(() => shownLimits(manager), PATIENCE).toEqual(expectedLimits());
    });

    it("before any attestation the vault says why a deposit is refused, in the command line's words", async () => {
      const { page } = depositor;
      // By keyboard alone, until a day has passed.
      await tabTo(depositor, "Vault");
      await page.keyboard.press("Enter");
      await see(page, "Deposits are closed");
      await see(page, "Registry, as expected");
      await see(page, "The manager has not attested under this policy yet.");
      await see(page, "gross exposure was at most 300 % of equity");
      await see(page, /The fund's units are what administrator 0x[0-9a-f]{40} signed/);
      expect(await isWarnedAbove(depositor, ".gate")).toBe(true);
      await tabTo(depositor, "Wallet");
      await page.keyboard.type("Harbour");
      await see(page, "0 USDC in the vault");
      await tabTo(depositor, "Deposit, USDC");
      await page.keyboard.type("250000");
      await page.keyboard.press("Enter");
      await see(page, "The vault takes no deposits now, because its manager has no live attestation.");
      await see(page, /expected a live attestation under policy .*\(registry.notHealthy\)/);
      await photograph(depositor, "vault-closed");
    });

    it("a proof can be cancelled while its circuit is fetched and while it is made, and the page is as before", async () => {
      const { page } = manager;
      // The circuit is fetched as soon as a book is open.
      await button(page, "Close and forget everything").click();
      await page.route("**/*.zkey", () => {});
      await open(page, book);
      await button(page, "Prove").click();
      await see(page, "fetching the circuit");
      await button(page, "Cancel").click();
      await see(page, "prover.cancelled");
      await page.unroute("**/*.zkey");
      const cancelled = page.evaluate(cancelOnceProving);
      await button(page, "Prove").click();
      await cancelled;
      await see(page, "prover.cancelled");
      expect(await button(page, "Prove").isEnabled()).toBe(true);
    });

    it("a proof is made by keyboard with progress, and holds the main thread for no task of 50 ms", async () => {
      const { page } = manager;
      const held: number[] = [];
      // What the page does itself it does each time; what a busy machine adds it does not.
      while (held.length < ROUNDS && !held.includes(0)) {
        const longest = await watchMainThread(manager);
        const progress = page.evaluate(sawProgress);
        await button(page, "Prove").focus();
        await page.keyboard.press("Enter");
        await progress;
        await page.getByRole("progressbar").waitFor({ state: "detached" });
        await see(page, /^Proved in .* and verified/);
        held.push(await longest());
      }
      // The observer does not tell of tasks below 50 ms.
      expect(Math.min(...held)).toBe(0);
      expect(await isWarnedAbove(manager, ".result p:not(.warning)")).toBe(true);
      await photograph(manager, "manager-proved");
    });

    it("48 the attestation leaves the page only after its state was saved, and leaving asks before", async () => {
      const { page } = manager;
      for (const name of ["Save attestation", "Submit"])
        expect(await button(page, name).isDisabled()).toBe(true);
      const asks = () =>
        page.evaluate(() => !window.dispatchEvent(new Event("beforeunload", { cancelable: true })));
      expect(await asks()).toBe(true);
      // Also while another view is looked at, where the proof waits.
      await view(page, "Regulator");
      expect(await asks()).toBe(true);
      await view(page, "Manager");
      await see(page, "Proved, and NOT saved.");
      expect(await page.getByLabel(/^I have the file state-/).isDisabled()).toBe(true);
      const state = parseState(await keep(page, /^Save next state/));
      expect(state.epoch).toBe(0n);
      expect(await asks()).toBe(false);
      expect(await button(page, "Submit").isEnabled()).toBe(true);
    });

    it("what is saved is an attestation that Node verifies", async () => {
      const [download] = await Promise.all([
        manager.page.waitForEvent("download"),
        button(manager.page, "Save attestation").click(),
      ]);
      proven = await readFile(await download.path(), "utf8");
      const policy = parsePolicy(book.policy!);
      const { verificationKey } = await ensureCircuit(policy.circuit.id);
      const verified = verifyAttestation({
        attestation: parseAttestation(proven),
        policy,
        market: parseMarket(book.market!),
        verificationKey,
        expected: { domain: { chainId: 31337, registry: world.registry } },
      });
      expect(verified.policyId).toBe(world.policyId);
    });

    it("an injected wallet submits it, and the vault opens: deposit, withdraw, by keyboard", async () => {
      await chooseWallet(manager.page);
      await button(manager.page, "Submit").click();
      await see(manager.page, /the registry says healthy/);
      const { page } = depositor;
      await tabTo(depositor, "Connect");
      await page.keyboard.press("Enter");
      await see(page, "Deposits are open");
      await see(page, "Healthy since");
      expect(await isWarnedAbove(depositor, ".gate.open")).toBe(true);
      // The amount that was refused before stands there still.
      await tabTo(depositor, "Deposit");
      await page.keyboard.press("Enter");
      await see(page, /Deposit of 250,000 USDC accepted/);
      await tabTo(depositor, "Withdraw, USDC");
      await page.keyboard.type("100,000");
      await page.keyboard.press("Enter");
      await see(page, /Withdraw of 100,000 USDC accepted/);
      await see(page, "350,000 USDC in your wallet");
      await see(page, "150,000 USDC in the vault");
      await photograph(depositor, "vault-open", { name: "vault", from: "main" });
    });

    it("the regulator pastes the attestation and reads what it says, and what it does not", async () => {
      const { page } = regulator;
      await view(page, "Regulator");
      await page.getByLabel("Paste an attestation").fill(proven);
      await button(page, "Verify").click();
      await see(page, "VALID, by a DEVELOPMENT KEY");
      expect(await isWarnedAbove(regulator, ".result .verdict")).toBe(true);
      await see(page, /gross exposure was at most 300 % of equity/);
      await see(page, /It counts at registry 0x[0-9a-f]{40} on chain 31337 only/);
      await see(page, /that there is no other account or debt/);
      await see(page, /compare with, as a registry does: whose book it is; how old the snapshot was/);
      await open(page, { policy: book.policy, market: book.market });
      await button(page, "Verify").click();
      await see(page, /signed by Northgate Custody or Halyard Prime/);
      await photograph(regulator, "regulator-attestation");
    });

    it("a proof by prices that nobody published is refused, with and without its market file", async () => {
      const { page } = regulator;
      await page.getByLabel("Paste an attestation").fill(invented.attestation);
      for (const files of [{ market: invented.market }, undefined]) {
        if (files === undefined) await leaveAndReturn(page, "Vault", "Regulator");
        else await open(page, files);
        await page.getByLabel("Paste an attestation").fill(invented.attestation);
        await button(page, "Verify").click();
        await see(page, /attestation\.market: expected a table that the market book accepted in series 0x01/);
        expect(await page.getByText("VALID").count()).toBe(0);
      }
    });

    it("after a day deposits are refused again, and withdrawals are not", async () => {
      await world.stage.test.increaseTime({ seconds: DAY });
      await world.stage.test.mine({ blocks: 1 });
      const { page } = depositor;
      await button(page, "Connect").click();
      await see(page, "Deposits are closed");
      await see(page, /The latest attestation expired at/);
      expect(await page.getByText("Healthy since").count()).toBe(0);
      await page.getByLabel("Deposit, USDC").fill("1000");
      await button(page, "Deposit").click();
      await see(page, /registry.notHealthy/);
      await page.getByLabel("Withdraw, USDC").fill("50000");
      await button(page, "Withdraw").click();
      await see(page, /Withdraw of 50,000 USDC accepted/);
    });

    it("49 the record is rebuilt and each proof verified; a hostile reason stays text, in the page and in the file", async () => {
      const registry = await connectRegistry(world.stage.client, world.registry);
      await tightenPolicy(registry);
      await revoke(registry, world.stage.wallets[CAST.manager]!, world.policyId, `=1+1 ${ATTACK}`);
      const { page } = regulator;
      await button(page, "Look").click();
      await see(page, "The one proof was verified again in this page, and holds.");
      const events = await page
        .locator("[data-event]")
        .evaluateAll((items) => items.map((item) => item.getAttribute("data-event")));
      expect(events.reverse()).toEqual(
        expect.arrayContaining([
          "verifierAdded",
          "enrolled",
          "attested",
          "lapsed",
          "policyTightened",
          "revoked",
        ]),
      );
      await see(page, "NOT healthy now");
      expect(await isWarnedAbove(regulator, ".record .verdict")).toBe(true);
      await see(page, /Made with a DEVELOPMENT KEY/);
      await see(page, "1 of 1 attestations");
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        button(page, "Save as CSV").click(),
      ]);
      const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
      expect(lines).toHaveLength(events.length + 1);
      expect(lines.every((line) => !/(^|,)"?[=+@]/.test(line))).toBe(true);
      await photograph(regulator, "regulator-record");
      expect((await page.pdf()).length).toBeGreaterThan(10_000);
    });
  });

  describe("development keys on chain", STORY, () => {
    onItsOwn();

    it("on a phone in the dark the regulator verifies an attestation that he pastes", async () => {
      const { page } = regulator;
      await page.setViewportSize({ width: 360, height: 740 });
      await page.emulateMedia({ colorScheme: "dark" });
      await view(page, "Regulator");
      await page.getByLabel("Paste an attestation").fill(attestation);
      await button(page, "Verify").click();
      await see(page, "VALID, by a DEVELOPMENT KEY");
      expect(await isWarnedAbove(regulator, ".result .verdict")).toBe(true);
    });

    it("a record warns of a development key on chain, where the page has no key to verify with", async () => {
      const registry = await connectRegistry(world.stage.client, world.registry);
      const stranger = world.stage.wallets[STRANGER]!;
      await attestByHash(world, registry, stranger, await world.example(STRATEGY), attestation);
      const { page } = regulator;
      await page.getByRole("textbox", { name: "Subject" }).fill(stranger.account.address);
      await button(page, "Look").click();
      await see(page, /0 of 1 proofs were verified again in this page/);
      expect(await isWarnedAbove(regulator, ".record .verdict.insecure")).toBe(true);
      await see(page, "Healthy now, by a DEVELOPMENT KEY");
      expect(await page.locator(".verdict.ok").count()).toBe(0);
      await see(page, /Healthy since/);
    });
  });

  describe("a policy that limits tail risk and the days to unwind", STORY, () => {
    const { subject } = TABLES_STRATEGY;
    const trader = () => world.stage.accounts.findIndex(({ address }) => address.toLowerCase() === subject);
    let owner: Person;
    let trio: Texts;
    let proven: string;

    onItsOwn(
      async () => {
        trio = await world.example(TABLES_STRATEGY, { "cta-1": TREND_POSITIONS });
        const wallet = world.stage.wallets[trader()]!;
        owner = await sitDown(browser, server.origin, wallet, world.rpcUrl, undefined);
      },
      async () => await owner?.context.close(),
    );

    const press = async (label: string, key = "Enter"): Promise<void> => {
      await tabTo(owner, label);
      await owner.page.keyboard.press(key);
    };
    const download = async (work: Promise<void>): Promise<string> => {
      const [saved] = await Promise.all([owner.page.waitForEvent("download"), work]);
      return await readFile(await saved.path(), "utf8");
    };

    it("81 depths that nobody published are named before a proof, those of another series are judged by nobody", async () => {
      const { page } = manager;
      const deeper = trio.liquidity!.replace('"depth": "96"', '"depth": "960"');
      await open(page, { ...trio, liquidity: deeper });
      await see(page, "The market book has not accepted this liquidity table");
      await see(page, "The market book accepted this returns table.");
      await button(page, "Prove").click();
      await page.getByRole("alert").filter({ hasText: "preflight.refused" }).waitFor();
      await open(page, { liquidity: trio.liquidity!.replace('"band": "0.01"', '"band": "0.02"') });
      await page.getByRole("alert").filter({ hasText: "policy.series" }).waitFor();
      expect(await page.locator("[data-limit]").count()).toBe(0);
    });

    it("days to unwind are a limit, and a bar for each instrument that moves with what is typed", async () => {
      const { page } = manager;
      await open(page, trio);
      await page.locator('[data-limit="maxDaysToUnwind"]').getByText("at most 2 days").waitFor();
      await page.getByText("Where the risk sits").click();
      const table = page.getByRole("table", { name: "Days to unwind" });
      const days = async () => {
        const rows = await table.getByRole("row").all();
        return await Promise.all(rows.slice(1).map((row) => row.locator("th, td").allTextContents()));
      };
      const cash = (units: string, name: string) => [name, units, "no limit", "0 days"];
      const [slowest, ...others] = await days();
      expect(slowest).toEqual(["BTC-27MAR26", "12", "8", "1.5 days"]);
      expect(others).toEqual(expect.arrayContaining([cash("650,913.27164839", "USDT")]));
      await page.getByLabel("What if BTC-27MAR26 in cta-1 were").fill("17");
      await page.locator('[data-limit="maxDaysToUnwind"]').getByText("BROKEN").waitFor();
      await expect
        .poll(async () => (await days())[0], PATIENCE)
        .toEqual(["BTC-27MAR26", "17", "8", "2.125 days"]);
      await photograph(manager, "manager-unwind");
      await button(page, "Put everything back").click();
    });

    it("only its subject declares its accounts", async () => {
      const { page } = manager;
      await see(page, /takes no attestation of/);
      await page.getByLabel("Wallet").first().selectOption("test-wallet");
      await keep(page, /^Save list of accounts/);
      await button(page, "Declare").click();
      await see(page, /wallet.account/);
    });

    it("by keyboard alone its manager opens the files, declares the accounts and saves their list", async () => {
      const { page } = owner;
      const [chooser] = await Promise.all([
        page.waitForEvent("filechooser"),
        press("Drop or open files", "Space"),
      ]);
      await chooser.setFiles(asFiles(trio));
      await see(page, "signatures verified");
      await see(page, /takes no attestation of/);
      const saved = parseEnrolment(await download(press("Save list of accounts (secret)")));
      await press(`I have the file enrolment-${subject.slice(2, 10)}.json`, "Space");
      await press("Wallet", "ArrowDown");
      await press("Declare");
      await see(page, "The registry knows these accounts");
      const registry = await connectRegistry(world.stage.client, world.registry);
      expect(await enrolmentOf(registry, subject)).toBe(enrolmentCommitment(saved));
    });

    it("by keyboard alone it proves all three at once, which Node verifies, and the registry takes them", async () => {
      const { page } = owner;
      await press("Prove");
      await see(page, "a proof of health, one of tail risk and one of the days to unwind");
      await download(press("Save next state (secret)"));
      await press(`I have the file state-${subject.slice(2, 10)}-0.json`, "Space");
      proven = await download(press("Save attestation"));
      const policy = parsePolicy(trio.policy!);
      const circuits = [policy.circuit.id, policy.tail!.circuit.id, policy.liquidity!.circuit.id];
      const [health, tail, liquidity] = await Promise.all(circuits.map((id) => ensureCircuit(id)));
      const market = withReturns(parseMarket(trio.market!), parseReturns(trio.returns!));
      verifyAttestation({
        attestation: parseAttestation(proven),
        policy,
        market: withLiquidity(market, parseLiquidity(trio.liquidity!)),
        verificationKey: health!.verificationKey,
        tailKey: tail!.verificationKey,
        liquidityKey: liquidity!.verificationKey,
        expected: { domain: { chainId: 31337, registry: world.registry } },
      });
      await press("Wallet", "ArrowDown");
      await press("Submit");
      await see(page, /the registry says healthy/);
      expect(await accessibilityFindings(owner)).toEqual([]);
      await photograph(owner, "manager-three");
    });

    it("the regulator verifies all three by the registry's terms, by own files, and in the record", async () => {
      const { page } = regulator;
      await leaveAndReturn(page, "Vault", "Regulator");
      // By keyboard alone, as its manager proved it.
      await tabTo(regulator, "Paste an attestation");
      await page.keyboard.insertText(proven);
      await tabTo(regulator, "Verify");
      await page.keyboard.press("Enter");
      await see(page, "VALID, by a DEVELOPMENT KEY");
      await see(page, /annual volatility, by the table of returns, was at most 25 % of equity/);
      await see(
        page,
        /every position, long and short added over all accounts, could be unwound within 2 days/,
      );
      await see(page, /liquidity series 0x04[0-9a-f]{62}: a day takes 10 % of what is traded there/);
      await open(page, { policy: trio.policy, market: trio.market });
      await button(page, "Verify").click();
      await see(page, /returns.missing/);
      await open(page, { returns: trio.returns });
      await button(page, "Verify").click();
      await see(page, /liquidity.missing/);
      for (const [code, wrong] of [
        ["policy.series", trio.liquidity!.replace('"band": "0.01"', '"band": "0.02"')],
        ["proof.mismatch", trio.liquidity!.replace('"depth": "96"', '"depth": "960"')],
      ] as const) {
        await open(page, { liquidity: wrong });
        await button(page, "Verify").click();
        await page.getByRole("alert").filter({ hasText: code }).waitFor();
        expect(await page.locator(".result .verdict").count()).toBe(0);
      }
      await open(page, { liquidity: trio.liquidity });
      await button(page, "Verify").click();
      await see(page, /signed by Halyard Prime/);
      await see(page, "VALID, by a DEVELOPMENT KEY");
      await tabTo(regulator, "Subject");
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.insertText(subject);
      await tabTo(regulator, "Look");
      await page.keyboard.press("Enter");
      await see(page, "The one proof was verified again in this page, and holds.");
      await see(page, "portfolio-health/spot-16 and tail-risk/spot-64 and liquidity/16x1");
      await photograph(regulator, "regulator-three", { name: "regulator", from: ".record" });
    });

    it("a circuit that the page was built without is named, and its book judged all the same", async () => {
      const { page } = owner;
      await page.getByLabel("Or open an example").selectOption({ label: "Multi-venue market maker" });
      await button(page, "Open example").click();
      await see(page, /received portfolio-health\/fund-64 \(artifact.missing\)/);
      await see(page, "npm run app -- portfolio-health/fund-64 tail-risk/64");
      expect(await page.locator("[data-limit]").count()).toBeGreaterThan(5);
    });

    it("limits of each account, and of the accounts of one source together", async () => {
      const { page } = owner;
      const row = (name: string) => page.locator(`[data-limit="${name}"]`);
      await row("minAccountHealthFactor").getByText("Health factor of the weakest account").waitFor();
      await row("maxVenue").getByText("equity at one source, over all equity").waitFor();
      await page.getByText("Where the risk sits").click();
      const venues = page.getByRole("table", { name: "Equity by venue" }).getByRole("rowheader");
      expect(await venues.allTextContents()).toEqual([
        "Halyard Prime",
        "Meridian Options",
        "Northgate Custody",
      ]);
    });

    it.each([
      ["returns", "tail", "returns", "0x03"],
      ["depths", "liquidity", "depths", "0x04"],
    ] as const)("%s that nobody published are refused", async (_, proof, table, kind) => {
      const { page } = regulator;
      const file = JSON.parse(proven);
      const place = file[proof][table];
      const forged = { ...file[proof], [table]: { ...place, root: `${BigInt(place.root) + 1n}` } };
      await leaveAndReturn(page, "Vault", "Regulator");
      await page.getByLabel("Paste an attestation").fill(JSON.stringify({ ...file, [proof]: forged }));
      await button(page, "Verify").click();
      const words = `attestation\\.${proof}\\.${table}: expected a table that the market book accepted in series ${kind}`;
      await see(page, new RegExp(words));
      expect(await page.locator(".result .verdict").count()).toBe(0);
    });

    it("one proof of three less, or a proof in another's place, is invalid", async () => {
      const { page } = regulator;
      const { tail, liquidity, ...health } = JSON.parse(proven);
      await leaveAndReturn(page, "Vault", "Regulator");
      for (const forged of [
        { ...health, tail },
        { ...health, liquidity },
        { ...health, liquidity, tail: { ...tail, proof: health.proof } },
        { ...health, tail, liquidity: { ...liquidity, proof: tail.proof, digest: tail.digest } },
      ]) {
        await page.getByLabel("Paste an attestation").fill(JSON.stringify(forged));
        await button(page, "Verify").click();
        await see(page, /proof\.(mismatch|invalid)/);
        expect(await page.locator(".result .verdict").count()).toBe(0);
      }
    });

    it("by a table that was withdrawn since it is no more valid, by its files neither", async () => {
      const registry = await connectRegistry(world.stage.client, world.registry);
      const { asOf, liquidity } = parseAttestation(proven);
      const { series } = parsePolicy(trio.policy!).liquidity!;
      expect(asOf).toBeGreaterThan(0);
      await withdrawTable(world, registry, series, liquidity!.depths);
      const { page } = regulator;
      await leaveAndReturn(page, "Vault", "Regulator");
      for (const files of [{}, trio]) {
        const { snapshot: _, ...own } = files as Texts;
        if (Object.keys(own).length > 0) await open(page, own);
        await page.getByLabel("Paste an attestation").fill(proven);
        await button(page, "Verify").click();
        await see(page, /attestation\.liquidity\.depths: expected a table .* or that was withdrawn/);
        expect(await page.locator(".result .verdict").count()).toBe(0);
      }
    });

    it("what rests on a withdrawn table is voided by anybody: the record says so, and the attestation is no more valid", async () => {
      const registry = await connectRegistry(world.stage.client, world.registry);
      await withdrawAndVoid(world, registry, parseAttestation(proven));
      const { page } = regulator;
      await page.getByRole("textbox", { name: "Subject" }).fill(subject);
      await button(page, "Look").click();
      await see(page, /voided: what the latest attestation rests on was withdrawn/);
      await see(page, "A table that it rests on was WITHDRAWN since.");
      expect(await page.locator('[data-event="voided"]').count()).toBe(1);
      await page.getByLabel("Paste an attestation").fill(proven);
      await button(page, "Verify").click();
      await see(page, /attestation\.market: expected a table .* or that was withdrawn/);
    });
  });

  describe("59 options of a market a year later", STORY, () => {
    const EXPIRED =
      /contract\.expiry: expected a time after market\.asOf, 1798761600, received 1769760000 \(market\.expired\)/;
    let files: Texts;

    onItsOwn(async () => {
      const read = (name: string) =>
        readFile(join(PACKAGE, "examples/options-volatility", `${name}.json`), "utf8");
      const names = ["snapshot", "market", "policy", "units"];
      const [snapshot, market, policy, units] = await Promise.all(names.map(read));
      const { asOf } = parseMarket(market!);
      const later = market!.replace(`"asOf": ${asOf}`, `"asOf": ${asOf + 365 * DAY}`);
      files = { snapshot: snapshot!, market: later, policy: policy!, units: units! };
    });

    it("have expired: the manager's book is not judged", async () => {
      const { page } = manager;
      await leaveAndReturn(page, "Vault", "Manager");
      await page.getByLabel("Or open an example").selectOption({ label: "Options volatility selling" });
      await button(page, "Open example").click();
      await page.locator("[data-limit]").first().waitFor();
      await button(page, "Close and forget everything").click();
      await open(page, files);
      await page.getByRole("alert").filter({ hasText: EXPIRED }).waitFor();
      expect(await page.locator("[data-limit]").count()).toBe(0);
    });

    it("have expired: the regulator verifies nothing by them", async () => {
      const { page } = regulator;
      await leaveAndReturn(page, "Vault", "Regulator");
      await open(page, { policy: files.policy, market: files.market });
      await page.getByLabel("Paste an attestation").fill(attestation);
      await button(page, "Verify").click();
      await page.getByRole("alert").filter({ hasText: EXPIRED }).waitFor();
      await leaveAndReturn(page, "Vault", "Regulator");
    });
  });

  describe("hostile files", STORY, () => {
    onItsOwn(async () => {
      await view(manager.page, "Manager");
      await view(regulator.page, "Regulator");
    });

    it("49 an instrument's name and a title with script are refused in words, and run nowhere", async () => {
      const { page } = manager;
      await open(page, book);
      await see(page, "signatures verified");
      for (const [path, text] of [
        ["market.instruments", book.market!.replaceAll('"USDC"', JSON.stringify(ATTACK))],
        ["policy.name", book.policy!.replace("ETH hedged vault", ATTACK)],
        ["snapshot.accounts", book.snapshot!.replace('"ETH"', JSON.stringify(ATTACK))],
      ] as const) {
        await open(page, { hostile: text });
        await page.getByRole("alert").filter({ hasText: path }).waitFor();
      }
      expect(await page.locator("img").count()).toBe(0);
      await button(page, "Close and forget everything").click();
      expect(await page.locator("[data-limit]").count()).toBe(0);
    });

    it.each([
      ["script in a field", (text: string) => text.replace(/"subject": "0x[^"]*"/, `"subject": "${ATTACK}"`)],
      ["a prototype", (text: string) => text.replace("{", '{"__proto__": {"polluted": true},')],
      ["half of it", (text: string) => text.slice(0, text.length / 2)],
      ["a million brackets", () => "[".repeat(1_000_000)],
      [
        "another digest",
        (text: string) => text.replace(/"digest": "(\d+)"/, (_, c) => `"digest": "${BigInt(c) + 1n}"`),
      ],
    ])("49 a proof file with %s is invalid, in words", async (_, change) => {
      const { page } = regulator;
      await page.getByLabel("Paste an attestation").fill(change(attestation));
      await button(page, "Verify").click();
      await page.getByRole("alert").waitFor();
      expect(await button(page, "Verify").isEnabled()).toBe(true);
      expect(await page.locator("img").count()).toBe(0);
      expect(await page.evaluate(() => "polluted" in {})).toBe(false);
    });
  });

  describe("secrets", STORY, () => {
    let arrived: number;

    onItsOwn(async () => {
      arrived = manager.requests.findLastIndex((url) => new URL(url).pathname === "/");
      const { page } = manager;
      await view(page, "Manager");
      await open(page, book);
      await button(page, "Prove").click();
      await see(page, /^Proved in .* and verified/);
      await view(depositor.page, "Vault");
      await see(depositor.page, /Deposits are/);
    });

    it("50 nothing but files was asked for and calls sent, all of one origin, and no holding is in any of it", () => {
      const urls = [manager, depositor, regulator].flatMap(({ requests }) => requests);
      expect(urls.length).toBeGreaterThan(20);
      expect(urls.filter((url) => !url.startsWith(`${server.origin}/`) && !url.startsWith("blob:"))).toEqual(
        [],
      );
      const holdings = Object.values({ ...POSITIONS, ...TREND_POSITIONS }).flatMap((amount) => {
        const digits = amount.replace(/[-.]/g, "");
        return [amount.replace("-", ""), digits, BigInt(digits).toString(16)];
      });
      const { salt } = JSON.parse(book.enrolment!);
      const sent = received.map(({ method, url, body }) => `${method} ${url} ${body}`);
      expect(sent.filter((text) => [...holdings, salt].some((secret) => text.includes(secret)))).toEqual([]);
      for (const { method, url, body } of received) {
        expect([method, body === ""]).toEqual(url === "/rpc" ? ["POST", false] : ["GET", true]);
      }
    });

    it("50 the page itself lists each request for a file or to the node", async () => {
      const { page, requests } = manager;
      await page.getByText(/requests so far/).click();
      const rows = await page.locator(".leaves tbody td:first-child").allTextContents();
      const listed = new Set(rows.map((row) => row.split(" ")[1]!.replace(/^\//, "")));
      const asked = requests.slice(arrived).map((url) => url.replace(`${server.origin}/`, ""));
      const ownParts = /^$|^(blob:|assets\/)/;
      expect([...new Set(asked)].filter((path) => !ownParts.test(path) && !listed.has(path))).toEqual([]);
      expect(listed).toContain("rpc");
    });

    it("48 what the manager opened is gone when the page is left, and so is the worker that held it", async () => {
      const { page } = manager;
      await open(page, book);
      await see(page, "signatures verified");
      expect(page.workers()).not.toEqual([]);
      await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pagehide")));
      await page.locator("[data-limit]").first().waitFor({ state: "detached" });
      expect(await page.locator("main").textContent()).not.toContain("Northgate Custody");
      await expect.poll(() => page.workers().length, PATIENCE).toBe(0);
    });

    it("48 nothing is stored", async () => {
      for (const { page, context } of [manager, depositor, regulator]) {
        expect(await context.cookies()).toEqual([]);
        const stored = await page.evaluate(async () => [
          localStorage.length,
          sessionStorage.length,
          (await indexedDB.databases()).length,
          (await caches.keys()).length,
        ]);
        expect(stored).toEqual([0, 0, 0, 0]);
      }
    });

    it("49 no page broke its security policy, threw, or complained", () => {
      for (const { complaints } of [manager, depositor, regulator]) expect(complaints).toEqual([]);
    });
  });

  describe("from a host of files, which knows no chain", STORY, () => {
    let plain: ConsoleServer;
    let stranger: Person;

    onItsOwn(
      async () => {
        plain = await serveConsole({ folder: site });
        stranger = await sitDown(
          browser,
          plain.origin,
          world.stage.wallets[CAST.rival]!,
          world.rpcUrl,
          ATTACK,
        );
        const registry = await connectRegistry(world.stage.client, world.registry);
        const guardian = world.stage.wallets[CAST.deployer]!;
        await revokeFor(registry, guardian, STRATEGY.subject, world.policyId, "under review");
      },
      async () => {
        await stranger?.context.close();
        await plain?.close();
      },
    );

    it("an attestation is verified against files alone", async () => {
      const { page } = stranger;
      await view(page, "Regulator");
      await see(page, /No chain can be reached from here/);
      await page.getByLabel("Paste an attestation").fill(attestation);
      await button(page, "Verify").click();
      await see(page, /policy and market files, or the chain where it counts/);
      await open(page, { policy: book.policy, market: book.market });
      await button(page, "Verify").click();
      // Nobody here named the local chain but the attestation itself.
      await see(page, /a development key \(key\.insecure\)/);
      await page.getByLabel(/Accept development keys/).check();
      await button(page, "Verify").click();
      await see(page, "The proof holds, by the market you gave.");
      expect(await isWarnedAbove(stranger, ".result .verdict")).toBe(true);
      await see(page, /whether these are the accounts that the subject declared/);
      expect(await page.locator(".verdict.ok").count()).toBe(0);
    });

    it("a proof that is bound to no registry is made with a development key only when that is said", async () => {
      const { page } = stranger;
      // Each block takes a second of the chain's time, so that its clock runs ahead of the page's.
      await page.clock.setFixedTime((parseSnapshot(book.snapshot!).asOf + 60) * 1000);
      await view(page, "Manager");
      await open(page, book);
      await button(page, "Prove").click();
      await see(page, /a development key on chain 0 \(key.insecure\)/);
      await page.getByLabel(/Accept development keys/).check();
      await button(page, "Prove").click();
      await see(page, /^Proved in .* and verified/);
      expect(await isWarnedAbove(stranger, ".result p:not(.warning)")).toBe(true);
      await button(page, "Close and forget everything").click();
    });

    it("a vault is reached through the wallet", async () => {
      const { page } = stranger;
      await view(page, "Vault");
      await see(page, /No vault is open/);
      await page.getByLabel("Vault address").fill(world.vault);
      await chooseWallet(page);
      await button(page, "Connect").click();
      await see(page, "Deposits are closed");
      await see(page, "A guardian closed the manager's record");
    });

    it("a vault that names its registry itself is shown with a warning until the visitor names the same", async () => {
      const { page } = stranger;
      const warning = page.getByText("Nobody named the registry that this vault should ask");
      await warning.waitFor();
      await see(page, "Registry, by the vault's own word");
      await page.getByLabel("Registry you expect").fill(world.registry);
      await button(page, "Connect").click();
      await see(page, "Registry, as expected");
      expect(await warning.count()).toBe(0);
    });
  });

  describe("a deployer's own registry", STORY, () => {
    onItsOwn();

    it("64 a vault in front of a registry of its deployer's own is refused in words", async () => {
      const registry = await connectRegistry(world.stage.client, world.registry);
      const theirs = await vaultOfItsOwnRegistry(world, registry);
      const { page } = depositor;
      await view(page, "Vault");
      const field = page.getByLabel("Registry you expect");
      expect(await field.inputValue()).toBe(world.registry.toLowerCase());
      await page.getByLabel("Vault address").fill(theirs);
      await button(page, "Connect").click();
      await see(page, /expected registry 0x.*\(registry\.foreign\)/);
      await see(page, "This vault asks another registry than the one you expect.");
      expect(await page.locator(".gate").count()).toBe(0);
      await leaveAndReturn(page, "Manager", "Vault");
      await see(page, /Deposits are/);
    });
  });

  describe("for everybody", STORY, () => {
    onItsOwn(async () => {
      await view(manager.page, "Manager");
      await view(depositor.page, "Vault");
      await see(depositor.page, /Deposits are/);
      const { page } = regulator;
      await leaveAndReturn(page, "Vault", "Regulator");
      await page.getByLabel("Paste an attestation").fill(attestation);
      await button(page, "Verify").click();
      await see(page, "VALID");
      await page.getByRole("textbox", { name: "Subject" }).fill(STRATEGY.subject);
      await button(page, "Look").click();
      await page.locator(".record").first().waitFor();
    });

    it.each(["light", "dark"] as const)("axe-core finds nothing serious in %s", async (colorScheme) => {
      await open(manager.page, book);
      await see(manager.page, "signatures verified");
      for (const person of [manager, depositor, regulator]) {
        await person.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        expect(await accessibilityFindings(person)).toEqual([]);
      }
      await photograph(manager, `manager-${colorScheme}`);
      await photograph(regulator, `regulator-${colorScheme}`);
    });

    it("the switch overrides the system's colours", async () => {
      const { page } = manager;
      await page.emulateMedia({ colorScheme: "dark" });
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const dark = await ground();
      await button(page, "Colours: auto").click();
      expect(await ground()).not.toBe(dark);
      await button(page, "Colours: light").click();
      await button(page, "Colours: dark").click();
      expect(await ground()).toBe(dark);
    });

    it.each(["light", "dark"] as const)("every view fits a phone, in %s as well", async (colorScheme) => {
      for (const [name, person] of Object.entries({ manager, vault: depositor, regulator })) {
        await person.page.emulateMedia({ colorScheme });
        await person.page.setViewportSize({ width: 360, height: 740 });
        const width = () => person.page.evaluate(() => document.documentElement.scrollWidth);
        await expect.poll(width, PATIENCE).toBeLessThanOrEqual(360);
        expect(await accessibilityFindings(person)).toEqual([]);
        await photograph(person, `${name}-phone-${colorScheme}`);
      }
    });

    it("51 when the node does not answer, each view says so", async () => {
      for (const [person, act] of [
        [manager, (page: Page) => leaveAndReturn(page, "Regulator", "Manager")],
        [
          depositor,
          async (page: Page) => {
            // On a phone, as which it was looked at before, this is folded.
            await page.setViewportSize({ width: 1280, height: 900 });
            await button(page, "Connect").click();
          },
        ],
        [regulator, (page: Page) => button(page, "Look").click()],
      ] as const) {
        const before = person.complaints.length;
        await person.page.route("**/rpc", (route) => route.abort());
        await act(person.page);
        await see(person.page, /expected the chain to answer.*\(http:\/\/127\.0\.0\.1:\d+\) \(chain.call\)/);
        // The catalogue of what to do came before the host was out of reach.
        await see(person.page, person === depositor ? "The chain did not answer." : /choose another node/);
        // That a request failed the browser says as well; it is no complaint about the page.
        person.complaints.splice(before);
      }
    });

    it("49 what the pages keep in view has no attack in it", async () => {
      for (const { page } of [manager, depositor, regulator]) {
        expect(await page.locator("img, iframe, script:not([src])").count()).toBe(0);
      }
    });
  });
});
