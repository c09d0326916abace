// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What stands behind a word of the registry, a part that opens for each: keys, sources, scenarios, publishers, delays, powers.
 *
 * @module
 */

import "./trust.css";

import { formatDecimal, LOCAL_CHAINS, type Policy, type PolicyTerms, TEST_NETWORKS } from "@keel/verifier";
import { type Registry, type RoleState, roleName } from "@keel/verifier/chain";
import {
  circuitName,
  delayed,
  EVIDENCE_NOT_ON_CHAIN,
  evidenceLines,
  percent,
  span,
  utc,
} from "@keel/verifier/text";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Hex } from "viem";
import type { ConsoleConfig } from "../config.js";
import { FileDrop } from "../drop.js";
import type { CircuitVerifiers, Version } from "../keys.js";
import type { NamedText } from "../named.js";
import { Fold, FoldOnPhone, Hash, PolicyWords, Problem, Section, useWork } from "../parts.js";
import {
  hostedPolicy,
  type NamedPolicy,
  namedPolicy,
  policyFiles,
  powersOf,
  type Trust,
  trustOf,
} from "./trust.js";

/** What the panel is about. */
export interface TrustProps {
  readonly registry: Registry;
  readonly policyId: Hex;
  readonly terms: PolicyTerms;
  readonly config: ConsoleConfig | undefined;
  /** The registry is the one that the visitor named, or his host. */
  readonly isExpected: boolean;
  /** A vault whose own code nobody compared with Keel's. */
  readonly isVault?: boolean;
}

/** The panel. */
export function TrustPanel(props: TrustProps): JSX.Element {
  const { registry, policyId, terms, config, isExpected, isVault = false } = props;
  const [trust, setTrust] = useState<Trust | undefined>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    let isCurrent = true;
    setError(undefined);
    trustOf(registry, terms).then(
      (found) => isCurrent && setTrust(found),
      (reason: unknown) => isCurrent && setError(reason),
    );
    return () => {
      isCurrent = false;
    };
  }, [registry.address, registry.client, policyId]);
  const fromBlock = BigInt(config !== undefined && isHome(registry, config) ? config.fromBlock : 0);
  return (
    <Section title="What this rests on" class="trust">
      <Problem error={error} />
      <RegistryPart registry={registry} isExpected={isExpected} isVault={isVault} />
      {trust === undefined ? (
        error === undefined ? (
          <p role="status">Reading keys, publishers and delays…</p>
        ) : null
      ) : (
        <>
          <KeysPart verifiers={trust.verifiers} chainId={registry.chainId} />
          <FoldOnPhone title="Sources, publishers, delays, powers">
            <SourcesPart policyId={policyId} config={config} />
            <PublishersPart trust={trust} />
            <DelaysPart trust={trust} />
            <PowersPart registry={registry} fromBlock={fromBlock} />
          </FoldOnPhone>
        </>
      )}
    </Section>
  );
}

function isHome({ address, chainId }: Registry, config: ConsoleConfig): boolean {
  return chainId === config.chainId && address.toLowerCase() === config.registry;
}

function RegistryPart(
  props: Pick<TrustProps, "registry" | "isExpected"> & { readonly isVault: boolean },
): JSX.Element {
  const { registry, isExpected, isVault } = props;
  const { chainId, address } = registry;
  const test = LOCAL_CHAINS.includes(chainId) ? "a local chain" : TEST_NETWORKS[chainId];
  return (
    <Fold title="Registry" says={isExpected ? "the one that was named beforehand" : "NOT named beforehand"}>
      <p>
        <Hash value={address} what="address" /> on chain {chainId}
        {test === undefined ? "" : `, ${test}: nothing there is worth anything`}.
      </p>
      <p>
        Anybody can deploy a registry that calls any manager healthy. That this is the right one is the word
        of {isExpected ? "this page's host, or yours" : "whoever made the vault"}.
      </p>
      <p>
        What the node says of the chain is believed here: which node, you choose in the page's head. Proofs
        are verified in this page on the manager's record.
      </p>
      {isVault ? (
        <p>
          The vault's own code is not compared with Keel's here. Whoever wrote it decides what it does with
          money: look at its code at an explorer.
        </p>
      ) : null}
    </Fold>
  );
}

function KeysPart(props: {
  readonly verifiers: readonly CircuitVerifiers[];
  readonly chainId: number;
}): JSX.Element {
  const all = props.verifiers.flatMap(({ versions }) => versions.filter(isInForce));
  const bad = all.filter(({ insecure }) => insecure).length;
  const says =
    bad === 0 ? (
      "none of the verifiers in force has a key that is known to be a development key"
    ) : (
      <b class="wrong">DEVELOPMENT KEY: its secret is public, so anybody can prove anything</b>
    );
  return (
    <Fold title="Keys and their ceremony" says={says}>
      {props.verifiers.map(({ circuit, versions }) => (
        <article key={circuit}>
          <h3>{circuitName(circuit)}</h3>
          {versions.length === 0 ? <p>No verifier is in force: nothing can be attested.</p> : null}
          <ul class="plain">
            {versions.map((version, i) => (
              <li key={version.verifier}>
                Version {i + 1}, {versionText(version)}: <Hash value={version.verifier} what="address" />
              </li>
            ))}
          </ul>
        </article>
      ))}
      <p>
        A verifier that is no development key came from somebody's ceremony. Whose, only its transcript shows:{" "}
        <code>keel ceremony verify</code> checks one.
      </p>
    </Fold>
  );
}

function isInForce({ retiredAt }: Version): boolean {
  return retiredAt === 0;
}

function versionText({ insecure, liveAt, retiredAt }: Version): string {
  return [
    insecure ? "from a DEVELOPMENT KEY" : "not known as a development key",
    `from ${utc(liveAt)}`,
    ...(retiredAt === 0 ? [] : [`retired ${utc(retiredAt)}`]),
  ].join(", ");
}

/** Sources and scenarios: hashes on chain, names in the policy's file. */
function SourcesPart(props: {
  readonly policyId: Hex;
  readonly config: ConsoleConfig | undefined;
}): JSX.Element {
  const { policyId, config } = props;
  const [named, setNamed] = useState<NamedPolicy | undefined>();
  const { error, run } = useWork();
  const [problem, setProblem] = useState<unknown>();
  useEffect(() => {
    setNamed(undefined);
    setProblem(undefined);
    void run(async () => setNamed(await hostedPolicy(config, policyId)));
  }, [policyId, config]);
  const take = (texts: readonly NamedText[]): void => {
    setProblem(undefined);
    try {
      setNamed(namedPolicy(policyId, ...policyFiles(texts.map(({ text }) => text))));
    } catch (reason) {
      setProblem(reason);
    }
  };
  if (named === undefined) {
    return (
      <Fold title="Sources and scenarios" says="names are in the policy's file, which is not open here">
        <p>{EVIDENCE_NOT_ON_CHAIN}</p>
        <FileDrop
          label="Open the policy's file and a market's"
          hint="Both are read here and go nowhere. Another policy's file is refused: its id would be another."
          onTexts={take}
          onError={setProblem}
        />
        <Problem error={problem ?? error} />
      </Fold>
    );
  }
  const { policy } = named;
  return (
    <>
      <Fold title="Sources" says={`${sourcesSay(policy)}, by the policy's file`}>
        <p>The file is this policy's: it gives the policy's id.</p>
        <PolicyWords lines={evidenceLines(policy)} />
      </Fold>
      <Fold title="Scenarios" says={`${policy.scenarios.length} in which losses are limited`}>
        {policy.scenarios.length === 0 ? <p>The policy limits no loss in a scenario.</p> : null}
        <ul class="plain">
          {policy.scenarios.map((scenario) => (
            <li key={scenario.name}>
              <b>{scenario.name}</b>: {scenarioText(scenario)}
            </li>
          ))}
        </ul>
      </Fold>
    </>
  );
}

function sourcesSay({ sources }: Policy): string {
  return sources
    .map(({ name, evidence }) => `${name}${evidence === undefined ? ": not said" : `: ${evidence}`}`)
    .join(" · ");
}

function scenarioText({ shocks, volatility }: Policy["scenarios"][number]): string {
  const share = (bps: bigint): string => percent(formatDecimal(bps, 4));
  const moves = [...shocks].map(([name, move]) => `${name} ${share(move)}`);
  return [...moves, ...(volatility === 0n ? [] : [`volatility ${share(volatility)}`])].join(", ");
}

function PublishersPart({ trust }: { readonly trust: Trust }): JSX.Element {
  const { publishers, threshold, pending } = trust.publishers;
  return (
    <Fold
      title="Publishers of tables"
      says={`${threshold} of ${publishers.length} have to sign${pending === undefined ? "" : "; OTHERS are announced"}`}
    >
      <ul class="plain">
        {publishers.map((address) => (
          <li key={address}>
            <Hash value={address} what="address" />
          </li>
        ))}
      </ul>
      {pending === undefined ? null : (
        <>
          <p>
            From {utc(pending.liveAt)}, {pending.threshold} of these:
          </p>
          <ul class="plain">
            {pending.publishers.map((address) => (
              <li key={address}>
                <Hash value={address} what="address" />
              </li>
            ))}
          </ul>
        </>
      )}
      <p>
        Whoever signs the tables of prices, of returns and of depths says what everything is worth, how it
        moves and how fast it is sold. Feeds sign nothing: a contract reads them.
      </p>
    </Fold>
  );
}

function DelaysPart({ trust: { delays, enrolmentDelay } }: { readonly trust: Trust }): JSX.Element {
  const rows = [
    ["another list of accounts counts", enrolmentDelay],
    ["a looser policy of a line counts", delays.policies],
    ["other publishers count", delays.publishers],
    ["another verifier counts", delays.verifiers],
    ["a lost drawdown chain may start over", delays.restarts],
  ] as const;
  const shortest = Math.min(...rows.map(([, seconds]) => seconds));
  return (
    <Fold title="Delays" says={`everybody sees a change coming for ${span(shortest)} at least`}>
      <ul class="plain">
        {rows.map(([what, seconds]) => (
          <li key={what}>
            {span(seconds)} until {what}
          </li>
        ))}
      </ul>
    </Fold>
  );
}

/** Read from the authority's logs once somebody asks. */
function PowersPart(props: { readonly registry: Registry; readonly fromBlock: bigint }): JSX.Element {
  const { registry, fromBlock } = props;
  const [roles, setRoles] = useState<readonly RoleState[] | undefined>();
  const { busy, error, run } = useWork();
  const read = (): void => {
    if (roles === undefined && !busy) void run(async () => setRoles(await powersOf(registry, fromBlock)));
  };
  return (
    <Fold title="Who may change what" says="read when it is opened" onOpen={read}>
      {busy ? <p role="status">Reading who was given which role…</p> : null}
      <Problem error={error} />
      {(roles ?? [])
        .filter(({ holders, offers }) => holders.length + offers.length > 0)
        .map((role) => (
          <RoleItem key={`${role.role}`} role={role} />
        ))}
    </Fold>
  );
}

function RoleItem({ role: { role, holders, offers, functions } }: { readonly role: RoleState }): JSX.Element {
  return (
    <article>
      <h3>{roleName(role)}</h3>
      {functions.length === 0 ? null : <p class="note">{functions.join(", ")}</p>}
      <ul class="plain">
        {holders.map(({ account, executionDelay }) => (
          <li key={account}>
            <Hash value={account} what="address" /> {delayed(executionDelay)}
          </li>
        ))}
        {offers.map(({ account, lapsesAt }) => (
          <li key={account}>
            OFFERED to <Hash value={account} what="address" /> until {utc(lapsesAt)}
          </li>
        ))}
      </ul>
    </article>
  );
}
