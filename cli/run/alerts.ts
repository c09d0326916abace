// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Alerts: kept on disk until every receiver has taken them, tried again with growing pauses, and sent once.
 *
 * An alert is known by what it is about and which round: the same trouble in the same round is the same alert, however often it
 * is met. Only a kill between a receiver's yes and the note of it sends one again, under the same id, by which a receiver drops
 * it: the header Idempotency-Key of a webhook, the Message-ID of a mail.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { parseFileJson } from "@keel/verifier";
import { KeelError } from "@keel/verifier/errors";
import { z } from "zod";
import { type Context, note } from "../context.js";
import { readText, writeText } from "../files.js";
import { ALERTS, type AlertKind, type RunConfig, resolved } from "./config.js";

/** Something that somebody should know. */
export interface Alert {
  readonly kind: AlertKind;
  /** Which round, or anything else that tells two alerts of a kind apart. */
  readonly about: string;
  /** Public: names of limits and codes, never a holding. */
  readonly text: string;
}

/** Receivers, and what waits for them. */
export interface Outbox {
  /** Puts an alert in, unless it is there. @returns whether it is new */
  raise(alert: Alert, now: number): Promise<boolean>;
  /** Sends what is due. @returns how many deliveries still wait */
  flush(now: number): Promise<number>;
}

/** Sends one alert to one receiver. */
export interface Receiver {
  /** A name that says nothing secret. */
  readonly name: string;
  readonly kinds: readonly AlertKind[];
  send(alert: Alert & { readonly id: string; readonly at: number }): Promise<void>;
}

const delivery = z.strictObject({ tries: z.int().min(0), next: z.int().min(0), done: z.boolean() });
const entry = z.strictObject({
  id: z.string(),
  kind: z.enum(ALERTS),
  about: z.string(),
  text: z.string(),
  at: z.int(),
  deliveries: z.record(z.string(), delivery),
});
const schema = z.strictObject({ keel: z.literal("alerts/1"), alerts: z.array(entry) });
type Entry = z.infer<typeof entry>;

const FIRST_PAUSE_S = 5;
const LONGEST_PAUSE_S = 3_600;
/** Alerts that are remembered, so that they are not sent again. */
const REMEMBERED = 500;
const SEND_MS = 15_000;

/** Opens the outbox in a folder. */
export async function openOutbox(
  folder: string,
  subject: string,
  receivers: readonly Receiver[],
  context: Context,
): Promise<Outbox> {
  const file = join(folder, "alerts.json");
  let alerts = await read(file, context);
  let isKept = true;
  const save = async (): Promise<void> => {
    const done = ({ deliveries }: Entry): boolean => Object.values(deliveries).every((one) => one.done);
    const old = alerts.slice(0, -REMEMBERED).filter((one) => !done(one));
    alerts = [...old, ...alerts.slice(-REMEMBERED)];
    const text = `${JSON.stringify({ keel: "alerts/1", alerts }, null, 2)}\n`;
    isKept = false;
    await writeText({ path: file, text, secret: true }, true, new AbortController().signal);
    isKept = true;
  };
  return {
    raise: async (alert, now) => {
      const id = idOf(alert, subject);
      if (alerts.some((one) => one.id === id)) return false;
      const to = receivers.filter(({ kinds }) => kinds.includes(alert.kind)).map(({ name }) => name);
      const deliveries = Object.fromEntries(to.map((name) => [name, { tries: 0, next: now, done: false }]));
      alerts.push({ id, ...alert, at: now, deliveries });
      await save();
      return true;
    },
    flush: async (now) => {
      for (const one of alerts) {
        for (const [name, state] of Object.entries(one.deliveries)) {
          if (state.done || !isDue(state.next, now)) continue;
          const receiver = receivers.find((candidate) => candidate.name === name);
          // A receiver that the configuration no longer has.
          const done = receiver === undefined || (await isTaken(receiver, one));
          const tries = state.tries + 1;
          one.deliveries[name] = { tries, next: done ? now : now + pause(tries), done };
          // A disk that takes no file keeps nobody from being told; what was told is known here, and written when it can be.
          await save().catch(() => {});
        }
      }
      if (!isKept) await save().catch(() => {});
      return alerts.flatMap(({ deliveries }) => Object.values(deliveries)).filter(({ done }) => !done).length;
    },
  };
}

/** A time that is further away than any pause was set by a clock that was wrong. */
function isDue(next: number, now: number): boolean {
  return next <= now || next > now + LONGEST_PAUSE_S;
}

function pause(tries: number): number {
  return Math.min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (tries - 1));
}

async function isTaken(receiver: Receiver, alert: Entry): Promise<boolean> {
  try {
    await receiver.send(alert);
    return true;
  } catch {
    return false;
  }
}

function idOf({ kind, about, text }: Alert, subject: string): string {
  return createHash("sha256")
    .update(JSON.stringify([subject, kind, about, text]))
    .digest("hex")
    .slice(0, 32);
}

/** What stands there; a damaged file is laid aside, since who cannot be told again can still be told. */
async function read(file: string, context: Context): Promise<Entry[]> {
  try {
    return schema.parse(parseFileJson(await readText(file, "alerts", context), "alerts")).alerts;
  } catch (error) {
    if (error instanceof KeelError && error.code === "file.missing") return [];
    if (error instanceof KeelError && error.kind !== "input") throw error;
    note(context, `warning: ${file} is damaged; it is ${file}.damaged now, and its alerts may be sent again`);
    await rename(file, `${file}.damaged`);
    return [];
  }
}

/** The receivers that a configuration names. */
export function receiversOf({ alerts }: RunConfig, subject: string, context: Context): Receiver[] {
  const { webhook = [], mail = [] } = alerts;
  return [
    ...webhook.map((one, i) => webhookReceiver(`webhook ${i}`, one, subject, context)),
    ...mail.map((one, i) => mailReceiver(`mail ${i}`, one, subject, context)),
  ];
}

function webhookReceiver(
  name: string,
  { url, kinds = [...ALERTS] }: NonNullable<RunConfig["alerts"]["webhook"]>[number],
  subject: string,
  context: Context,
): Receiver {
  const target = resolved(url, "run.alerts.webhook", context);
  return {
    ...{ name, kinds },
    send: async ({ id, kind, about, text, at }) => {
      const response = await fetch(target, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": id },
        body: JSON.stringify({ keel: "alert/1", id, subject, kind, about, text, at }),
        redirect: "error",
        signal: AbortSignal.timeout(SEND_MS),
      });
      await response.body?.cancel();
      if (!response.ok) throw unsent();
    },
  };
}

function mailReceiver(
  name: string,
  mail: NonNullable<RunConfig["alerts"]["mail"]>[number],
  subject: string,
  context: Context,
): Receiver {
  const { host, port, secure = false, from, to, user, password, kinds = [...ALERTS] } = mail;
  const auth =
    user === undefined || password === undefined
      ? {}
      : {
          auth: {
            user: resolved(user, "run.alerts.mail.user", context),
            pass: resolved(password, "run.alerts.mail.password", context),
          },
        };
  return {
    ...{ name, kinds },
    send: async ({ id, kind, about, text }) => {
      const { createTransport } = await import("nodemailer");
      const limits = { connectionTimeout: SEND_MS, socketTimeout: SEND_MS };
      const transport = createTransport({ host, port, secure, ...auth, ...limits });
      try {
        await transport.sendMail({
          ...{ from, to, messageId: `<${id}@keel>` },
          subject: `keel: ${kind} (${subject})`,
          text: `${text}\n\nRound: ${about}\nAlert: ${id}\n`,
        });
      } finally {
        transport.close();
      }
    },
  };
}

function unsent(): KeelError {
  return new KeelError({
    kind: "environment",
    code: "run.alert",
    path: "alerts",
    expected: "a receiver's yes",
    received: "another answer",
  });
}
