// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the manager's page lead through its five steps, on a phone as well, and keep what would be lost: files told apart, a look at what
 * the registry would refuse, a state from a seed, and browsers that lack something?
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { formatSeed, newSeed, parseState } from "@keel/prover";
import type { Browser, Locator, Page } from "playwright-core";
import type { Hex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalWorld, Texts } from "../../dist/app/host/local.js";
import { type ConsoleServer, serveConsole } from "../../dist/app/host/server.js";
import { CAST, STRATEGY } from "../../dist/examples/demo/world.js";
import { launchBrowser } from "../support/browser.js";
import { inventedPrices } from "./deeds.js";
import {
  accessibilityFindings,
  asFiles,
  PATIENCE,
  type Person,
  photograph,
  sitDown,
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

/** Somebody new at a page of his own. @param prepare runs in the page before anything else does */
async function newcomer(prepare: () => void): Promise<Page> {
  const { page, context } = await sit();
  await context.addInitScript(prepare);
  await page.reload();
  await bar(page).waitFor();
  return page;
}

async function sit(): Promise<Person> {
  const wallet = world.stage.wallets[CAST.manager]!;
  const person = await sitDown(browser, server.origin, wallet, world.rpcUrl, "Wallet");
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
const next = (page: Page) => bar(page).getByRole("button").click();
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

/** Screens that the page is high. */
const screens = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollHeight / document.documentElement.clientHeight);

/** Words that are cut in two though they would fit a line of their own: not where they have a hyphen or are long hashes. */
const cutWords = (page: Page) =>
  page.evaluate(() => {
    const cut: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      // What is folded away has a place all the same.
      if (node.parentElement?.checkVisibility({ contentVisibilityAuto: true }) !== true) continue;
      const text = node.textContent ?? "";
      for (const { 0: word, index } of text.matchAll(/[A-Za-z]{3,24}/g)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (lines.size > 1) cut.push(word);
      }
    }
    return cut;
  });

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

  it("lead from nothing to an attestation by one button and what it points at", async () => {
    const page = await arrive();
    await says(page, "Nothing is open yet.");
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), next(page)]);
    await chooser.setFiles(asFiles(book));
    await settled(page);
    await says(page, "Every limit holds.");
    await expect(bar(page).getByRole("button").textContent()).resolves.toBe("Next: prove");
    // What is out of view is shown first, and pressed by the next press.
    await next(page);
    await isFocused(button(page, "Prove"));
    await next(page);
    await says(page, "Proved, and NOT saved.");
    await page.evaluate(() => window.scrollTo(0, 0));
    await next(page);
    const { name, text } = await download(page, () => next(page));
    expect(name).toBe(`state-${STRATEGY.subject.slice(2, 10)}-0.json`);
    expect(parseState(text).epoch).toBe(0n);
    await next(page);
    await isFocused(page.getByLabel(`I have the file ${name}`));
    await page.keyboard.press("Space");
    await says(page, "Proved, and its state is saved.");
    await next(page);
    // Nobody chose a wallet yet: the choice has the focus.
    await isFocused(page.getByLabel("Wallet"));
    await page.keyboard.press("ArrowDown");
    await next(page);
    await says(page, "Attested.");
    expect(await accessibilityFindings(personAt(page))).toEqual([]);
    await photograph(personAt(page), "manager-done");
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
    expect(await screens(page)).toBeLessThanOrEqual(4);
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
        expect(await screens(page)).toBeLessThanOrEqual(4);
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
