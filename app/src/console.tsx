// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The frame around the pages: which page, light or dark, wallet and chain, the host's configuration, and the end.
 *
 * @module
 */

import type { ComponentType, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, shortHex } from "./basics.js";
import { type ConsoleConfig, loadConfig } from "./config.js";
import { Connection } from "./connection.js";
import { closeDesk } from "./desk.js";
import { Explorer } from "./explorer.js";
import type { OpenFiles } from "./manager/book.js";
import type { PageProps } from "./page-props.js";
import { loadPage, type PageName } from "./pages.js";
import { linkTo, type Route, routeOf, titleOf, VIEWS } from "./route.js";
import { otherAddresses } from "./security-policy.js";
import { rememberedWho } from "./session.js";
import { Start } from "./start/start.js";

/** The whole page. */
export function Console(): JSX.Element {
  const route = useRoute();
  const [files, setFiles] = useState<OpenFiles>({});
  const { config, error, isLoading } = useConfig();
  useWipe(() => setFiles({}));
  const { title, says } = titleOf(route);
  const heading = useArrival(route);
  return (
    <Explorer.Provider value={config?.explorer}>
      <header class="bar">
        <a class="mark" href={linkTo({ name: "start" })} aria-label="Keel, the first page">
          Keel
        </a>
        <nav aria-label="Views">
          {VIEWS.map((entry) => (
            <a
              key={entry.name}
              href={linkTo({ name: entry.name })}
              aria-current={entry.name === route.name ? "page" : undefined}
            >
              {entry.title}
            </a>
          ))}
        </nav>
        <Connection config={config} />
        <SchemeChoice />
      </header>
      <main>
        <div class="view-head">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          <p>{says}</p>
        </div>
        <Problem error={error} />
        <Body route={route} config={config} isLoading={isLoading} files={files} onFiles={setFiles} />
      </main>
      <Footer />
    </Explorer.Provider>
  );
}

function Body(
  props: Omit<PageProps, "about"> & { readonly route: Route; readonly isLoading: boolean },
): JSX.Element {
  const { route, isLoading, ...given } = props;
  if (route.name === "start") return <Start config={given.config} />;
  if (route.name === "unknown") return <Nowhere />;
  if (isLoading) return <p role="status">Loading…</p>;
  return <Loaded name={route.name} {...given} about={aboutOf(route)} />;
}

function aboutOf(route: Route): string | undefined {
  if (route.name === "policy") return route.id;
  return "address" in route ? route.address : undefined;
}

/** A page once its code is there. */
function Loaded({ name, ...given }: PageProps & { readonly name: PageName }): JSX.Element {
  const [found, setFound] = useState<{ readonly name: PageName; readonly Page: ComponentType<PageProps> }>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    let isCurrent = true;
    setError(undefined);
    loadPage(name).then(
      (Page) => isCurrent && setFound({ name, Page }),
      (reason: unknown) => isCurrent && setError(reason),
    );
    return () => {
      isCurrent = false;
    };
  }, [name]);
  if (error !== undefined) return <Unloaded />;
  if (found?.name !== name) return <p role="status">Loading…</p>;
  // Of another address nothing is kept: what was found of one would stand below the other.
  return <found.Page key={given.about ?? name} {...given} />;
}

/** A part of the page did not come: the host has another build by now, or is out of reach. */
function Unloaded(): JSX.Element {
  return (
    <section>
      <p class="problem" role="alert">
        A part of this page did not come from its host. What you opened is still here; the page's address,
        opened again, asks anew and forgets it.
      </p>
    </section>
  );
}

function Nowhere(): JSX.Element {
  return (
    <section>
      <p>
        This address leads nowhere. A vault or a manager is named by 0x and 40 hexadecimal digits, a policy by
        0x and 64. <a href={linkTo({ name: "start" })}>Go to the first page</a>
      </p>
    </section>
  );
}

function Footer(): JSX.Element {
  const others = otherAddresses();
  const own =
    others.length === 0
      ? "another address than its own."
      : `other addresses than its own and ${others.join(", ")}, which it was built to talk to.`;
  return (
    <footer>
      A proof speaks of one moment and of declared accounts. Nothing in this page comes from, or goes to,{" "}
      {own}
    </footer>
  );
}

/** Names the page, and gives the keyboard its heading once somebody went there. */
function useArrival(route: Route) {
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  const about = aboutOf(route);
  useEffect(() => {
    const { title } = titleOf(route);
    document.title = `${title}${about === undefined ? "" : ` ${shortHex(about)}`} · Keel`;
    if (!isFirst.current) heading.current?.focus({ preventScroll: true });
    if (!isFirst.current) scrollTo(0, 0);
    isFirst.current = false;
  }, [route.name, about]);
  return heading;
}

/** The page's address; whoever comes without one is led to what he chose the last time. */
function useRoute(): Route {
  const [route, setRoute] = useState(arrive);
  useEffect(() => {
    const change = (): void => setRoute(routeOf(location.hash));
    window.addEventListener("hashchange", change);
    return () => window.removeEventListener("hashchange", change);
  }, []);
  return route;
}

function arrive(): Route {
  const who = rememberedWho();
  const isBare = location.hash === "" || location.hash === "#" || location.hash === "#/";
  if (isBare && who !== undefined) history.replaceState(null, "", linkTo({ name: who }));
  return routeOf(location.hash);
}

function useConfig() {
  const [loaded, setLoaded] = useState<{
    readonly config?: ConsoleConfig | undefined;
    readonly error?: unknown;
    readonly isLoading: boolean;
  }>({ isLoading: true });
  useEffect(() => {
    loadConfig().then(
      (config) => setLoaded({ config, isLoading: false }),
      (error: unknown) => setLoaded({ error, isLoading: false }),
    );
  }, []);
  return { config: loaded.config, error: loaded.error, isLoading: loaded.isLoading };
}

/** Secrets do not outlive the page, also where a browser would keep it for its back button. */
function useWipe(forget: () => void): void {
  useEffect(() => {
    const wipe = (): void => {
      closeDesk();
      forget();
    };
    window.addEventListener("pagehide", wipe);
    return () => window.removeEventListener("pagehide", wipe);
  }, []);
}

const SCHEMES = ["auto", "light", "dark"] as const;

/** Light, dark, or as the system has it; remembered as long as the page is open. */
function SchemeChoice(): JSX.Element {
  const [scheme, setScheme] = useState<(typeof SCHEMES)[number]>("auto");
  const next = SCHEMES[(SCHEMES.indexOf(scheme) + 1) % SCHEMES.length]!;
  const change = (): void => {
    document.documentElement.dataset.scheme = next;
    setScheme(next);
  };
  return (
    <button type="button" class="quiet scheme" aria-label={`Colours: ${scheme}`} onClick={change}>
      <span class="roomy">Colours: </span>
      {scheme}
    </button>
  );
}
