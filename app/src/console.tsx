// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The frame around the views: choice of view, light or dark, the host's configuration, and the end.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type ConsoleConfig, loadConfig } from "./config.js";
import { closeDesk } from "./desk.js";
import { type OpenFiles, openExample } from "./manager/book.js";
import { exampleChoices, fetchExample } from "./manager/examples.js";
import { Manager } from "./manager/manager.js";
import { Problem, useWork } from "./parts.js";
import { Regulator } from "./regulator/regulator.js";
import { Vault } from "./vault/vault.js";

const VIEWS = [
  { route: "manager", title: "Manager", says: "Check a book, prove it healthy" },
  { route: "vault", title: "Vault", says: "Deposit behind a live attestation" },
  { route: "regulator", title: "Regulator", says: "Verify, look back, export" },
] as const;

type Route = (typeof VIEWS)[number]["route"];

/** The whole page. */
export function Console(): JSX.Element {
  const route = useRoute();
  const [files, setFiles] = useState<OpenFiles>({});
  const { config, error, isLoading } = useConfig();
  useWipe(() => setFiles({}));
  const opening = useWork();
  useEffect(() => {
    const [first] = exampleChoices(config);
    if (first?.isLocal !== true) return;
    void opening.run(async () => setFiles(openExample({}, first.name, await fetchExample(first))));
  }, [config]);
  const view = VIEWS.find((candidate) => candidate.route === route)!;
  useEffect(() => {
    document.title = `${view.title} · Keel`;
  }, [view]);
  return (
    <>
      <header class="bar">
        <a class="mark" href="#/manager" aria-label="Keel, the manager's view">
          Keel
        </a>
        <nav aria-label="Views">
          {VIEWS.map((entry) => (
            <a
              key={entry.route}
              href={`#/${entry.route}`}
              aria-current={entry.route === route ? "page" : undefined}
            >
              {entry.title}
            </a>
          ))}
        </nav>
        <SchemeChoice />
      </header>
      <main>
        <div class="view-head">
          <h1>{view.title}</h1>
          <p>{view.says}</p>
        </div>
        <Problem error={error ?? opening.error} />
        {isLoading || opening.busy ? (
          <p role="status">Loading…</p>
        ) : (
          <View route={route} config={config} files={files} onFiles={setFiles} />
        )}
      </main>
      <footer>
        A proof speaks of one moment and of declared accounts. Nothing in this page comes from, or goes to,
        another address than its own.
      </footer>
    </>
  );
}

function View(props: {
  readonly route: Route;
  readonly config: ConsoleConfig | undefined;
  readonly files: OpenFiles;
  readonly onFiles: (files: OpenFiles) => void;
}): JSX.Element {
  const { route, config, files, onFiles } = props;
  switch (route) {
    case "manager":
      return <Manager config={config} files={files} onFiles={onFiles} />;
    case "vault":
      return <Vault config={config} />;
    case "regulator":
      return <Regulator config={config} />;
  }
}

function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const change = (): void => setRoute(readRoute());
    window.addEventListener("hashchange", change);
    return () => window.removeEventListener("hashchange", change);
  }, []);
  return route;
}

function readRoute(): Route {
  const name = location.hash.replace(/^#\//, "");
  return VIEWS.find(({ route }) => route === name)?.route ?? "manager";
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
