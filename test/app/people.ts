// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * People at browsers: a page each, with an injected wallet (EIP-6963) that signs with a local account, and everything
 * written down that a page asks for, says or breaks.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Wallet } from "@keel/verifier/chain";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";

/** Somebody at a page. */
export interface Person {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Addresses of every request, those of workers included. */
  readonly requests: readonly string[];
  /** Errors and warnings of the console, uncaught errors, dialogs, breaches of the content security policy. */
  readonly complaints: string[];
}

/** For what is waited for: long enough for the slowest machine, since only a failure takes it all. */
export const PATIENCE = { timeout: 60_000 };

/** A telephone of today, which is touched. */
export const TELEPHONE: Device = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** Longest page of a phone as it is first shown. */
export const MOST_SCREENS = 4;

/** What a page is looked at with. */
export type Device = Pick<BrowserContextOptions, "viewport" | "hasTouch" | "isMobile">;

/** Screens that a page is high. */
export const screensOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollHeight / document.documentElement.clientHeight);

/** Files as a file input takes them, by role. */
export function asFiles(texts: object) {
  return Object.entries(texts as Readonly<Record<string, string>>).map(([name, text]) => ({
    name: `${name}.json`,
    mimeType: "application/json",
    buffer: Buffer.from(text),
  }));
}

/**
 * Opens a page.
 *
 * @param walletName under which the wallet announces itself (EIP-6963); without one it lies where wallets used to (EIP-1193)
 * @param device a desk's where none is named
 */
export async function sitDown(
  browser: Browser,
  origin: string,
  wallet: Wallet,
  rpcUrl: string,
  walletName: string | undefined,
  device: Device = { viewport: { width: 1280, height: 900 } },
): Promise<Person> {
  const context = await browser.newContext({ ...device, locale: "en-US" });
  context.setDefaultTimeout(PATIENCE.timeout);
  const requests: string[] = [];
  const complaints: string[] = [];
  context.on("request", (request) => requests.push(request.url()));
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => {
    // Who leaves a proof that is not saved is asked, and leaves.
    if (dialog.type() === "beforeunload") return void dialog.accept();
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await context.exposeFunction("askTestWallet", (method: string, params: unknown) =>
    answer(wallet, rpcUrl, method, params),
  );
  await context.addInitScript(injectWallet, walletName);
  await page.goto(`${origin}/#/manager`);
  return { page, context, requests, complaints };
}

/** Runs in the page. */
function injectWallet(name: string | undefined): void {
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    console.error(`policy breached: ${violatedDirective} ${blockedURI}`);
  });
  const ask = (globalThis as unknown as Record<string, (method: string, params: unknown) => Promise<Reply>>)
    .askTestWallet!;
  type Reply = { readonly result?: unknown; readonly error?: { readonly message: string } };
  const provider = {
    request: async ({ method, params }: { readonly method: string; readonly params?: unknown }) => {
      const { result, error } = await ask(method, params ?? []);
      if (error === undefined) return result;
      throw Object.assign(new Error(error.message), error);
    },
    on: () => {},
    removeListener: () => {},
  };
  if (name === undefined) {
    Object.assign(window, { ethereum: provider });
    return;
  }
  const info = { uuid: "test-wallet", name, icon: "", rdns: "test" };
  const announce = () =>
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: { info, provider } }));
  window.addEventListener("eip6963:requestProvider", announce);
}

async function answer(wallet: Wallet, rpcUrl: string, method: string, params: unknown): Promise<unknown> {
  if (method === "eth_requestAccounts" || method === "eth_accounts") {
    return { result: [wallet.account.address] };
  }
  if (method === "eth_sendTransaction") {
    const [{ to, data }] = params as [{ to: `0x${string}`; data: `0x${string}` }];
    return { result: await wallet.sendTransaction({ to, data }) };
  }
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const headers = { "Content-Type": "application/json" };
  return await (await fetch(rpcUrl, { method: "POST", headers, body })).json();
}

/** Milliseconds for which the page's main thread was held at the longest, from now until it is read. */
export async function watchMainThread({ page }: Person): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const held = globalThis as unknown as { longestTask: number; taskObserver?: PerformanceObserver };
    held.taskObserver?.disconnect();
    held.longestTask = 0;
    held.taskObserver = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) held.longestTask = Math.max(held.longestTask, duration);
    });
    held.taskObserver.observe({ type: "longtask" });
  });
  return () => page.evaluate(() => (globalThis as unknown as { longestTask: number }).longestTask);
}

/** Whether the warning of a development key stands above what it is about. */
export async function isWarnedAbove({ page }: Person, selector: string): Promise<boolean> {
  const below = page.locator(selector).first();
  await below.waitFor();
  return await below.evaluate((element) => {
    const warning = document.querySelector(".warning");
    if (warning === null || !/DEVELOPMENT KEY/.test(warning.textContent)) return false;
    return (warning.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
  });
}

const MOST_STOPS = 150;

/** Goes on with the tabulator until something with this label has the focus. */
export async function tabTo({ page }: Person, label: string): Promise<void> {
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const labels =
        element instanceof HTMLInputElement ||
        element instanceof HTMLSelectElement ||
        element instanceof HTMLTextAreaElement;
      return (labels ? element.labels?.[0]?.textContent : undefined) ?? element?.textContent;
    });
    if (focused === label) return;
  }
  throw new Error(`the tabulator does not lead to ${label}`);
}

/** Runs in the page: resolves once progress is shown, however short. */
export function sawProgress(): Promise<void> {
  return new Promise((done) => {
    new MutationObserver(() => {
      if (document.querySelector("progress") !== null) done();
    }).observe(document.body, { childList: true, subtree: true });
  });
}

/** Runs in the page: cancels as soon as a proof has passed from loading to proving, as no click from outside could. */
export function cancelOnceProving(): Promise<void> {
  return new Promise((done) => {
    const observer = new MutationObserver(() => {
      const phase = document.querySelector(".running label")?.textContent ?? "";
      if (!/witness|evaluating|transforming|multiplying/.test(phase)) return;
      observer.disconnect();
      [...document.querySelectorAll("button")].find(({ textContent }) => textContent === "Cancel")!.click();
      done();
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
}

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Serious and critical findings of axe-core, as short texts. */
export async function accessibilityFindings({ page }: Person): Promise<string[]> {
  // Evaluated by the debugger: the page's own policy would refuse an inline script.
  await page.evaluate(await readFile(AXE, "utf8"));
  return await page.evaluate(async () => {
    interface Finding {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string }[];
    }
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: readonly Finding[] }> };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  });
}

/** Runs in the page: words that stand on two lines. Hashes may; names of circuits and codes break at their signs. */
export function brokenWords(): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const broken: string[] = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    // What is folded away has a place all the same.
    if (node.parentElement?.checkVisibility({ contentVisibilityAuto: true }) !== true) continue;
    const text = node.textContent ?? "";
    for (const { 0: token, index: start } of text.matchAll(/\S+/g)) {
      if (/0x|\d{12}/.test(token)) continue;
      for (const { 0: word, index } of token.matchAll(/\p{L}{2,}/gu)) {
        const range = document.createRange();
        range.setStart(node, start + index);
        range.setEnd(node, start + index + word.length);
        const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (tops.size > 1) broken.push(word);
      }
    }
  }
  return broken;
}

const SCREENSHOTS = fileURLToPath(new URL("../screenshots/", import.meta.url));
const README_SCREENS = fileURLToPath(new URL("../../app/screens/", import.meta.url));

/** A picture of app/README.md: its name, and what stands at its top. */
export interface Screen {
  readonly name: string;
  readonly from: string;
}

const SCREEN_HEIGHT = 1100;

/** With KEEL_SCREENS=1 only: for people to look at, in an ignored folder; a screen is a picture of app/README.md as well. */
export async function photograph({ page }: Person, name: string, screen?: Screen): Promise<void> {
  if (process.env.KEEL_SCREENS !== "1") return;
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true });
  if (screen === undefined) return;
  const top = await page.locator(screen.from).first().boundingBox();
  const y = top!.y + (await page.evaluate(() => scrollY));
  const clip = { x: 0, y, width: page.viewportSize()!.width, height: SCREEN_HEIGHT };
  const path = `${README_SCREENS}${screen.name}.jpg`;
  await page.screenshot({ path, type: "jpeg", quality: 50, fullPage: true, clip });
}
