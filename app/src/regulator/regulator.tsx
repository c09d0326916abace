// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The regulator's view: verify one attestation, or look at a subject's whole record; all verification happens in this page.
 *
 * @module
 */

import { connectRegistry } from "@keel/verifier/chain";
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import type { PublicClient } from "viem";
import { BasisWords } from "../basis.js";
import { nodeClient, walletReads } from "../chain.js";
import { hasDevelopmentKeys } from "../circuits.js";
import type { ConsoleConfig } from "../config.js";
import {
  AllowInsecure,
  DevelopmentKey,
  DoesNotSay,
  Facts,
  Field,
  FileDrop,
  Hash,
  PolicyWords,
  Problem,
  Section,
  Verdict,
} from "../parts.js";
import { readAddress } from "../read.js";
import { type InjectedWallet, useWallets, WalletChoice } from "../wallets.js";
import { lookAt, type SubjectRecord } from "./look.js";
import { RecordView } from "./record.js";
import { type Evidence, type Finding, openEvidence, verifyEvidence } from "./verify.js";

/** The view. */
export function Regulator({ config }: { readonly config: ConsoleConfig | undefined }): JSX.Element {
  const wallets = useWallets(config);
  const [wallet, setWallet] = useState<InjectedWallet | undefined>();
  const client = clientOf(config, wallet);
  return (
    <>
      {config === undefined && wallets.length > 0 ? (
        <Section title="Which chain" class="no-print">
          <p>This host knows no chain. Files are verified without one; a wallet can reach one.</p>
          <WalletChoice wallets={wallets} chosen={wallet} onChoose={setWallet} />
        </Section>
      ) : null}
      <OneAttestation client={client} home={config} />
      <Look client={client} config={config} />
    </>
  );
}

function clientOf(
  config: ConsoleConfig | undefined,
  wallet: InjectedWallet | undefined,
): PublicClient | undefined {
  if (config !== undefined) return nodeClient(config);
  return wallet === undefined ? undefined : walletReads(wallet);
}

function OneAttestation({
  client,
  home,
}: {
  readonly client: PublicClient | undefined;
  readonly home: ConsoleConfig | undefined;
}): JSX.Element {
  const id = useId();
  const [evidence, setEvidence] = useState<Evidence>({});
  const [pasted, setPasted] = useState("");
  const [allowInsecure, setAllowInsecure] = useState(false);
  const [busy, setBusy] = useState(false);
  const [finding, setFinding] = useState<Finding | undefined>();
  const [error, setError] = useState<unknown>();
  /** What was found out is about what was there then. */
  const forget = (): void => {
    setFinding(undefined);
    setError(undefined);
  };
  const add = (texts: readonly string[]): void => {
    forget();
    try {
      setEvidence(openEvidence(evidence, texts));
    } catch (reason) {
      setError(reason);
    }
  };
  const verify = async (): Promise<void> => {
    forget();
    setBusy(true);
    try {
      const all = pasted.trim() === "" ? evidence : openEvidence(evidence, [pasted]);
      setFinding(await verifyEvidence(all, { client, home, allowInsecure }));
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const opened = Object.keys(evidence);
  return (
    <Section title="One attestation" class="no-print">
      <div class="open-row">
        <div class="field">
          <label for={id}>Paste an attestation</label>
          <textarea
            id={id}
            value={pasted}
            spellcheck={false}
            onInput={(event) => {
              forget();
              setPasted(event.currentTarget.value);
            }}
          />
        </div>
        <FileDrop
          label="Or drop or open files"
          hint={`The attestation; your own policy and market${client === undefined ? "" : ", or the registry's are used"}.`}
          onTexts={add}
          onError={setError}
        />
      </div>
      {opened.length === 0 ? null : <p role="status">Open: {opened.join(", ")}.</p>}
      <div class="actions">
        <button type="button" class="primary" disabled={busy} onClick={() => void verify()}>
          {busy ? "Verifying…" : "Verify"}
        </button>
        {hasDevelopmentKeys() ? <AllowInsecure checked={allowInsecure} onChange={setAllowInsecure} /> : null}
      </div>
      <Problem error={error} />
      {finding === undefined ? null : <FindingText finding={finding} />}
    </Section>
  );
}

function FindingText({ finding }: { readonly finding: Finding }): JSX.Element {
  const { verified, lead, limits, evidence, basis, where, until } = finding;
  return (
    <div class="result" role="status">
      {verified.insecure ? <DevelopmentKey /> : null}
      <p>
        <Word finding={finding} /> Verified in this page.
      </p>
      <p class="says">{lead}</p>
      <PolicyWords lines={limits} />
      <PolicyWords lines={evidence} />
      <BasisWords basis={basis} />
      <Facts
        rows={[
          ["Policy id", <Hash key="policy" value={verified.policyId} />],
          ["Where", where],
          ["Until", until],
        ]}
      />
      <DoesNotSay verified={verified} />
    </div>
  );
}

/** "VALID" only by tables that were published: who chooses the prices chooses what can be proven. */
function Word({ finding: { published, expired } }: { readonly finding: Finding }): JSX.Element {
  if (!published) {
    return (
      <Verdict>
        The proof holds, by the market you gave. Whether anybody published that market only the chain knows.
      </Verdict>
    );
  }
  return <Verdict ok={!expired}>{expired ? "VALID, but expired." : "VALID."}</Verdict>;
}

function Look(props: {
  readonly client: PublicClient | undefined;
  readonly config: ConsoleConfig | undefined;
}): JSX.Element {
  const { client, config } = props;
  const [registry, setRegistry] = useState<string>(config?.registry ?? "");
  const [subject, setSubject] = useState<string>(config?.subject ?? "");
  const [step, setStep] = useState("");
  const [record, setRecord] = useState<SubjectRecord | undefined>();
  const [error, setError] = useState<unknown>();
  const look = async (): Promise<void> => {
    setRecord(undefined);
    setError(undefined);
    setStep("Reading the registry's logs…");
    try {
      const address = readAddress(registry, "registry");
      const who = readAddress(subject, "subject");
      const connected = await connectRegistry(client!, address);
      const fromBlock = config !== undefined && address === config.registry ? config.fromBlock : 0;
      const told = (index: number, count: number): void => setStep(`Verifying proof ${index} of ${count}…`);
      setRecord(await lookAt(connected, who, BigInt(fromBlock), told));
    } catch (reason) {
      setError(reason);
    } finally {
      setStep("");
    }
  };
  return (
    <>
      <Section title="A subject's record" class="no-print">
        {client === undefined ? (
          <p class="empty">
            No chain can be reached from here: this host knows none, and no wallet is chosen.
          </p>
        ) : (
          <form
            class="actions"
            onSubmit={(event) => {
              event.preventDefault();
              void look();
            }}
          >
            <Field label="Registry" value={registry} onInput={setRegistry} mono class="wide" />
            <Field label="Subject" value={subject} onInput={setSubject} mono class="wide" />
            <button type="submit" class="primary" disabled={step !== ""}>
              Look
            </button>
          </form>
        )}
        {step === "" ? null : <p role="status">{step}</p>}
        <Problem error={error} />
      </Section>
      {record === undefined ? null : <RecordView record={record} />}
    </>
  );
}
