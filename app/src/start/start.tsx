// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The first page: who are you? One of three words is remembered in this browser, so that the next visit begins where the last
 * one did. It needs nothing but itself: no chain, no circuit, no key.
 *
 * @module
 */

import "./start.css";

import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import type { ConsoleConfig } from "../config.js";
import { linkTo, type Route, routeOf } from "../route.js";
import { rememberedWho, rememberWho, type Who } from "../session.js";

const ROLES: readonly { readonly who: Who; readonly title: string; readonly says: string }[] = [
  {
    who: "manager",
    title: "I manage a fund",
    says: "Open your book's files, see every limit, and prove that it holds. The files stay in this page.",
  },
  {
    who: "vault",
    title: "I deposit in a vault",
    says: "See whether a vault's manager is attested now, what that rests on, and move your money.",
  },
  {
    who: "regulator",
    title: "I supervise, lend or audit",
    says: "Verify an attestation, rebuild a manager's record from the chain, and take a report away.",
  },
];

/** The page. */
export function Start({ config }: { readonly config: ConsoleConfig | undefined }): JSX.Element {
  const [remembered, setRemembered] = useState(rememberedWho);
  const forget = (): void => {
    rememberWho(undefined);
    setRemembered(undefined);
  };
  return (
    <>
      <section class="start" aria-labelledby="who">
        <h2 id="who">Who are you?</h2>
        <ul class="roles">
          {ROLES.map(({ who, title, says }) => (
            <li key={who}>
              <a href={linkTo({ name: who })} onClick={() => rememberWho(who)}>
                {title}
              </a>
              <p>{says}</p>
            </li>
          ))}
        </ul>
        <p class="note">
          This browser remembers the choice, as one of three words, and nothing else of what you do here.
          {remembered === undefined ? null : (
            <button type="button" class="quiet" onClick={forget}>
              Forget it
            </button>
          )}
        </p>
      </section>
      <ByAddress />
      {config?.vault === undefined ? null : (
        <section aria-labelledby="known">
          <h2 id="known">What this host knows</h2>
          <ul class="known">
            <li>
              <a href={linkTo({ name: "vault", address: config.vault })}>Its vault</a>
            </li>
            {config.vaults.map((vault) => (
              <li key={vault.address}>
                <a href={linkTo({ name: "vault", address: vault.address })}>{vault.name}</a>
              </li>
            ))}
            {config.subject === undefined ? null : (
              <li>
                <a href={linkTo({ name: "subject", address: config.subject })}>The manager's record</a>
              </li>
            )}
            {config.policyId === undefined ? null : (
              <li>
                <a href={linkTo({ name: "policy", id: config.policyId })}>What the manager has to prove</a>
              </li>
            )}
          </ul>
        </section>
      )}
    </>
  );
}

/** Goes to the page of an address or a policy's id that somebody was given. */
function ByAddress(): JSX.Element {
  const id = useId();
  const [text, setText] = useState("");
  const plain = text.trim();
  const as = (name: string): Route => routeOf(`#/${name}/${plain}`);
  const found = [
    { title: "As a vault", route: as("vault") },
    { title: "As a manager", route: as("subject") },
    { title: "As a policy", route: as("policy") },
  ].flatMap(({ title, route }) =>
    route.name === "unknown" || plain === "" ? [] : [{ title, link: linkTo(route) }],
  );
  return (
    <section aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>You were given an address</h2>
      <div class="field wide">
        <label for={id}>A vault, a manager or a policy id</label>
        <input
          id={id}
          type="text"
          class="mono"
          value={text}
          autocomplete="off"
          spellcheck={false}
          aria-describedby={`${id}-note`}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <small id={`${id}-note`}>
          0x and 40 hexadecimal digits, or 64 of a policy. What stands behind the # of an address is not sent
          to the page's host; the node that the chain is read at sees what is asked.
        </small>
      </div>
      <p class="actions" aria-live="polite">
        {found.map(({ title, link }) => (
          <a key={title} class="button" href={link}>
            {title}
          </a>
        ))}
      </p>
    </section>
  );
}
