// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The pages, each loaded when it is first looked at: what proves, verifies and reads chains comes with the page that needs it.
 *
 * @module
 */

import type { ComponentType } from "preact";
import { loadCures } from "./basics.js";
import type { PageProps } from "./page-props.js";

/** Names of the pages that are loaded when asked for. */
export type PageName = "manager" | "vault" | "regulator" | "subject" | "policy";

type Page = ComponentType<PageProps>;

const LOADERS: Readonly<Record<PageName, () => Promise<Page>>> = {
  manager: async () => (await import("./manager-page.js")).ManagerPage,
  vault: async () => (await import("./vault/vault.js")).Vault,
  regulator: async () => (await import("./regulator/regulator.js")).Regulator,
  subject: async () => (await import("./subject/subject.js")).Subject,
  policy: async () => (await import("./policy/policy.js")).PolicyPage,
};

/** Loads a page. No schema may be made before zod was told to compile none. */
export async function loadPage(name: PageName): Promise<Page> {
  await import("./no-eval.js");
  const page = await LOADERS[name]();
  // What is to be done when the host cannot be reached has to be here before.
  loadCures().catch(() => {});
  return page;
}
