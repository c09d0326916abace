// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page's addresses. They stand behind `#/`, so that any host of files serves them, a reload finds them, and no host learns
 * which vault, manager or policy somebody looks at.
 *
 * A link says what to look at and nothing else: which registry is the right one never comes from a link.
 *
 * @module
 */

/** Pages that somebody chooses. */
export const VIEWS = [
  { name: "manager", title: "Manager", says: "Check a book, prove it healthy" },
  { name: "vault", title: "Vault", says: "Deposit behind a live attestation" },
  { name: "regulator", title: "Regulator", says: "Verify, look back, export" },
] as const;

/** A page, and what it is about. */
export type Route =
  | { readonly name: "start" | "manager" | "regulator" | "unknown" }
  | { readonly name: "vault"; readonly address?: string }
  | { readonly name: "subject"; readonly address: string }
  | { readonly name: "policy"; readonly id: string };

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const ID = /^0x[0-9a-fA-F]{64}$/;

/** A path as far as it is one: what stands behind `#` in the page's address. */
export function routeOf(hash: string): Route {
  const [name = "", about, ...rest] = hash.replace(/^#?\/?/, "").split("/");
  if (rest.length > 0) return { name: "unknown" };
  if (about === undefined || about === "") return plainRoute(name);
  if (name === "vault" && ADDRESS.test(about)) return { name, address: about };
  if (name === "subject" && ADDRESS.test(about)) return { name, address: about };
  if (name === "policy" && ID.test(about)) return { name, id: about.toLowerCase() };
  return { name: "unknown" };
}

function plainRoute(name: string): Route {
  switch (name) {
    case "":
      return { name: "start" };
    case "start":
    case "manager":
    case "regulator":
    case "vault":
      return { name };
    default:
      return { name: "unknown" };
  }
}

/** The address of a page, to link to. */
export function linkTo(route: Exclude<Route, { readonly name: "unknown" }>): string {
  switch (route.name) {
    case "subject":
      return `#/subject/${route.address}`;
    case "policy":
      return `#/policy/${route.id}`;
    case "vault":
      return route.address === undefined ? "#/vault" : `#/vault/${route.address}`;
    default:
      return `#/${route.name}`;
  }
}

/** Heading and what stands beside it. */
export function titleOf(route: Route): { readonly title: string; readonly says: string } {
  switch (route.name) {
    case "start":
      return { title: "Keel", says: "Proofs that a fund keeps to its limits, without its book" };
    case "subject":
      return {
        title: "Manager's record",
        says: "Rebuilt from the registry's logs, each proof verified here",
      };
    case "policy":
      return { title: "Policy", says: "What has to be proven, and by whose word" };
    case "unknown":
      return { title: "No such page", says: "" };
    default:
      return VIEWS.find(({ name }) => name === route.name)!;
  }
}
