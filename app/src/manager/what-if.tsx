// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The what-if editor: every position can be typed over, and every limit moves at once. Nothing of it is signed, so nothing
 * of it can be proven.
 *
 * @module
 */

import { KeelError } from "@keel/verifier/errors";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { Problem } from "../basics.js";
import { grouped } from "../words.js";
import { type Book, cellOf, type Edits, quantityOf, readQuantity, writeQuantity } from "./book.js";

/** What the editor works on. */
export interface WhatIfProps {
  readonly book: Book;
  readonly edits: Edits;
  readonly onEdits: (edits: Edits) => void;
  /** Pays for what is bought. */
  readonly cash: string | undefined;
  readonly onCash: (cash: string) => void;
  /** What is wrong with the edits together. */
  readonly problem: unknown;
}

/** A table of positions, held first, each with a field for another quantity. */
export function WhatIf({ book, edits, onEdits, cash, onCash, problem }: WhatIfProps): JSX.Element {
  const id = useId();
  const moneys = book.market.instruments.filter(({ kind }) => kind === "cash");
  const change = (cell: string, text: string | undefined): void => {
    const next = new Map(edits);
    if (text === undefined) next.delete(cell);
    else next.set(cell, text);
    onEdits(next);
  };
  const reset = (
    <button type="button" class="quiet" disabled={edits.size === 0} onClick={() => onEdits(new Map())}>
      Put everything back
    </button>
  );
  return (
    <>
      <p>
        Type another quantity: every limit moves at once. Perpetuals and futures move no cash; what else you
        buy is paid for at the market's price. Only what a source has signed can be proven.
      </p>
      {moneys.length === 0 ? null : (
        <div class="field paid">
          <label for={id}>Paid in</label>
          <select id={id} value={cash} onChange={(event) => onCash(event.currentTarget.value)}>
            {moneys.map((row) => (
              <option key={row.id} value={row.id}>
                {row.id}
              </option>
            ))}
          </select>
        </div>
      )}
      <Problem error={problem} />
      {book.snapshot.accounts.map((account) => (
        <Account key={account.id} book={book} account={account.id} edits={edits} onChange={change} />
      ))}
      {reset}
    </>
  );
}

function Account(props: {
  readonly book: Book;
  readonly account: string;
  readonly edits: Edits;
  readonly onChange: (cell: string, text: string | undefined) => void;
}): JSX.Element {
  const { book, account, edits, onChange } = props;
  const rows = book.market.instruments.map((row) => ({
    ...row,
    quantity: quantityOf(book, account, row.id),
    cell: cellOf(account, row.id),
  }));
  const held = [...rows].sort((a, b) => Number(a.quantity === 0n) - Number(b.quantity === 0n));
  return (
    <table class="positions">
      <caption>Account {account}</caption>
      <thead>
        <tr>
          <th scope="col">Instrument</th>
          <th scope="col">Held</th>
          <th scope="col">What if</th>
        </tr>
      </thead>
      <tbody>
        {held.map(({ id, kind, quantity, cell }) => (
          <tr key={id} class={edits.has(cell) ? "edited" : ""}>
            <th scope="row">
              {id} <small>{kind}</small>
            </th>
            <td class="held">{grouped(writeQuantity(quantity))}</td>
            <td>
              <Quantity
                label={`What if ${id} in ${account} were`}
                text={edits.get(cell)}
                held={writeQuantity(quantity)}
                onText={(text) => onChange(cell, text)}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Quantity(props: {
  readonly label: string;
  readonly text: string | undefined;
  readonly held: string;
  readonly onText: (text: string | undefined) => void;
}): JSX.Element {
  const { label, text, held, onText } = props;
  return (
    <input
      type="text"
      inputMode="decimal"
      class="figure"
      aria-label={label}
      aria-invalid={text !== undefined && !isQuantity(text)}
      value={text ?? held}
      autocomplete="off"
      onInput={({ currentTarget: { value } }) => onText(value === held ? undefined : value)}
    />
  );
}

function isQuantity(text: string): boolean {
  try {
    readQuantity(text, "quantity");
    return true;
  } catch (error) {
    if (error instanceof KeelError) return false;
    throw error;
  }
}
