// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * For a viewer whom a policy names: the sums of each attestation, read in this page's memory with a key that stays there.
 *
 * @module
 */

import { dollars, utc } from "@keel/verifier/text";
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { shortHex } from "../basics.js";
import { LineChart } from "../charts/line.js";
import { FileDrop } from "../drop.js";
import type { NamedText } from "../named.js";
import { Facts, Fold, FoldOnPhone, Hash, Problem, Section, saveText } from "../parts.js";
import { axisText } from "../vault/worth.js";
import { figuresCsv, type Reading, readRecord } from "./figures.js";
import type { SubjectRecord } from "./look.js";

/** Asks for the key's file; nothing where no policy of the record has viewers. */
export function ViewerFigures({ record }: { readonly record: SubjectRecord }): JSX.Element | null {
  const [readings, setReadings] = useState<readonly Reading[]>([]);
  const [error, setError] = useState<unknown>();
  if (record.policies.every(({ terms }) => terms.viewers.length === 0)) return null;
  const read = (texts: readonly NamedText[]): void => {
    setError(undefined);
    setReadings([]);
    try {
      setReadings(readRecord(record, texts[0]!.text));
    } catch (problem) {
      setError(problem);
    }
  };
  const save = (): void => saveText(`${record.subject}-figures.csv`, figuresCsv(readings), "text/csv");
  return (
    <Section title="For a viewer whom the policy names" class="record viewer">
      <FoldOnPhone title="Read the sums with your key" open={readings.length > 0}>
        <p>
          The sums of these attestations are sealed for the policy's viewers. The key is read in this page,
          used once, and goes nowhere.
        </p>
        <FileDrop
          label="Open the viewer's key (secret)"
          hint="A viewer-key/1 file, from keel viewer new"
          onTexts={read}
          onError={setError}
        />
      </FoldOnPhone>
      <Problem error={error} />
      {readings.length === 0 ? null : <FiguresOverTime readings={readings} />}
      {[...readings].reverse().map(({ policyId, asOf, figures }) => (
        <Fold key={`${policyId} ${asOf}`} title={utc(asOf)} open={asOf === readings.at(-1)?.asOf}>
          <Facts
            rows={[
              ["Policy id", <Hash key="policy" value={policyId} />],
              ...figures.map(({ name, usd }) => [name, `${dollars(usd)} USD`] as const),
            ]}
          />
        </Fold>
      ))}
      {readings.length === 0 ? null : (
        <button type="button" class="quiet" onClick={save}>
          Save the figures as CSV (secret)
        </button>
      )}
    </Section>
  );
}

/** One figure over all attestations that show it. */
function FiguresOverTime({ readings }: { readonly readings: readonly Reading[] }): JSX.Element {
  const id = useId();
  const names = [...new Set(readings.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const [chosen, setChosen] = useState(names[0]!);
  const policies = [...new Set(readings.map(({ policyId }) => policyId))];
  const lines = policies.map((policyId) => ({
    name: `policy ${shortHex(policyId)}`,
    points: readings.flatMap(({ policyId: of, asOf, figures }) => {
      const figure = of === policyId ? figures.find(({ name }) => name === chosen) : undefined;
      if (figure === undefined) return [];
      return [{ time: asOf, value: Number(figure.usd), text: `${dollars(figure.usd)} USD` }];
    }),
  }));
  return (
    <>
      <div class="field">
        <label for={id}>Over time</label>
        <select id={id} value={chosen} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <LineChart title={chosen} lines={lines} format={axisText} />
    </>
  );
}
