// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Real browsers beside Chromium, as Debian packages them: Firefox ESR over WebDriver BiDi, WebKitGTK over its WebDriver. Both are driven
 * by the same few gestures of a person: click, choose, type, open files, read.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import puppeteer, { type ElementHandle } from "puppeteer-core";
import { Builder, By, Capabilities, Key } from "selenium-webdriver";
import { PATIENCE } from "../app/people.js";

/** Somebody at a browser. Elements are named by XPath. */
export interface Visitor {
  readonly version: string;
  go(address: string): Promise<void>;
  click(element: string): Promise<void>;
  /** Puts files, by path, into a file input. */
  open(element: string, paths: readonly string[]): Promise<void>;
  /** Types over what a field has. */
  type(element: string, text: string): Promise<void>;
  /** Evaluates a JavaScript expression in the page. */
  read<T>(expression: string): Promise<T>;
  end(): Promise<void>;
}

/** Waits until an expression is true in the page; says what the page shows when it does not become so. */
export async function until(visitor: Visitor, expression: string): Promise<void> {
  const end = Date.now() + PATIENCE.timeout;
  while (!(await visitor.read<boolean>(`Boolean(${expression})`))) {
    if (Date.now() > end) {
      const shown = await visitor.read<string>("document.body.innerText");
      throw new Error(`it is not so: ${expression}\nThe page shows:\n${shown}`);
    }
    await new Promise((done) => setTimeout(done, 250));
  }
}

/** Waits for a text; gives what the pattern found. */
export async function see(visitor: Visitor, pattern: RegExp): Promise<string> {
  await until(visitor, `${pattern}.test(document.body.innerText)`);
  return await visitor.read<string>(`${pattern}.exec(document.body.innerText)[0]`);
}

async function programOf(names: readonly string[], packageName: string): Promise<string> {
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const name of names) {
    for (const path of name.startsWith("/") ? [name] : folders.map((folder) => join(folder, name))) {
      const found = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found) return path;
    }
  }
  throw new Error(`${names[0]} is not installed: apt-get install ${packageName}`);
}

/** Firefox, as long-term release where there is one. @throws Error that names the package when there is none */
export async function visitByFirefox(): Promise<Visitor> {
  const executablePath = await programOf(["firefox-esr", "firefox"], "firefox-esr");
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  await page.setViewport({ width: 1280, height: 900 });
  page.on("dialog", (dialog) => void dialog.accept());
  const find = async (element: string) => {
    const found = await page.waitForSelector(`::-p-xpath(${element})`);
    await found!.evaluate((one) => one.scrollIntoView({ block: "center" }));
    return found!;
  };
  return {
    version: await browser.version(),
    go: async (address) => void (await page.goto(address)),
    click: async (element) => await (await find(element)).click(),
    open: async (element, paths) => {
      const input = (await find(element)) as unknown as ElementHandle<HTMLInputElement>;
      await input.uploadFile(...paths);
    },
    type: async (element, text) => {
      const field = await find(element);
      await field.evaluate((one) => (one as HTMLInputElement).select?.());
      await field.type(text);
    },
    read: async <T>(expression: string) => (await page.evaluate(expression)) as T,
    end: async () => await browser.close(),
  };
}

/** WebKitGTK's own small browser, on a screen of its own. @throws Error that names the package when there is none */
export async function visitByWebKit(): Promise<Visitor> {
  const driverPath = await programOf(["WebKitWebDriver"], "webkit2gtk-driver");
  const screenPath = await programOf(["Xvfb"], "xvfb");
  const binary = await programOf(await miniBrowsers(), "webkit2gtk-driver");
  const screen = spawn(screenPath, ["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const display = `:${await firstLine(screen)}`;
  const port = await freePort();
  const env = {
    ...process.env,
    DISPLAY: display,
    LIBGL_ALWAYS_SOFTWARE: "1",
    WEBKIT_DISABLE_COMPOSITING_MODE: "1",
  };
  // As root there is no sandbox to be had.
  const sandbox = process.getuid?.() === 0 ? { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" } : {};
  const server = spawn(driverPath, [`--port=${port}`], { env: { ...env, ...sandbox }, stdio: "ignore" });
  const stop = (): void => {
    server.kill();
    screen.kill();
  };
  try {
    await answers(port);
    const options = { binary, args: ["--automation"] };
    const wanted = new Capabilities()
      .set("browserName", "MiniBrowser")
      .set("webkitgtk:browserOptions", options);
    const driver = await new Builder()
      .usingServer(`http://127.0.0.1:${port}`)
      .withCapabilities(wanted)
      .build();
    await driver.manage().window().setRect({ width: 1280, height: 1000, x: 0, y: 0 });
    const find = async (element: string) => {
      const by = By.xpath(element);
      const found = await driver.wait(async () => (await driver.findElements(by))[0], PATIENCE.timeout);
      await driver.executeScript('arguments[0].scrollIntoView({ block: "center" });', found);
      return found!;
    };
    return {
      version: `WebKitGTK ${(await driver.getCapabilities()).get("browserVersion")}`,
      go: async (address) => await driver.get(address),
      click: async (element) => await (await find(element)).click(),
      open: async (element, paths) => await (await find(element)).sendKeys(paths.join("\n")),
      type: async (element, text) => {
        const field = await find(element);
        const length = Number(await driver.executeScript("return arguments[0].value.length;", field));
        await field.sendKeys(Key.END, Key.BACK_SPACE.repeat(length), text);
      },
      read: async <T>(expression: string) => (await driver.executeScript(`return (${expression});`)) as T,
      end: async () => {
        await driver.quit().catch(() => {});
        stop();
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Where Debian puts it: /usr/lib/<machine>/webkit2gtk-<version>/, the newest first. */
async function miniBrowsers(): Promise<string[]> {
  const machines = await readdir("/usr/lib");
  const found = await Promise.all(
    machines.map(async (machine) => {
      const versions = await readdir(join("/usr/lib", machine)).catch(() => []);
      return versions
        .filter((version) => version.startsWith("webkit2gtk-4"))
        .map((version) => join("/usr/lib", machine, version, "MiniBrowser"));
    }),
  );
  return [...found.flat().sort().reverse(), "MiniBrowser"];
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  let text = "";
  for await (const part of stdout!) {
    text += part;
    if (text.includes("\n")) break;
  }
  return text.trim();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { readonly port: number };
  await new Promise((done) => server.close(done));
  return port;
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const isUp = await fetch(`http://127.0.0.1:${port}/status`).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("WebKit's driver does not answer");
}
