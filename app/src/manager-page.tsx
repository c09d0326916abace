// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The manager's view as a page: where the host's chain is a local one, its example is opened the first time.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Problem, useWork } from "./basics.js";
import { openExample } from "./manager/book.js";
import { exampleChoices, fetchExample } from "./manager/examples.js";
import { Manager } from "./manager/manager.js";
import type { PageProps } from "./page-props.js";

/** Opened once: what was closed does not come back. */
let isOpened = false;

/** The page. */
export function ManagerPage({ config, files, onFiles }: PageProps): JSX.Element {
  const { busy, error, run } = useWork();
  useEffect(() => {
    const [first] = exampleChoices(config);
    if (isOpened || first?.isLocal !== true) return;
    isOpened = true;
    void run(async () => onFiles(openExample({}, first.name, await fetchExample(first))));
  }, [config]);
  return (
    <>
      <Problem error={error} />
      {busy ? (
        <p role="status">Opening this chain's example…</p>
      ) : (
        <Manager config={config} files={files} onFiles={onFiles} />
      )}
    </>
  );
}
