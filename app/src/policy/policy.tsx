// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A policy by its id: what it limits, by whose word it is judged, who attested under it. The terms are read from the registry and
 * give the id again, so that no node can show others.
 *
 * @module
 */

import { limitsOf, type PolicyTerms } from "@keel/verifier";
import {
  connectRegistry,
  historyOf,
  policyTermsOf,
  type Registry,
  type Status,
  statusOf,
} from "@keel/verifier/chain";
import { circuitName, limitLines, span, utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Hex } from "viem";
import { BasisWords } from "../basis.js";
import { TABLE_KINDS, TABLES } from "../beside.js";
import { readsOf } from "../chain.js";
import { circuitsIn, restsOnDevelopmentKey } from "../keys.js";
import type { PageProps } from "../page-props.js";
import {
  DevelopmentKey,
  DoesNotSay,
  Facts,
  Field,
  Fold,
  Hash,
  hasRoom,
  PolicyWords,
  Problem,
  Section,
  useWork,
  Verdict,
} from "../parts.js";
import { readAddress } from "../read.js";
import { linkTo } from "../route.js";
import { chooseWallet, chosenNode, chosenWallet, nodeKey } from "../session.js";
import { TrustPanel } from "../trust/panel.js";
import { useWallets, WalletChoice } from "../wallets.js";

/** A policy as a registry has it. */
interface Known {
  readonly registry: Registry;
  readonly terms: PolicyTerms;
}

/** The page. */
export function PolicyPage({ config, about = "0x" }: PageProps): JSX.Element {
  const id = about as Hex;
  const wallets = useWallets(config);
  const wallet = chosenWallet.useValue();
  const node = nodeKey(chosenNode.useValue());
  const client = useMemo(() => readsOf(config, wallet), [config, wallet, node]);
  const [address, setAddress] = useState<string>(config?.registry ?? "");
  const [known, setKnown] = useState<Known | undefined>();
  const { busy, error, run } = useWork();
  const read = async (): Promise<void> => {
    setKnown(undefined);
    const registry = await connectRegistry(client!, readAddress(address, "registry"));
    setKnown({ registry, terms: await policyTermsOf(registry, id) });
  };
  useEffect(() => {
    if (config !== undefined) void run(read);
  }, [id, node]);
  const isHome = known?.registry.address.toLowerCase() === config?.registry;
  const fromBlock = BigInt(isHome && config !== undefined ? config.fromBlock : 0);
  return (
    <>
      <Section title="Which policy">
        <Facts rows={[["Policy id", <Hash key="id" value={id} />]]} />
        <form
          class="actions"
          onSubmit={(event) => {
            event.preventDefault();
            void run(read);
          }}
        >
          <Field label="Registry" value={address} onInput={setAddress} mono class="wide" />
          {config === undefined ? (
            <WalletChoice wallets={wallets} chosen={wallet} onChoose={chooseWallet} />
          ) : null}
          <button type="submit" disabled={busy || client === undefined}>
            {busy ? "Reading…" : "Read it"}
          </button>
        </form>
        {client === undefined ? (
          <p class="empty">This host knows no chain: choose a wallet that reaches one.</p>
        ) : null}
        <Problem error={error} />
      </Section>
      {known === undefined ? null : (
        <>
          <Words terms={known.terms} />
          <TrustPanel {...known} policyId={id} config={config} isExpected />
          <Attested {...known} policyId={id} fromBlock={fromBlock} />
        </>
      )}
    </>
  );
}

function Words({ terms }: { readonly terms: PolicyTerms }): JSX.Element {
  return (
    <Section title="What has to be proven">
      <p>Of the accounts that a manager declared, at the moment of a snapshot:</p>
      <PolicyWords lines={limitLines({ limits: limitsOf(terms) })} />
      <Fold title="What it is judged by" open={hasRoom()}>
        <BasisWords basis={terms} />
      </Fold>
      <Fold title="Times, circuits, what is shown" open={hasRoom()}>
        <Facts
          rows={[
            ["An attestation lasts", span(terms.validity)],
            ["A snapshot may be", `${span(terms.maxAge)} old when it is brought`],
            ["Its prices may be", `${span(terms.maxMarketSkew)} apart from it`],
            ...TABLE_KINDS.flatMap((kind) => {
              const { title, terms: taken } = TABLES[kind];
              const skew = taken(terms)?.maxSkew;
              return skew === undefined ? [] : [[title, `${span(skew)} apart from it at most`] as const];
            }),
            ["Circuits", circuitsIn(terms).map(circuitName).join(" and ")],
            ["Shown to everybody", terms.navStep === 0n ? "no net asset value" : "the net asset value"],
            [
              "Sealed for viewers",
              terms.viewers.length === 0 ? "nothing" : `all sums, for ${terms.viewers.length}`,
            ],
          ]}
        />
      </Fold>
      <DoesNotSay />
    </Section>
  );
}

/** So many managers are asked for; the logs may name more. */
const MOST_SUBJECTS = 50;

interface Standing {
  readonly statuses: readonly Status[];
  readonly more: number;
  readonly insecure: boolean;
}

/** By the registry's word: proofs are verified on each manager's own page. */
function Attested(props: {
  readonly registry: Registry;
  readonly terms: PolicyTerms;
  readonly policyId: Hex;
  readonly fromBlock: bigint;
}): JSX.Element {
  const { registry, terms, policyId, fromBlock } = props;
  const [found, setFound] = useState<Standing | undefined>();
  const { error, run } = useWork();
  useEffect(() => {
    void run(async () => {
      const entries = await historyOf(registry, { policyId, fromBlock });
      const attested = entries.filter((entry) => entry.kind === "attested");
      const subjects = [...new Set(attested.map(({ subject }) => subject))];
      const statuses = await Promise.all(
        subjects.slice(0, MOST_SUBJECTS).map((subject) => statusOf(registry, subject, policyId)),
      );
      const oldest = Math.min(...statuses.map(({ asOf = 0 }) => asOf));
      const insecure = await restsOnDevelopmentKey(registry, terms, statuses.length > 0 ? oldest : undefined);
      setFound({ statuses, more: Math.max(0, subjects.length - MOST_SUBJECTS), insecure });
    });
  }, [registry, policyId]);
  return (
    <Section title="Who attested under it">
      <Problem error={error} />
      {found?.insecure === true && found.statuses.length > 0 ? <DevelopmentKey /> : null}
      {found === undefined && error === undefined ? <p role="status">Reading the registry's logs…</p> : null}
      {found?.statuses.length === 0 ? <p class="empty">Nobody yet.</p> : null}
      <ul class="plain">
        {(found?.statuses ?? []).map(({ subject, healthy, expiry }) => (
          <li key={subject}>
            <a href={linkTo({ name: "subject", address: subject })}>
              <code class="hash">{subject}</code>
            </a>{" "}
            <Verdict ok={healthy} insecure={found!.insecure}>
              {healthy ? `healthy until ${utc(expiry!)}` : "NOT healthy now"}
            </Verdict>
          </li>
        ))}
      </ul>
      {found === undefined || found.more === 0 ? null : <p>And {found.more} more.</p>}
      <p class="note">
        By the registry's word. Proofs are verified again on the page of each manager's record.
      </p>
    </Section>
  );
}
