// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A manager by address: the whole record, rebuilt and verified as soon as the page is opened. The registry is the one that this
 * page's host names, or that the visitor types; never one from a link.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { readsOf } from "../chain.js";
import type { PageProps } from "../page-props.js";
import { Facts, Field, FoldOnPhone, Hash, Problem, Section } from "../parts.js";
import { readAddress } from "../read.js";
import { LookProgress, Records, useLook } from "../regulator/funds.js";
import { chooseWallet, chosenNode, chosenWallet, nodeKey } from "../session.js";
import { TrustPanel } from "../trust/panel.js";
import { useWallets, WalletChoice } from "../wallets.js";

/** The page. */
export function Subject({ config, about = "" }: PageProps): JSX.Element {
  const wallets = useWallets(config);
  const wallet = chosenWallet.useValue();
  const node = nodeKey(chosenNode.useValue());
  const client = useMemo(() => readsOf(config, wallet), [config, wallet, node]);
  const [registry, setRegistry] = useState<string>(config?.registry ?? "");
  const [problem, setProblem] = useState<unknown>();
  const { step, found, error, look, cancel } = useLook();
  const begin = (): void => {
    setProblem(undefined);
    try {
      const subjects = [readAddress(about, "subject")];
      if (client !== undefined) void look({ client, config, registry, subjects });
    } catch (reason) {
      setProblem(reason);
    }
  };
  useEffect(() => {
    if (config !== undefined) begin();
  }, [about, node]);
  const record = found[0]?.record;
  const newest = record?.policies.at(-1);
  return (
    <>
      <Section title="Who" class="no-print">
        <Facts rows={[["Manager", <Hash key="subject" value={about} what="address" />]]} />
        <FoldOnPhone title="Another registry, or again" open={config === undefined}>
          <form
            class="actions"
            onSubmit={(event) => {
              event.preventDefault();
              begin();
            }}
          >
            <Field label="Registry you expect" value={registry} onInput={setRegistry} mono class="wide" />
            {config === undefined ? (
              <WalletChoice wallets={wallets} chosen={wallet} onChoose={chooseWallet} />
            ) : null}
            <button type="submit" disabled={step !== undefined || client === undefined}>
              Look again
            </button>
          </form>
        </FoldOnPhone>
        {client === undefined ? (
          <p class="empty">This host knows no chain: choose a wallet that reaches one.</p>
        ) : null}
        <LookProgress step={step} onCancel={cancel} />
        <Problem error={problem ?? error} />
      </Section>
      <Records found={found} />
      {record === undefined || newest === undefined ? null : (
        <TrustPanel
          registry={record.registry}
          policyId={newest.policyId}
          terms={newest.terms}
          config={config}
          isExpected
        />
      )}
    </>
  );
}
