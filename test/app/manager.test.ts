// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the manager's page lead through its five steps, on a phone as well, and keep what would be lost: files told apart, a look at what
 * the registry would refuse, a state from a seed, and browsers that lack something?
 *
 * @module
 */

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatSeed, formatState, newSeed, parseState } from "@keel/prover";
import type { Browser, Locator, Page } from "playwright-core";
import type { Hex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalWorld, Texts } from "../../dist/app/host/local.js";
import { type ConsoleServer, serveConsole } from "../../dist/app/host/server.js";
import { STRATEGY } from "../../dist/examples/demo/world.js";
import { TABLES_STRATEGY } from "../../dist/examples/tables-strategy.js";
import { launchBrowser } from "../support/browser.js";
import { inventedPrices } from "./deeds.js";
import {
  accessibilityFindings,
  asFiles,
  brokenWords,
  type Device,
  MOST_SCREENS,
  PATIENCE,
  type Person,
  photograph,
  screensOf,
  sitDown,
  TELEPHONE,
  tabTo,
} from "./people.js";
import { borrowWorld, builtSite } from "./stage.js";

let world: LocalWorld;
let server: ConsoleServer;
let browser: Browser;
let book: Texts;
const people: Person[] = [];

beforeAll(async () => {
  const { site: folder } = await builtSite();
  [world, browser] = await Promise.all([borrowWorld(), launchBrowser()]);
  // No example is opened by itself; the local ones can be chosen.
  const accounts = { ...world.config, examples: [] };
  const answers = { ...world.answers, "/keel.json": () => accounts };
  server = await serveConsole({ folder, rpcUrl: world.rpcUrl, answers });
  book = await world.example(STRATEGY);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await world?.stop();
});

const PHONE = { width: 360, height: 740 };
const isShort = (screens: number): boolean => screens <= MOST_SCREENS;

/** Somebody new at a page of his own. @param prepare runs in the page before anything else does */
async function newcomer(prepare: () => void): Promise<Page> {
  const { page, context } = await sit();
  await context.addInitScript(prepare);
  await page.reload();
  await bar(page).waitFor();
  return page;
}

async function sit(device?: Device, subject: Hex = STRATEGY.subject): Promise<Person> {
  const own = world.stage.accounts.findIndex(({ address }) => address.toLowerCase() === subject);
  const wallet = world.stage.wallets[own]!;
  const person = await sitDown(browser, server.origin, wallet, world.rpcUrl, "Wallet", device);
  people.push(person);
  return person;
}

/** Whose page the tests take in turn: loaded anew, it knows nothing of what was open before. */
let regular: Person | undefined;
/** How many requests there were before it was loaded the last time. */
let arrived = 0;
/** It has the book open, and nobody has done anything with it. */
let isUntouched = false;

/** A page as somebody finds it who comes for the first time. */
async function arrive(): Promise<Page> {
  regular ??= await sit();
  isUntouched = false;
  const { page } = regular;
  await page.emulateMedia({ colorScheme: "light", media: "screen" });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto("about:blank");
  arrived = regular.requests.length;
  await page.goto(`${server.origin}/#/manager`);
  await bar(page).waitFor();
  return page;
}

/** A page with the book open, for tests that only look. */
async function withBook(): Promise<Page> {
  if (isUntouched) return regular!.page;
  const page = await arrive();
  await open(page, book);
  await settled(page);
  isUntouched = true;
  return page;
}

const personAt = (page: Page): Person => people.find((person) => person.page === page)!;
const button = (page: Page, name: string | RegExp) =>
  page.getByRole("button", { name, exact: typeof name === "string" });
const bar = (page: Page) => page.locator(".next-bar");
const open = (page: Page, texts: object) =>
  page.getByLabel("Drop or open files").setInputFiles(asFiles(texts));
/** Waits until the bar says it; when it does not, the page's alerts say why. */
const says = async (page: Page, text: string | RegExp): Promise<void> =>
  await bar(page)
    .getByText(text)
    .waitFor()
    .catch(async () => {
      const alerts = await page.getByRole("alert").allTextContents();
      throw new Error(`not ${text} but ${await bar(page).textContent()}; alerts: ${alerts.join(" | ")}`);
    });
const isFocused = async (element: Locator): Promise<void> =>
  await expect.poll(() => element.evaluate((it) => it === document.activeElement), PATIENCE).toBe(true);
const settled = async (page: Page): Promise<void> => {
  await page.getByText("signatures verified").first().waitFor({ state: "attached" });
  await page.getByText("The registry knows these accounts").first().waitFor({ state: "attached" });
};
const download = async (page: Page, work: () => Promise<void>) => {
  const [saved] = await Promise.all([page.waitForEvent("download"), work()]);
  return { name: saved.suggestedFilename(), text: await readFile(await saved.path(), "utf8") };
};

const cutWords = (page: Page): Promise<string[]> => page.evaluate(brokenWords);

/** Drops a folder of this machine on the page, as from its file manager. */
async function dropFolder(page: Page, folder: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x: 400, y: 60, data });
  await session.detach();
}

/** Gives back the chain as it was. */
function takingBack(): void {
  let before: Hex;
  beforeAll(async () => {
    before = await world.stage.test.snapshot();
  });
  afterAll(async () => await world.stage.test.revert({ id: before }));
}

describe("the manager's steps", () => {
  takingBack();

  it("lead on a phone, by touch, through all five of them by the button and what it points at", async () => {
    const { subject } = TABLES_STRATEGY;
    const person = await sit(TELEPHONE, subject);
    const { page } = person;
    /** With a finger, before which no page scrolls by itself. */
    const touch = async (): Promise<void> => {
      const { x, y, width, height } = (await bar(page).getByRole("button").boundingBox())!;
      await page.touchscreen.tap(x + width / 2, y + height / 2);
    };
    /** What it points at is out of view, and shown first. */
    const shows = async (element: Locator): Promise<void> => {
      await page.evaluate(() => window.scrollTo(0, 0));
      await touch();
      await isFocused(element);
    };
    const fits = async (what: string): Promise<void> => {
      expect([what, await screensOf(page)]).toEqual([what, expect.toSatisfy(isShort)]);
      expect([what, await cutWords(page)]).toEqual([what, []]);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect([what, width]).toEqual([what, TELEPHONE.viewport!.width]);
    };
    await says(page, "Nothing is open yet.");
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), touch()]);
    await chooser.setFiles(asFiles(await world.example(TABLES_STRATEGY)));
    await says(page, "Every limit holds.");
    await page
      .getByText(/takes no attestation of/)
      .first()
      .waitFor();
    await fits("accounts");
    await shows(button(page, /^Save list of accounts/));
    const list = await download(page, touch);
    await page.getByLabel(`I have the file ${list.name}`).tap();
    await page.getByLabel("Wallet").selectOption("test-wallet");
    await button(page, "Declare").tap();
    await bar(page).getByText("Next: prove").waitFor();
    await fits("prove");
    await shows(button(page, "Prove"));
    await touch();
    await says(page, "Proved, and NOT saved.");
    await fits("proved");
    await shows(button(page, /^Save next state/));
    const state = await download(page, touch);
    expect(state.name).toBe(`state-${subject.slice(2, 10)}-0.json`);
    expect(parseState(state.text).epoch).toBe(0n);
    await touch();
    await isFocused(page.getByLabel(`I have the file ${state.name}`));
    await page.getByLabel(`I have the file ${state.name}`).tap();
    await says(page, "Proved, and its state is saved.");
    await button(page, "Submit").tap();
    await says(page, "Attested.");
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await accessibilityFindings(person)).toEqual([]);
      await photograph(person, `manager-done-phone-${colorScheme}`);
    }
    await fits("attested");
    // One step at a time is unfolded, whichever.
    for (const title of ["Your book", "Check", "Declared accounts", "Prove"]) {
      const fold = page.locator(".step-head button", { hasText: title });
      await fold.tap();
      await expect.poll(() => fold.getAttribute("aria-expanded"), PATIENCE).toBe("true");
      expect(await page.locator('.step-head [aria-expanded="true"]').count()).toBe(1);
      await fits(title);
    }
    expect(person.complaints).toEqual([]);
    await person.context.close();
  });
});

describe("the steps' page", () => {
  it("keeps the bar with the next one in view wherever the page is scrolled", async () => {
    const page = await withBook();
    for (const place of [0, 500, 1e6]) {
      await page.evaluate((y) => window.scrollTo(0, y), place);
      const box = await bar(page).boundingBox();
      expect(box!.y + box!.height).toBeLessThanOrEqual(901);
    }
    // What has the focus is not below the bar.
    await tabTo(personAt(page), "Prove");
    const [focused, edge] = await Promise.all([button(page, "Prove").boundingBox(), bar(page).boundingBox()]);
    expect(focused!.y + focused!.height).toBeLessThanOrEqual(edge!.y + 1);
  });

  it("on a desk is not above four screens either", async () => {
    const page = await withBook();
    expect(await screensOf(page)).toBeLessThanOrEqual(4);
  });

  it("folds on a phone, not above four screens and no word cut, in light and in dark", async () => {
    const page = await arrive();
    await page.setViewportSize(PHONE);
    const broken = await world.example(STRATEGY, { main: { "ETH-PERP": "0" } });
    for (const [name, texts] of [
      ["empty", {}],
      ["broken", broken],
      ["whole", book],
    ] as const) {
      if (name !== "empty") await open(page, texts);
      if (name !== "empty")
        await page.getByText("signatures verified").first().waitFor({ state: "attached" });
      await says(page, { empty: "Nothing is open", broken: /BROKEN/, whole: "Every limit holds." }[name]);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await photograph(personAt(page), `manager-phone-${name}-${colorScheme}`);
        expect([name, await cutWords(page)]).toEqual([name, []]);
        expect(await screensOf(page)).toBeLessThanOrEqual(4);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
        expect(await accessibilityFindings(personAt(page))).toEqual([]);
      }
    }
    for (const title of ["Your book", "Check", "Declared accounts", "Prove"]) {
      const fold = page.locator(".step-head button", { hasText: title });
      if ((await fold.getAttribute("aria-expanded")) === "false") await fold.click();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        expect([title, await cutWords(page)]).toEqual([title, []]);
      }
    }
  });
});

describe("files", () => {
  it("can be dropped anywhere, are listed by their names, closed one by one, and named in what is wrong", async () => {
    const page = await arrive();
    await page.evaluate((texts) => {
      const dataTransfer = new DataTransfer();
      for (const [kind, text] of Object.entries(texts))
        dataTransfer.items.add(new File([text], `my-${kind}.json`));
      document.querySelector("footer")!.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
    }, book);
    await settled(page);
    const names = await page
      .getByRole("list", { name: "Open files" })
      .locator(".file-name")
      .allTextContents();
    expect(names.sort()).toEqual(
      Object.keys(book)
        .map((kind) => `my-${kind}.json`)
        .sort(),
    );
    await open(page, { half: book.market!.slice(0, 50), key: '{"keel": "key/1"}' });
    const alert = page.getByRole("alert").first();
    await alert.waitFor();
    for (const words of ["half.json: ", "key.json: ", "file.kind"])
      expect(await alert.textContent()).toContain(words);
    await button(page, "Close my-units.json").click();
    await says(page, "Still missing: units.");
    // On another view a file is opened by nobody, the browser included.
    await page.getByRole("link", { name: "Vault", exact: true }).click();
    await page.getByRole("heading", { name: "Vault", level: 1 }).waitFor();
    const isKept = await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["{}"], "lost.json"));
      const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
      return !document.querySelector("footer")!.dispatchEvent(drop);
    });
    expect(isKept).toBe(true);
  });

  it("never mix with an example", async () => {
    const page = await arrive();
    await page.getByLabel("Or open an example").selectOption({ label: "Options volatility selling" });
    await button(page, "Open example").click();
    await page.locator("[data-limit]").first().waitFor();
    await open(page, { market: book.market });
    await page.getByText(/^Closed: the example “Options volatility selling”/).waitFor();
    await says(page, "Still missing: snapshot, policy.");
  });
});

describe("faults that a new user makes are told with what to do about them", () => {
  /** What an alert says of it; the catalogue is loaded behind it. */
  const told = async (page: Page, code: string): Promise<string> => {
    const alert = page.getByRole("alert").filter({ hasText: code });
    await alert.getByText("What to do:").first().waitFor();
    return (await alert.textContent())!;
  };

  it("in files: every fault of each, by its name", async () => {
    const page = await arrive();
    const snapshot = book.snapshot!.replace(/"asOf": (\d+)/, (_, asOf) => `"asOf": ${asOf}000`);
    const policy = book.policy!.replace(/"maxLeverage": "[^"]*"/, '"maxLeverage": "300%"');
    const market = book.market!.replace(/"price": "[^"]*"/, '"price": "0"');
    await open(page, { snapshot, policy, market, key: '{"keel": "key/1"}' });
    const words = await told(page, "input.time");
    for (const part of [
      "snapshot.json: snapshot.asOf: expected unix seconds, received milliseconds, as it seems",
      "What to do: Write unix seconds, which are milliseconds divided by 1000.",
      "policy.json: policy.limits.maxLeverage: ",
      "received text with a percent sign (5 % is 0.05)",
      "What to do: Write digits, with a point before the fraction",
      "market.json: market.instruments[0].price: ",
      "key.json: file.keel: ",
      "What to do: Open one of Keel's files: its first key is keel.",
    ])
      expect(words).toContain(part);
    expect(await accessibilityFindings(personAt(page))).toEqual([]);
    await photograph(personAt(page), "manager-faults");
    // Files behind each other's names are known by what is in them.
    await open(page, { market: book.policy, policy: book.market, snapshot: book.snapshot });
    const listed = page.getByRole("list", { name: "Open files" }).getByRole("listitem");
    expect((await listed.allTextContents()).sort()).toEqual([
      "market.json policy×",
      "policy.json market×",
      "snapshot.json snapshot×",
    ]);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("with folders: one without files is refused, of another its files are opened", async () => {
    const page = await arrive();
    const folder = await mkdtemp(join(tmpdir(), "keel-dropped-"));
    try {
      const full = join(folder, "my-book");
      await mkdir(join(folder, "empty"));
      await mkdir(full);
      for (const [kind, text] of Object.entries(book)) await writeFile(join(full, `${kind}.json`), text);
      await dropFolder(page, join(folder, "empty"));
      const words = await told(page, "file.folder");
      expect(words).toContain("empty: expected a folder with .json files, received none in it");
      expect(words).toContain("What to do: Open a folder in which the book's .json files lie");
      await dropFolder(page, full);
      await settled(page);
      expect(await page.locator(".open-file").count()).toBe(Object.keys(book).length);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("with signatures: a changed holding is told above the limits, and not in green", async () => {
    const page = await withBook();
    isUntouched = false;
    await open(page, { snapshot: book.snapshot!.replace(/"ETH": "\d+/, '"ETH": "2') });
    const words = await told(page, "snapshot.signature");
    expect(words).toContain("What to do: Let each account's source sign this very data: keel sign");
    await page.getByText("NOT as it was signed: see above").waitFor({ state: "attached" });
  });

  it("with a state: one of another attestation is refused before a proof, half of one when it is opened", async () => {
    const page = await withBook();
    isUntouched = false;
    const state = formatState({ equity: 10n ** 16n, units: 10n ** 14n, epoch: 3n, salt: 5n as never });
    await open(page, { state: state.slice(0, -9) });
    expect(await told(page, "state.json: ")).toContain("What to do: ");
    await open(page, { state });
    await says(page, "The registry would refuse: state.");
    await page.getByText("close the state that is open").waitFor();
  });
});

describe("a look before the proof", () => {
  it("says what the registry would refuse, and the proof is not made; for no registry it is", async () => {
    const page = await arrive();
    await open(page, { ...book, market: inventedPrices(book.market!) });
    await says(page, "The registry would refuse: market.");
    await page.getByText("The market book has not accepted this market table").waitFor();
    await button(page, "Prove").click();
    await page.getByRole("alert").filter({ hasText: "preflight.refused" }).waitFor();
    expect(await page.getByText(/^Proved in/).count()).toBe(0);
    await page.getByLabel("Where it shall count").selectOption("nowhere");
    await page.getByLabel(/Accept development keys/).check();
    await button(page, "Prove").click();
    await page.getByText(/^Proved in/).waitFor();
    await says(page, "Proved.");
  });

  it("fetches the circuit as soon as a book is open", async () => {
    await withBook();
    const { requests } = regular!;
    await expect
      .poll(() => requests.slice(arrived).some((url) => url.endsWith(".zkey")), PATIENCE)
      .toBe(true);
  });
});

describe("a chain whose clock is ahead", () => {
  takingBack();

  it("signs an example that is proven for no registry as well", async () => {
    await world.stage.test.increaseTime({ seconds: 7200 });
    await world.stage.test.mine({ blocks: 1 });
    const page = await arrive();
    await open(page, await world.example(STRATEGY));
    await settled(page);
    await page.getByLabel("Where it shall count").selectOption("nowhere");
    await page.getByLabel(/Accept development keys/).check();
    await button(page, "Prove").click();
    await page.getByText(/^Proved in/).waitFor();
  });

  it("with a seed open, the state needs no file: another page finds it by the seed and the chain, and goes on", async () => {
    const seed = formatSeed(newSeed());
    const first = await arrive();
    const fresh = { ...(await world.example(STRATEGY)), seed };
    await open(first, fresh);
    await settled(first);
    await button(first, "Prove").click();
    await first.getByText("The state follows from the seed that is open").waitFor();
    await first.getByLabel("Wallet").selectOption("test-wallet");
    await button(first, "Submit").click();
    await says(first, "Attested.");
    await world.stage.test.increaseTime({ seconds: 3600 });
    await world.stage.test.mine({ blocks: 1 });
    const second = await arrive();
    await open(second, { ...(await world.example(STRATEGY)), seed });
    await settled(second);
    await second.getByText("open the state file that was saved").waitFor();
    await button(second, "Find the state by the seed").click();
    await second.getByText("The state that is open is the registry's.").waitFor();
    await button(second, "Prove").click();
    await second.getByText(/^Proved in/).waitFor();
    await second.getByLabel("Wallet").selectOption("test-wallet");
    await button(second, "Submit").click();
    await says(second, "Attested.");
  });
});

describe("a browser that lacks something", () => {
  it("shows the page where its language is no locale", async () => {
    const page = await newcomer(() => {
      Object.defineProperty(Navigator.prototype, "language", { get: () => "C" });
    });
    await open(page, book);
    await settled(page);
    await page.getByText("Where the risk sits").click();
    await page.getByRole("img", { name: /^Stress grid/ }).waitFor();
    expect(personAt(page).complaints).toEqual([]);
  });

  it.each([
    ["WebAssembly", () => Reflect.deleteProperty(globalThis, "WebAssembly")],
    [
      "128-bit SIMD",
      () => {
        WebAssembly.validate = () => false;
      },
    ],
  ] as const)(
    "is told that it lacks %s before anything is loaded, and judges all the same",
    async (what, prepare) => {
      const page = await newcomer(prepare as () => void);
      await open(page, book);
      await settled(page);
      const alert = page.getByRole("alert").filter({ hasText: "browser.webassembly" });
      await alert.waitFor();
      expect(await alert.textContent()).toContain(what);
      expect(await page.locator("[data-limit]").count()).toBeGreaterThan(5);
      expect(personAt(page).requests.filter((url) => /circuits\//.test(url))).toEqual([]);
    },
  );

  it("prints in light also where it was switched to dark", async () => {
    const page = await withBook();
    await button(page, "Colours: auto").click();
    await button(page, "Colours: light").click();
    const ink = () => page.evaluate(() => getComputedStyle(document.querySelector("h1")!).color);
    const dark = await ink();
    await page.emulateMedia({ media: "print" });
    const printed = await ink();
    expect(printed).not.toBe(dark);
    const [red] = /\d+/.exec(printed)!;
    expect(Number(red)).toBeLessThan(60);
    expect(await bar(page).isVisible()).toBe(false);
  });

  it("nobody's page complained", () => {
    const complaints = people.flatMap((person) => person.complaints);
    expect(complaints).toEqual([]);
  });
});
