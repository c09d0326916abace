// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What leaves the page: in words, and as the list of what was asked for so far.
 *
 * @module
 */

import type { JSX } from "preact";
import { type Sent, useSent } from "../network.js";
import { Section, useIsPhone } from "../parts.js";
import { otherAddresses } from "../security-policy.js";

/** The panel. */
export function WhatLeaves(): JSX.Element {
  const sent = useSent();
  const out = sent.reduce((sum, { bytesOut }) => sum + bytesOut, 0);
  const isPhone = useIsPhone();
  const words = (
    <p>
      <b>In:</b> the circuit and its key, public files whose hashes this page was built with. <b>Out:</b> the
      attestation, when you save or submit it, and what hides the list of accounts, when you declare them.
      Positions, salts and signatures stay in this page's memory: they are in no request and no storage, and
      are gone when you close it. The page's security policy forbids it to talk to any other address than{" "}
      {["its own", ...otherAddresses()].join(" and ")}.
    </p>
  );
  return (
    <Section title="What leaves this page" class="leaves">
      {isPhone ? null : words}
      <details>
        <summary>
          {sent.length === 1 ? "1 request" : `${sent.length} requests`} so far, {out} bytes out
        </summary>
        {isPhone ? words : null}
        {sent.length === 0 ? (
          <p class="empty">Nothing yet.</p>
        ) : (
          <table>
            <caption class="hidden">Requests</caption>
            <thead>
              <tr>
                <th scope="col">Request</th>
                <th scope="col">For</th>
                <th scope="col" class="number">
                  Times
                </th>
                <th scope="col" class="number">
                  Bytes out
                </th>
              </tr>
            </thead>
            <tbody>
              {alike(sent).map(({ method, path, purpose, times, bytesOut }) => (
                <tr key={`${method} ${path} ${purpose}`}>
                  <td class="mono">
                    {method} {path}
                  </td>
                  <td>{purpose}</td>
                  <td class="number">{times}</td>
                  <td class="number">{bytesOut}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </details>
    </Section>
  );
}

/** Requests of one kind as one, in the order of their first. */
function alike(sent: readonly Sent[]): (Sent & { readonly times: number })[] {
  const kinds = new Map<string, Sent & { readonly times: number }>();
  for (const one of sent) {
    const kind = `${one.method} ${one.path} ${one.purpose}`;
    const { times, bytesOut } = kinds.get(kind) ?? { times: 0, bytesOut: 0 };
    kinds.set(kind, { ...one, times: times + 1, bytesOut: bytesOut + one.bytesOut });
  }
  return [...kinds.values()];
}
