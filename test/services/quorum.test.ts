// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a quorum sign as one ordinary key, what enough members read each for itself, whoever else lies, dies or coordinates?
 *
 * @module
 */

import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checkSignatures, parseSnapshot, verifyField } from "@keel/prover";
import { type Field, parseMarket, parsePolicy } from "@keel/verifier";
import { createFROST } from "@noble/curves/abstract/frost.js";
import { babyjubjub } from "@noble/curves/misc.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { buildEddsa } from "circomlibjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createStock } from "../../services/source/dist/quorum/ahead.js";
import { beginCeremony, dealShares, finishCeremony } from "../../services/source/dist/quorum/ceremony.js";
import { createCoordinator } from "../../services/source/dist/quorum/coordinator.js";
import {
  formatShare,
  fromHex,
  memberId,
  parseShare,
  quorumOf,
  type Share,
  toHex,
} from "../../services/source/dist/quorum/files.js";
import { createMember } from "../../services/source/dist/quorum/member.js";
import { GroupPoint, isInSubgroup } from "../../services/source/dist/quorum/point.js";
import { isSignature, signPart, sumOfShares } from "../../services/source/dist/quorum/sign.js";
import { FROST, messageBytes } from "../../services/source/dist/quorum/suite.js";
import { openStore } from "../../services/source/dist/store.js";
import { SUBJECT } from "../support/book.js";
import { inFolder } from "../support/cli.js";
import { generator } from "../support/generator.js";
import {
  type Answer,
  ask,
  askAccount,
  BOOK,
  CLOSED,
  ceremony,
  changeConfig,
  coordinatorHome,
  type Home,
  home,
  ledgerText,
  marketText,
  type Program,
  policyText,
  question,
  run,
  standIn,
  startSource,
} from "./support.js";

const { Point } = babyjubjub;
const NAMES = ["ann", "bob", "cyd"];

/** Built types and sources' are two to the compiler. */
const bytesOf = (message: bigint): Uint8Array => messageBytes(message as never);

/** A signature's bytes as the library has them, as an ordinary one. */
function ordinarySignature(bytes: Uint8Array) {
  const number = (part: Uint8Array) => BigInt(`0x${Buffer.from(part).toString("hex")}`);
  const R8: readonly [bigint, bigint] = [number(bytes.slice(0, 32)), number(bytes.slice(32, 64))];
  return { R8, S: number(bytes.slice(64).reverse()) };
}

/** What some members commit to. */
const committed = (shares: readonly Share[]) => shares.map(({ secret }) => FROST.commit(secret));

/** Signs with some members, all in this process. */
function signTogether(shares: readonly Share[], message: bigint) {
  const bytes = bytesOf(message);
  const first = committed(shares);
  const list = first.map(({ commitments }) => commitments);
  const { frost } = shares[0]!.quorum;
  const parts = shares.map(({ secret }, i) => signPart(secret, frost, first[i]!.nonces, list, bytes));
  const S = sumOfShares(parts.map(({ share }) => share));
  expect(new Set(parts.map(({ R }) => toHex(R))).size).toBe(1);
  expect(isSignature(frost, bytes, parts[0]!.R, S)).toBe(true);
  return ordinarySignature(Uint8Array.from([...parts[0]!.R, ...GroupPoint.Fn.toBytes(S)]));
}

describe("points", () => {
  it("lie in the subgroup exactly when a multiplication by its order says so", () => {
    const seed = Date.now() % 1_000_000;
    const random = generator(BigInt(seed));
    const order = Point.Fn.ORDER;
    const times = (point: typeof Point.BASE) => point.multiplyUnsafe(order - 1n).add(point);
    const seen = { in: 0, out: 0 };
    for (let i = 0; i < 40; i++) {
      const y = random(2n ** 250n);
      const x2 = Point.Fp.mul(
        Point.Fp.sub(1n, y * y),
        Point.Fp.inv(Point.Fp.sub(Point.CURVE().a, Point.Fp.create(Point.CURVE().d * y * y))),
      );
      let x: bigint;
      try {
        x = Point.Fp.sqrt(Point.Fp.create(x2));
      } catch {
        continue;
      }
      const start = Point.fromAffine({ x, y });
      for (const point of [
        start,
        start.double(),
        start.double().double(),
        start.clearCofactor(),
        times(start),
      ]) {
        const isIn = times(point).is0();
        expect(isInSubgroup(point.toAffine()), `seed ${seed}`).toBe(isIn);
        seen[isIn ? "in" : "out"] += 1;
      }
    }
    expect(Math.min(seen.in, seen.out)).toBeGreaterThan(5);
  });

  it("travel as both coordinates, and only those of the curve come back", () => {
    const point = GroupPoint.BASE.multiply(12345n);
    const bytes = point.toBytes();
    expect(GroupPoint.fromBytes(bytes).toAffine()).toEqual(point.toAffine());
    for (const wrong of [
      bytes.slice(1),
      bytes.map((b, i) => (i === 63 ? b ^ 1 : b)),
      new Uint8Array(64).fill(255),
    ]) {
      expect(() => GroupPoint.fromBytes(Uint8Array.from(wrong))).toThrow(/bad point/);
    }
    expect(() => GroupPoint.remember(GroupPoint.ZERO.toBytes())).toThrow(/bad point/);
  });
});

describe("a quorum's signature", () => {
  it("is an ordinary one, here and in circomlibjs, of every two of three and three of five", async () => {
    const eddsa = await buildEddsa();
    const three = ceremony(NAMES, 2);
    const five = ceremony(["a", "b", "c", "d", "e"], 3);
    const groups = [
      three.slice(0, 2),
      three.slice(1),
      [three[2]!, three[0]!],
      [five[4]!, five[0]!, five[2]!],
    ];
    for (const [i, group] of groups.entries()) {
      const message = 987654321n ** BigInt(i + 3);
      const key = group[0]!.quorum.publicKey;
      const signature = signTogether(group, message);
      expect(verifyField(message as Field, signature, key)).toBe(true);
      expect(verifyField((message + 1n) as Field, signature, key)).toBe(false);
      const montgomery = ([x, y]: readonly [bigint, bigint]) => [eddsa.F.e(x), eddsa.F.e(y)];
      const other = { R8: montgomery(signature.R8), S: signature.S };
      expect(eddsa.verifyPoseidon(eddsa.F.e(message), other, montgomery(key))).toBe(true);
    }
  });

  it("is what the protocol makes over the library's own points", () => {
    const suite = {
      name: "KEEL-FROST-BABYJUBJUB-POSEIDON-v1",
      hash: sha512,
      hashToScalar: () => 7n,
      challenge: () => 11n,
    };
    const [plain, fast] = [createFROST({ ...suite, Point }), createFROST({ ...suite, Point: GroupPoint })];
    const rng = (length = 32) => new Uint8Array(length).fill(3);
    const ids = [1, 2, 3].map((i) => plain.Identifier.fromNumber(i));
    const [one, other] = [plain, fast].map((frost) => {
      const { public: group, secretShares } = frost.trustedDealer({ min: 2, max: 3 }, ids, undefined, rng);
      const first = [0, 1].map((i) => frost.commit(secretShares[ids[i]!]!, rng));
      const list = first.map(({ commitments }) => commitments);
      return first.map(({ nonces }, i) =>
        frost.signShare(secretShares[ids[i]!]!, group, nonces, list, rng()),
      );
    });
    expect(one).toEqual(other);
  });

  it("73 is of parts that the library's own signer gives, verifies and adds up to the same", () => {
    const seed = Date.now() % 1_000_000;
    const random = generator(BigInt(seed));
    const all = ceremony(["a", "b", "c", "d", "e"], 3);
    for (let i = 0; i < 6; i++) {
      const shares = [...all].sort(() => Number(random(3n)) - 1).slice(0, 3 + (i % 3));
      const bytes = bytesOf(random(2n ** 253n));
      const { frost } = shares[0]!.quorum;
      const first = committed(shares);
      const list = first.map(({ commitments }) => commitments);
      const reversed = [...list].reverse();
      const parts = shares.map(({ secret }, j) => signPart(secret, frost, first[j]!.nonces, reversed, bytes));
      const theirs = shares.map(({ secret }, j) =>
        FROST.signShare(secret, frost, first[j]!.nonces, list, bytes),
      );
      const ours = parts.map(({ share }) => GroupPoint.Fn.toBytes(share));
      expect(ours.map(toHex), `seed ${seed}`).toEqual(theirs.map(toHex));
      const byMember = Object.fromEntries(shares.map(({ name }, j) => [memberId(name), ours[j]!]));
      const whole = ordinarySignature(FROST.aggregate(frost, list, bytes, byMember));
      const S = sumOfShares(parts.map(({ share }) => share));
      for (const { R } of parts) expect(ordinarySignature(Uint8Array.from([...R, 0])).R8).toEqual(whole.R8);
      expect(S).toBe(whole.S);
      expect(isSignature(frost, bytes, parts[0]!.R, S)).toBe(true);
      expect(isSignature(frost, bytes, parts[0]!.R, S + 1n)).toBe(false);
      expect(isSignature(frost, bytesOf(5n), parts[0]!.R, S)).toBe(false);
      expect(isSignature(all[0]!.quorum.frost, bytes, GroupPoint.BASE.toBytes(), S)).toBe(false);
    }
  });

  it("73 is not made by fewer members, or with a share of another message", () => {
    const shares = ceremony(NAMES, 2);
    expect(() => signTogether(shares.slice(0, 1), 5n)).toThrow();
    const bytes = bytesOf(5n);
    const first = committed(shares.slice(0, 2));
    const list = first.map(({ commitments }) => commitments);
    const { frost } = shares[0]!.quorum;
    const parts = Object.fromEntries(
      first.map(({ nonces }, i) => [
        memberId(NAMES[i]!),
        FROST.signShare(shares[i]!.secret, frost, nonces, list, i === 0 ? bytes : bytesOf(6n)),
      ]),
    );
    expect(() => FROST.aggregate(frost, list, bytes, parts)).toThrow(
      expect.objectContaining({ cheaters: [memberId("bob")] }),
    );
  });
});

describe("the ceremony", () => {
  const start = (threshold = 2) => NAMES.map((name) => beginCeremony(name, NAMES, threshold));
  const dealt = (started: ReturnType<typeof start>, hellos: readonly string[]) =>
    started.map(({ secret }) => dealShares(secret, hellos));
  const lettersTo = (to: number, deals: readonly ReadonlyMap<string, string>[]) =>
    deals.flatMap((letters, i) => (i === to ? [] : [letters.get(NAMES[to]!)!]));
  const changed = (text: string, change: object) => JSON.stringify({ ...JSON.parse(text), ...change });

  it("by its command line leaves one public file, a secret share each, and no other secret", async () => {
    await inFolder(async (folder) => {
      const step = async (...args: string[]) => {
        const { code, text } = await run(["quorum", ...args, "--dir", folder]);
        expect(text).not.toMatch(/share|coefficient/);
        expect(code).toBe(0);
        return text;
      };
      const choice = ["--members", NAMES.join(), "--threshold", "2"];
      await Promise.all(NAMES.map((name) => step("begin", "--name", name, ...choice)));
      await Promise.all(NAMES.map((name) => step("deal", "--name", name)));
      const keys: string[] = [];
      for (const name of NAMES) keys.push(await step("finish", "--name", name));
      expect(new Set(keys).size).toBe(1);
      const names = await readdir(folder);
      expect(names.filter((name) => name.startsWith("secret"))).toEqual([]);
      const shares = await Promise.all(
        NAMES.map(async (name) => parseShare(await readFile(join(folder, `share.${name}.json`), "utf8"))),
      );
      expect((await stat(join(folder, "share.ann.json"))).mode & 0o777).toBe(0o600);
      const { publicKey } = shares[0]!.quorum;
      expect(verifyField(5n as Field, signTogether([shares[0]!, shares[2]!], 5n), publicKey)).toBe(true);
      expect(JSON.parse(keys[0]!).publicKey).toEqual(publicKey.map(String));
      expect(await readFile(join(folder, "quorum.json"), "utf8")).not.toContain("share.");
    });
  });

  it.each([
    [1, 3],
    [1, 2],
    [2, 4],
    [4, 3],
  ])("73 refuses %i of %i, which two groups could reach or nobody", (threshold, count) => {
    const members = ["a", "b", "c", "d"].slice(0, count);
    expect(() => beginCeremony("a", members, threshold)).toThrow(/quorum.threshold/);
  });

  it("73 names a member that greets two ways", () => {
    const started = start();
    const hellos = started.map(({ hello }) => hello);
    const second = beginCeremony("cyd", NAMES, 2);
    const toBob = [hellos[0]!, hellos[1]!, second.hello];
    const deals = [
      dealShares(started[0]!.secret, hellos),
      dealShares(started[1]!.secret, toBob),
      dealShares(started[2]!.secret, hellos),
    ];
    expect(() => finishCeremony(started[0]!.secret, hellos, lettersTo(0, deals))).toThrow(
      /hello.cyd.*bob saw/,
    );
  });

  it("73 names a member that deals a share of another polynomial", () => {
    const started = start();
    const hellos = started.map(({ hello }) => hello);
    const deals = dealt(started, hellos);
    // The same greeting, another polynomial behind it.
    const { coefficients } = JSON.parse(started[2]!.secret);
    const wrong = changed(started[2]!.secret, { coefficients: [coefficients[0], coefficients[0]] });
    expect(() => dealShares(wrong, hellos)).toThrow(/hello.cyd/);
    const other = start();
    const foreign = dealt(
      other,
      other.map(({ hello }) => hello),
    )[2]!.get("ann")!;
    const letters = [deals[1]!.get("ann")!, changed(foreign, { saw: JSON.parse(deals[1]!.get("ann")!).saw })];
    expect(() => finishCeremony(started[0]!.secret, hellos, letters)).toThrow(
      /deal.cyd.*fits the commitments/,
    );
  });

  it("73 names a greeting without knowledge of its polynomial, of other members, or that is missing", () => {
    for (const threshold of [2, 3]) {
      const started = start(threshold);
      const hellos = started.map(({ hello }) => hello);
      const bob = JSON.parse(hellos[1]!);
      const cases = [
        changed(hellos[2]!, { commitment: bob.commitment }),
        changed(hellos[2]!, { proof: bob.proof }),
        changed(hellos[2]!, { commitment: bob.commitment, proof: bob.proof }),
        changed(hellos[2]!, { threshold: 5 - threshold }),
        changed(hellos[2]!, { commitment: [...bob.commitment, ...bob.commitment] }),
      ];
      for (const hello of cases) {
        expect(() => dealShares(started[0]!.secret, [hellos[0]!, hellos[1]!, hello])).toThrow(/hello.cyd/);
      }
      expect(() => dealShares(started[0]!.secret, hellos.slice(0, 2))).toThrow(/hello.cyd.*none/);
    }
  });

  it("73 refuses a changed or foreign letter, and a share of another quorum", () => {
    const started = start();
    const hellos = started.map(({ hello }) => hello);
    const deals = dealt(started, hellos);
    const [fromBob, fromCyd] = lettersTo(0, deals) as [string, string];
    const { sealed } = JSON.parse(fromCyd);
    const bent = changed(fromCyd, { sealed: `${sealed.slice(0, -1)}${sealed.endsWith("0") ? "1" : "0"}` });
    for (const letters of [
      [fromBob],
      [fromBob, fromBob],
      [fromBob, bent],
      [fromBob, deals[2]!.get("bob")!],
    ]) {
      expect(() => finishCeremony(started[0]!.secret, hellos, letters)).toThrow(/quorum.deal/);
    }
    const [ours, theirs] = [ceremony(NAMES, 2), ceremony(NAMES, 2)].map((shares) => formatShare(shares[0]!));
    const mixed = changed(ours!, { share: JSON.parse(theirs!).share });
    expect(() => parseShare(mixed)).toThrow(/quorum.share/);
    expect(() => parseShare(changed(ours!, { publicKey: JSON.parse(theirs!).publicKey }))).toThrow(
      /quorum.key/,
    );
  });
});

type Part = Readonly<Record<"R" | "share", string>>;

describe("a quorum over HTTP", () => {
  const shares = ceremony(NAMES, 2);
  const { publicKey } = shares[0]!.quorum;
  const LATER = CLOSED + 100;
  const honest = Array.from({ length: 12 }, (_, i) => ({ ...BOOK, asOf: LATER + i }));
  const lying = honest.map((book) => ({ ...book, rows: { ETH: "1000000" } }));
  let homes: Home[] = [];
  let members: Program[] = [];
  let temporary: { end(): void; readonly done: Promise<unknown> };
  let folder: string;

  beforeAll(async () => {
    await new Promise<void>((ready, failed) => {
      const done = inFolder(async (made) => {
        folder = made;
        homes = await Promise.all(
          shares.map((share, i) =>
            home(join(made, NAMES[i]!), { share, books: [BOOK, ...(i === 2 ? lying : honest)] }),
          ),
        );
        members = await Promise.all(homes.map(({ config }) => startSource(config)));
        await new Promise<void>((end) => {
          temporary = { end, done };
          ready();
        });
      });
      temporary = { end: () => {}, done };
      done.catch(failed);
    });
  });
  afterAll(async () => {
    await Promise.all(members.map((member) => member.stop()));
    temporary.end();
    await temporary.done;
  });

  const connections = (urls = members.map(({ url }) => url)) =>
    NAMES.map((name, i) => ({ name, url: urls[i]!, token: homes[i]!.token }));

  /** Runs a coordinator for a while. */
  async function coordinated<T>(
    work: (program: Program, files: Home) => Promise<T>,
    urls?: string[],
  ): Promise<T> {
    const files = await coordinatorHome(join(folder, `c${Math.random()}`), shares[0]!, connections(urls));
    const program = await startSource(files.config);
    try {
      return await work(program, files);
    } finally {
      await program.stop();
    }
  }

  function checkAnswer({ json, status }: Answer): void {
    expect(status).toBe(200);
    const { account, subject, asOf } = json;
    const snapshot = parseSnapshot(
      JSON.stringify({ keel: "snapshot/1", subject, asOf, accounts: [account] }),
    );
    const policy = parsePolicy(policyText({ "Two of three auditors": publicKey }));
    checkSignatures(snapshot, parseMarket(marketText()), policy);
  }

  type Committed = Readonly<Record<"member" | "hiding" | "binding", string>>;
  const commit = async (member: number): Promise<Committed> => {
    const { json } = await ask(members[member]!.url, "/v2/quorum/commitments", {
      token: homes[member]!.token,
      body: { count: 1 },
    });
    return { member: json.member, ...json.commitments[0] };
  };
  const sign = async (member: number, commitments: readonly object[], changes: object = {}) =>
    await ask(members[member]!.url, "/v2/quorum/sign", {
      token: homes[member]!.token,
      body: { ...question(), commitments, ...changes },
    });
  const code = ({ json }: Answer) => json?.error?.code;
  /** A member that changes what it says. */
  const liarAt = async (at: number, change: (path: string, json: Answer["json"]) => unknown) =>
    await standIn(async (path, { body }) => {
      const { json, status } = await ask(members[at]!.url, path, { token: homes[at]!.token, raw: body });
      return { json: status === 200 ? change(path, json) : json, status };
    });

  it("signs what all read, and says by whom", async () => {
    await coordinated(async (program, files) => {
      const answer = await askAccount(program, files);
      checkAnswer(answer);
      expect(answer.json.basis).toMatchObject({ evidence: "quorum", members: NAMES });
      expect(answer.json.basis.dissent).toBeUndefined();
      expect((await askAccount(program, files)).text).toBe(answer.text);
      const list = await ask(program.url, `/v1/accounts?subject=${question().subject}`, files);
      expect(list.json).toEqual({ accounts: ["custody"] });
      await program.kill();
      const again = await startSource(files.config);
      expect((await askAccount(again, files)).text).toBe(answer.text);
      await again.stop();
    });
  });

  it("73 one of three that says something else changes nothing and is named", async () => {
    await coordinated(async (program, files) => {
      const answer = await askAccount(program, files, { asOf: LATER });
      checkAnswer(answer);
      expect(answer.json.account.positions).toEqual({ USDC: "-13000.25", ETH: "10" });
      expect(answer.json.basis.dissent).toEqual([{ member: "cyd", code: "quorum.account" }]);
    });
  });

  it.each([
    ["a wrong share", "quorum.share", ({ R }: Part) => ({ R, share: "1" })],
    ["a share beyond the group's order", "quorum.share", ({ R }: Part) => ({ R, share: "9".repeat(76) })],
    ["another R", "quorum.share", ({ share }: Part) => ({ share, R: GroupPoint.BASE.toHex() })],
    ["an R that is no point", "quorum.share", ({ share }: Part) => ({ share, R: "2".padStart(128, "0") })],
    ["no part, again and again", "quorum.session", () => undefined],
  ])("73 a member that gives %s is named, and the others sign", async (_, expected, bend) => {
    const liar = await liarAt(0, (_, json) => ({ ...json, ...(json.part && { part: bend(json.part) }) }));
    try {
      const urls = [liar.url, members[1]!.url, members[2]!.url];
      await coordinated(async (program, files) => {
        const answer = await askAccount(program, files, { asOf: CLOSED });
        checkAnswer(answer);
        expect(answer.json.basis.dissent).toEqual([{ member: "ann", code: expected }]);
        expect(answer.json.basis.members).toEqual(["bob", "cyd"]);
        // With the third reading something else, too few are left, and both are named.
        const failed = await askAccount(program, files, { asOf: LATER + 1 });
        expect(failed.status).toBe(502);
        expect(failed.json.error.received).toMatch(/cyd: quorum.account/);
        expect(failed.json.error.received).toContain(`ann: ${expected}`);
      }, urls);
    } finally {
      await liar.stop();
    }
  });

  it.each([
    ["the identity", GroupPoint.ZERO.toHex()],
    ["a point outside of the subgroup", (Point.Fp.ORDER - 1n).toString(16).padStart(128, "0")],
    ["no point", "2".padStart(128, "0")],
  ])("73 a member that commits to %s is named, no other is, and the others sign", async (_, point) => {
    for (const [at, which] of [
      [0, "hiding"],
      [1, "binding"],
    ] as const) {
      const liar = await liarAt(at, (_, json) => {
        if (json.commitments === undefined) return json;
        return { ...json, commitments: json.commitments.map((one: object) => ({ ...one, [which]: point })) };
      });
      const urls = members.map(({ url }, i) => (i === at ? liar.url : url));
      const name = NAMES[at]!;
      try {
        await coordinated(async (program, files) => {
          const answer = await askAccount(program, files, { asOf: CLOSED });
          checkAnswer(answer);
          expect(answer.json.basis.dissent).toEqual([{ member: name, code: "quorum.commitments" }]);
          expect(answer.json.basis.members).toEqual(NAMES.filter((one) => one !== name));
        }, urls);
      } finally {
        await liar.stop();
      }
    }
  });

  it("73 a member that commits to another's points, or to the same again, gets nothing but its own name", async () => {
    let bobs: readonly object[] = [];
    const honest = await liarAt(1, (_, json) => {
      bobs = json.commitments ?? bobs;
      return json;
    });
    const copy = await liarAt(0, (_, json) => (json.commitments ? { ...json, commitments: bobs } : json));
    let first: readonly object[] | undefined;
    const again = await liarAt(0, (_, json) => {
      first ??= json.commitments;
      return json.commitments ? { ...json, commitments: [first![0], first![0]] } : json;
    });
    try {
      for (const url of [copy.url, again.url]) {
        // Bob's are known before ann is asked.
        await coordinated(
          async (program, files) => {
            for (const asOf of [CLOSED, LATER + 6, LATER + 7]) {
              const answer = await askAccount(program, files, { asOf });
              if (answer.status === 502) {
                expect(answer.json.error.received).toContain("ann: quorum.");
                continue;
              }
              checkAnswer(answer);
              const named = (answer.json.basis.dissent ?? []).map(({ member }: { member: string }) => member);
              expect(["", "ann", "cyd", "ann,cyd", "cyd,ann"]).toContain(named.join());
            }
          },
          [url, honest.url, members[2]!.url],
        );
      }
    } finally {
      await Promise.all([honest.stop(), copy.stop(), again.stop()]);
    }
  });

  it("73 a member that is gone, answers nonsense or speaks for another is named", async () => {
    const nonsense = await standIn(() => ({ text: "<html>" }));
    const other = await standIn(async (path, { body }) => {
      const { text, status } = await ask(members[1]!.url, path, { token: homes[1]!.token, raw: body });
      return { text, status };
    });
    try {
      for (const [url, code] of [
        ["http://127.0.0.1:9", "source.unreachable"],
        [nonsense.url, "source.answer"],
        [other.url, "quorum.member"],
      ] as const) {
        await coordinated(
          async (program, files) => {
            const answer = await askAccount(program, files, { asOf: CLOSED });
            checkAnswer(answer);
            expect(answer.json.basis.dissent).toEqual([{ member: "cyd", code }]);
            // One that all refuse alike is refused in their words.
            const failed = await askAccount(program, files, { asOf: CLOSED - 5 });
            if (url === other.url)
              expect([failed.status, failed.json.error.code]).toEqual([422, "source.time"]);
            else expect(failed.json.error.received).toContain("ann: source.time");
          },
          [members[0]!.url, members[1]!.url, url],
        );
      }
    } finally {
      await Promise.all([nonsense.stop(), other.stop()]);
    }
  });

  it("asks each member once when all agree, with commitments that were made ahead", async () => {
    const asked: string[] = [];
    const ears = await Promise.all(
      NAMES.map(
        async (_, at) =>
          await liarAt(at, (path, json) => {
            asked.push(path);
            return json;
          }),
      ),
    );
    try {
      await coordinated(
        async (program, files) => {
          // It fills its stock by itself.
          while (asked.length < 3) await sleep(50);
          expect(new Set(asked)).toEqual(new Set(["/v2/quorum/commitments"]));
          checkAnswer(await askAccount(program, files));
          expect(asked.filter((path) => path === "/v2/quorum/sign").length).toBe(3);
        },
        ears.map(({ url }) => url),
      );
    } finally {
      await Promise.all(ears.map((ear) => ear.stop()));
    }
  });

  it("73 a dishonest coordinator gets one part for each commitment, over the member's own word only", async () => {
    const [a, b, c] = [await commit(0), await commit(1), await commit(2)];
    const at = { asOf: LATER + 3 };
    expect(code(await sign(0, [a, b], { ...at, message: "5" }))).toBe("input.unknown-key");
    // Not to itself under another name, nor to half of what it committed to.
    const second = await commit(0);
    expect((await sign(0, [{ ...a, member: "bob" }, c], at)).json.part).toBeUndefined();
    expect((await sign(0, [{ ...a, binding: second.binding }, b], at)).json.part).toBeUndefined();
    expect(
      (await sign(0, [{ ...a, hiding: a.binding, binding: a.hiding }, b], at)).json.part,
    ).toBeUndefined();
    // Two lists at once, and any later one: one part.
    const answers = await Promise.all(
      [
        [a, b],
        [a, c],
        [b, a],
        [a, b, c],
      ].map((list) => sign(0, list, at)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(answers.filter(({ json }) => json.part !== undefined).length).toBe(1);
    for (const asOf of [LATER + 3, LATER + 4]) {
      expect((await sign(0, [a, b], { asOf })).json.part).toBeUndefined();
    }
    // The lying member's word is another: its part does not go with the others'.
    const [honest, lying] = [await sign(0, [second, c], at), await sign(2, [second, c], at)].map(
      ({ json }) => json,
    );
    expect(lying.message).not.toBe(honest.message);
    const { frost } = shares[0]!.quorum;
    const S = sumOfShares([BigInt(honest.part.share), BigInt(lying.part.share)]);
    for (const { message, part } of [honest, lying]) {
      expect(isSignature(frost, bytesOf(BigInt(message)), fromHex(part.R), S)).toBe(false);
    }
  });

  it("73 commitments that a coordinator made up, doubled or left out give nothing", async () => {
    const identity = Buffer.from(GroupPoint.ZERO.toBytes()).toString("hex");
    for (const bend of [
      (own: Committed, other: Committed) => [own, own, other],
      (_: Committed, other: Committed) => [other, { ...other, member: "dan" }],
      (own: Committed, other: Committed) => [own, { ...other, hiding: identity }],
      (own: Committed, other: Committed) => [own, { ...other, binding: "2".padStart(128, "0") }],
      (own: Committed, other: Committed) => [own, { ...other, member: "eve" }],
      (own: Committed, other: Committed) => [own, other, { ...other, member: "eve" }],
    ]) {
      const [a, b] = [await commit(0), await commit(1)];
      const answer = await sign(0, bend(a, b), { asOf: LATER + 4 });
      expect([answer.status, code(answer)]).toEqual([422, "quorum.commitments"]);
      expect(answer.text).not.toContain("share");
    }
  });

  it("73 a member that is killed has forgotten its nonces, keeps its word, and its coordinator goes on", async () => {
    await coordinated(async (program, files) => {
      checkAnswer(await askAccount(program, files, { asOf: LATER + 8 }));
      // More than one request's commitments.
      await sleep(2_500);
      const [a, b] = [await commit(0), await commit(1)];
      const { message } = (await sign(0, [await commit(0), b], { asOf: LATER + 5 })).json;
      await members[0]!.kill();
      await writeFile(
        join(homes[0]!.folder, "ledger.csv"),
        ledgerText([BOOK, ...honest.slice(0, 5), ...honest.slice(6)]),
      );
      const port = Number(new URL(members[0]!.url).port);
      await changeConfig(homes[0]!, { listen: { port } });
      members[0] = await startSource(homes[0]!.config);
      const again = await sign(0, [a, b], { asOf: LATER + 5 });
      expect([again.status, again.json.message, again.json.part]).toEqual([200, message, undefined]);
      expect((await commit(0)).hiding).not.toBe(a.hiding);
      await writeFile(
        join(homes[0]!.folder, "ledger.csv"),
        ledgerText([BOOK, ...honest.map((book, i) => (i === 5 ? { ...book, rows: { ETH: "11" } } : book))]),
      );
      expect(code(await sign(0, [a, b], { asOf: LATER + 5 }))).toBe("source.message");
      // What the coordinator still had of it is dropped, and nobody is named for that.
      const answer = await askAccount(program, files, { asOf: LATER + 9 });
      checkAnswer(answer);
      expect(answer.json.basis.dissent).toEqual([{ member: "cyd", code: "quorum.account" }]);
    });
  });

  it("73 programs of before and of now say so to each other", async () => {
    for (const path of ["/v1/quorum/commit", "/v1/quorum/sign"]) {
      const answer = await ask(members[0]!.url, path, { token: homes[0]!.token, body: question() });
      expect([answer.status, code(answer)]).toEqual([410, "quorum.version"]);
    }
    const route = { kind: "input", code: "http.route", path: "request" };
    const old = await standIn(() => ({ status: 404, json: { ok: false, error: route } }));
    try {
      await coordinated(
        async (program, files) => {
          const answer = await askAccount(program, files, { asOf: CLOSED });
          checkAnswer(answer);
          expect(answer.json.basis.dissent).toEqual([{ member: "ann", code: "quorum.version" }]);
        },
        [old.url, members[1]!.url, members[2]!.url],
      );
    } finally {
      await old.stop();
    }
  });

  it("73 a manager with a token reaches neither a member nor another's account", async () => {
    await coordinated(async (program, files) => {
      for (const [path, body] of [
        ["/v2/quorum/commitments", { count: 1 }],
        ["/v2/quorum/sign", { ...question(), commitments: [await commit(0), await commit(1)] }],
      ] as const) {
        const direct = await ask(members[0]!.url, path, { token: files.token, body });
        expect([direct.status, code(direct)]).toEqual([401, "source.token"]);
      }
      const foreign = { subject: "0x00000000000000000000000000000000000000a2" };
      expect(code(await sign(0, [await commit(0), await commit(1)], foreign))).toBe("source.account");
      const other = await askAccount(program, files, {
        subject: "0x00000000000000000000000000000000000000a2",
      });
      expect([other.status, code(other)]).toEqual([404, "source.account"]);
      const unknown = await askAccount(program, files, { account: "elsewhere" });
      expect([unknown.status, code(unknown)]).toEqual([404, "source.account"]);
      const whole = await ask(members[0]!.url, "/v1/account", { token: homes[0]!.token, body: question() });
      expect([whole.status, code(whole)]).toEqual([404, "http.route"]);
    });
  });
});

describe("a member", () => {
  const shares = ceremony(NAMES, 2);
  const { quorum } = shares[0]!;
  const MINUTE = 60_000;
  /** Each account's message is its name. */
  const answers = async (asked: { readonly account: string }) =>
    ({ ...asked, message: asked.account, positions: {}, scope: "", basis: { read: 1 } }) as never;
  const asked = (account: string) => ({ subject: SUBJECT, account, asOf: CLOSED }) as const;

  it("73 keeps nonces for the token that they were made for, an hour, and so many", async () => {
    let now = 0;
    const ann = createMember(answers, shares[0]!, () => now);
    const bob = createMember(answers, shares[1]!, () => now);
    const [other] = bob.commit("c", 1);
    const partOf = async (holder: string, own: object) =>
      (await ann.answer(holder, asked("5"), [own as never, other!])).part;
    const [first, second, third] = ann.commit("c", 3);
    const [foreign] = ann.commit("d", 1);
    expect(await partOf("d", first!)).toBeUndefined();
    expect(await partOf("c", foreign!)).toBeUndefined();
    expect(await partOf("c", first!)).toBeDefined();
    now = 60 * MINUTE;
    expect(await partOf("c", second!)).toBeDefined();
    now += 1;
    expect(await partOf("c", third!)).toBeUndefined();
    const many = Array.from({ length: 65 }, () => ann.commit("c", 16)).flat();
    // Another token's requests end none of this one's.
    ann.commit("d", 16);
    const parts = await Promise.all([0, 15, 16, 1_039].map((i) => partOf("c", many[i]!)));
    expect(parts.map((part) => part !== undefined)).toEqual([false, false, true, true]);
  });

  it("73 has its nonces until its reading is done, and then never again, whatever the reading does", async () => {
    let fails = true;
    const reading = async (question: { readonly account: string }) => {
      if (fails) throw new Error("the venue is away");
      return await answers(question);
    };
    const ann = createMember(reading, shares[0]!);
    const [own] = ann.commit("c", 1);
    const [other] = createMember(answers, shares[1]!).commit("c", 1);
    await expect(ann.answer("c", asked("5"), [own!, other!])).rejects.toThrow(/venue is away/);
    fails = false;
    const bad = { ...other!, hiding: GroupPoint.ZERO.toBytes() };
    await expect(ann.answer("c", asked("5"), [own!, bad])).rejects.toThrow(/quorum.commitments/);
    expect((await ann.answer("c", asked("5"), [own!, other!])).part).toBeUndefined();
  });

  it("73 gives each commitment one part, over its own word and this very list, to any order of questions", async () => {
    const seed = Date.now() % 1_000_000;
    const random = generator(BigInt(seed));
    const pick = (count: number): number => Number(random(BigInt(count)));
    const members = shares.map((share) => createMember(answers, share));
    const made = members.map((member) => member.commit("c", 12));
    const given = new Map<string, number>();
    const question = async (): Promise<void> => {
      const at = pick(3);
      const others = [0, 1, 2].filter((i) => i !== at).slice(0, 1 + pick(2));
      const commitments = [at, ...others].map((i) => made[i]![pick(12)]!);
      const message = String(1 + pick(1_000));
      const { part } = await members[at]!.answer("c", asked(message), commitments);
      if (part === undefined) return;
      const own = toHex(commitments[0]!.hiding);
      given.set(own, (given.get(own) ?? 0) + 1);
      const list = commitments.map(({ member, hiding, binding }) => ({
        identifier: memberId(member),
        hiding,
        binding,
      }));
      const isOver = (text: string) =>
        FROST.verifyShare(
          quorum.frost,
          list,
          bytesOf(BigInt(text)),
          memberId(NAMES[at]!),
          GroupPoint.Fn.toBytes(part.share),
        );
      expect(isOver(message), `seed ${seed}`).toBe(true);
      expect(isOver("0")).toBe(false);
    };
    for (let i = 0; i < 6; i++) await Promise.all(Array.from({ length: 15 }, question));
    expect(
      [...given.values()].every((times) => times === 1),
      `seed ${seed}`,
    ).toBe(true);
    expect(given.size).toBeGreaterThan(15);
  });
});

describe("a coordinator's stock", () => {
  /** A member that counts how often it is asked, and fails when told to. */
  async function withMember<T>(work: (member: { url: string; asked: number; fails: boolean }) => Promise<T>) {
    const member = createMember(async () => ({}) as never, ceremony(NAMES, 2)[0]!);
    const state = { url: "", asked: 0, fails: false };
    const server = await standIn((_, { body }) => {
      state.asked += 1;
      if (state.fails) return { text: "<html>" };
      const made = member.commit("c", JSON.parse(body).count);
      const commitments = made.map(({ hiding, binding }) => ({
        hiding: toHex(hiding),
        binding: toHex(binding),
      }));
      return { json: { member: "ann", commitments } };
    });
    state.url = server.url;
    try {
      return await work(state);
    } finally {
      await server.stop();
    }
  }

  it("73 gives each commitment out once, to all who want one at once", async () => {
    await withMember(async (member) => {
      const stock = createStock({ name: "ann", url: member.url });
      const taken = await Promise.all(Array.from({ length: 40 }, () => stock.take()));
      expect(new Set(taken.map(({ hiding }) => toHex(hiding))).size).toBe(40);
      expect(member.asked).toBe(3);
    });
  });

  it("is filled up to its measure, forgets what is old or lost, and lets a member rest that fails", async () => {
    await withMember(async (member) => {
      let now = 0;
      const stock = createStock({ name: "ann", url: member.url }, () => now);
      for (let i = 0; i < 9; i++) {
        await stock.fill();
        now += 1;
      }
      expect(member.asked).toBe(4);
      const [one, other] = [await stock.take(), await stock.take()];
      now = 1_000;
      // A member that started anew knows none of them.
      stock.forget(one);
      expect((await stock.take()).at).toBe(1_000);
      expect(member.asked).toBe(5);
      // Another question finds the same out, and what is new stays.
      stock.forget(other);
      for (let i = 0; i < 15; i++) await stock.take();
      expect(member.asked).toBe(5);
      await stock.fill();
      now += 56 * 60_000;
      expect((await stock.take()).at).toBe(now);
      expect(member.asked).toBe(7);
      member.fails = true;
      for (let i = 0; i < 3; i++) await stock.fill();
      expect(member.asked).toBe(8);
      now += 31_000;
      await stock.fill();
      expect(member.asked).toBe(9);
    });
  });
});

describe("a coordinator", () => {
  const answersOf = (evidence: string) => async (asked: object) =>
    ({
      ...asked,
      ...{ scope: "test", message: "12345", positions: { ETH: "7" } },
      basis: { evidence, driver: evidence, read: 1 },
    }) as never;

  /** Asks a quorum of real members over HTTP, twice: the second time after a restart. */
  async function askedTwice(all: readonly Share[], evidence: readonly string[]) {
    const connections = await Promise.all(
      all.map(async (share, i) => {
        const member = createMember(answersOf(evidence[i]!), share);
        const { url, stop } = await standIn(async (path, { body }) => {
          const { commitments, count, ...asked } = JSON.parse(body);
          const { name } = member;
          if (path === "/v2/quorum/commitments") {
            const made = member.commit("token", count).map(({ hiding, binding }) => ({
              hiding: toHex(hiding),
              binding: toHex(binding),
            }));
            return { json: { member: name, commitments: made } };
          }
          const list = commitments.map((one: Record<"member" | "hiding" | "binding", string>) => ({
            member: one.member,
            hiding: fromHex(one.hiding),
            binding: fromHex(one.binding),
          }));
          const { entry, part } = await member.answer("token", asked, list);
          const { message, scope, positions, basis } = entry;
          const { read, evidence } = basis;
          const said = { member: name, message, scope, positions, evidence, read };
          const signed = part && { part: { R: toHex(part.R), share: `${part.share}` } };
          return { json: { ...said, ...signed } };
        });
        return { name: share.name, url, stop };
      }),
    );
    const asked = { subject: SUBJECT, account: "custody", asOf: CLOSED } as const;
    const { quorum } = all[0]!;
    try {
      return await inFolder(async (folder) => {
        const again = async () => {
          const coordinator = createCoordinator({
            quorum,
            members: connections,
            store: await openStore(folder),
          });
          const { basis } = await coordinator.answers(asked);
          coordinator.close();
          return basis;
        };
        return [await again(), await again()] as const;
      });
    } finally {
      await Promise.all(connections.map(({ stop }) => stop()));
    }
  }

  it("73 of a large quorum answers again after a restart, with its members' tiers in short", async () => {
    const names = Array.from({ length: 13 }, (_, i) => `member-${i}`);
    const evidence = names.map((_, i) => (i === 2 ? "chain-read" : "operator-read"));
    // A dealer, as 13 members' ceremony takes long.
    const ids = names.map(memberId);
    const { public: frost, secretShares } = FROST.trustedDealer({ min: 7, max: 13 }, ids);
    const quorum = quorumOf(names, frost);
    const all = names.map((name) => ({ quorum, name, secret: secretShares[memberId(name)]! }));
    const [first, again] = await askedTwice(all, evidence);
    expect(first.driver).toBe("7 of 13: operator-read x6, chain-read x1");
    expect(again).toEqual(first);
  });

  it("73 says the weakest tier of those who signed", async () => {
    const [basis] = await askedTwice(ceremony(NAMES, 2), ["chain-read", "ledger", "notarised"]);
    expect(basis).toMatchObject({ evidence: "quorum", weakest: "ledger" });
  });

  it("73 keeps nothing that could not be read again", async () => {
    await inFolder(async (folder) => {
      const store = await openStore(folder);
      const entry = await answersOf("ledger")({ subject: SUBJECT, account: "custody", asOf: CLOSED });
      const long = { ...(entry as object), basis: { evidence: "ledger", driver: "x".repeat(101), read: 1 } };
      await expect(store.claim(long as never)).rejects.toMatchObject({
        code: "store.failed",
        received: expect.stringContaining("basis.driver"),
      });
      expect(await store.find("custody", CLOSED)).toBeUndefined();
      expect((await store.claim(entry)).message).toBe("12345");
    });
  });
});
