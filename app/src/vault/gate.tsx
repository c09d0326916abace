// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Whether deposits are open, on whose word, and what stands above it.
 *
 * @module
 */

import { lapsesText, utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { DevelopmentKey, Facts, Fold, FoldOnPhone, Hash, hasRoom, Section } from "../parts.js";
import { linkTo } from "../route.js";
import { gateWord } from "./gate-word.js";
import { amountText } from "./money.js";
import type { AnyVault, Seen } from "./open.js";

/** When the chain was read. */
export interface ReadAt {
  /** By `performance.now()`. */
  readonly moment: number;
  /** Unix seconds, by the visitor's clock. */
  readonly clock: number;
}

/** The part. */
export function Gate(props: {
  readonly any: AnyVault;
  readonly seen: Seen;
  readonly isExpected: boolean;
  readonly readAt: ReadAt;
}): JSX.Element {
  const { any, seen, isExpected, readAt } = props;
  const { status, insecure, admits, totalAssets } = seen;
  const { vault } = any;
  const age = useAge(readAt);
  const { chainId } = vault.registry;
  const { tone, word, more } = gateWord({
    status,
    admits,
    insecure,
    isExpected,
    chainId,
    age,
    clock: readAt.clock,
  });
  return (
    <Section title={vault.name}>
      {insecure ? <DevelopmentKey /> : null}
      {isExpected ? null : <UnknownRegistry />}
      <div class={`gate ${tone === "doubtful" ? "open doubtful" : tone}`} role="status">
        <strong>{word}</strong>
        <span>{more}</span>
      </div>
      <p>
        {any.kind === "gated"
          ? "Withdrawals are always open: health never blocks them."
          : "You can always ask for your money back: health never blocks that."}
      </p>
      <FoldOnPhone title="Its record, what is in it, addresses">
        <Facts
          rows={[
            [
              any.kind === "gated" ? "In the vault" : "All shares, as last settled",
              `${amountText(totalAssets, vault.asset.decimals)} ${vault.asset.symbol}`,
            ],
            ["Latest snapshot", status.asOf === undefined ? "none" : utc(status.asOf)],
            ["Attestations", `${status.count}, ${status.streak} in a row, ${lapsesText(status)}`],
            ...(status.healthy ? [["Healthy since", healthyText(seen)] as const] : []),
          ]}
        />
        <Addresses any={any} seen={seen} isExpected={isExpected} />
      </FoldOnPhone>
    </Section>
  );
}

/** Who is who. */
function Addresses(props: {
  readonly any: AnyVault;
  readonly seen: Seen;
  readonly isExpected: boolean;
}): JSX.Element {
  const { any, seen, isExpected } = props;
  const { status, policyId } = seen;
  const { vault } = any;
  const registry = isExpected ? "Registry, as expected" : "Registry, by the vault's own word";
  return (
    <Fold title="Addresses" open={hasRoom()}>
      <Facts
        rows={[
          [
            "Manager",
            <span key="subject">
              <Hash value={status.subject} what="address" />{" "}
              <a href={linkTo({ name: "subject", address: status.subject })}>The whole record</a>
            </span>,
          ],
          [
            "Policy id",
            <span key="policy">
              <Hash value={policyId} />{" "}
              <a href={linkTo({ name: "policy", id: policyId })}>The whole policy</a>
            </span>,
          ],
          [registry, <Hash key="registry" value={vault.registry.address} what="address" />],
          ["Vault", <Hash key="vault" value={vault.address} what="address" />],
        ]}
      />
    </Fold>
  );
}

function healthyText({ status, insecure }: Seen): string {
  return `${utc(status.since!)}${insecure ? ", by a DEVELOPMENT KEY" : ""}`;
}

/** Above the gate, because without a registry that the visitor knows the gate's word is the vault's own. */
function UnknownRegistry(): JSX.Element {
  return (
    <p class="warning">
      Nobody named the registry that this vault should ask, so the vault named it itself. Anybody can deploy a
      registry that calls any manager healthy. Enter the registry that you know above, and connect again.
    </p>
  );
}

/** Seconds since the chain was read, by a clock that nobody turns. */
function useAge({ moment }: ReadAt): number {
  const [age, setAge] = useState(0);
  useEffect(() => {
    const tick = (): void => setAge(Math.floor((performance.now() - moment) / 1000));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [moment]);
  return Math.max(0, age);
}
