// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a quorum sign as one ordinary key, what enough members read each for itself, whoever else lies, dies or coordinates?
 *
 * @module
 */

import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkSignatures, parseSnapshot, verifyField } from "@keel/prover";
import { type Field, parseMarket, parsePolicy } from "@keel/verifier";
import { createFROST } from "@noble/curves/abstract/frost.js";
import { babyjubjub } from "@noble/curves/misc.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { buildEddsa } from "circomlibjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
import { commitmentText, createMember } from "../../services/source/dist/quorum/member.js";
import { GroupPoint, isInSubgroup } from "../../services/source/dist/quorum/point.js";
import { FROST, messageBytes, ordinarySignature } from "../../services/source/dist/quorum/suite.js";
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

/** Signs with some members, all in this process. */
function signTogether(shares: readonly Share[], message: bigint) {
  const bytes = bytesOf(message);
  const first = shares.map(({ secret }) => FROST.commit(secret));
  const list = first.map(({ commitments }) => commitments);
  const frost = shares[0]!.quorum.frost;
  const parts = Object.fromEntries(
    shares.map(({ secret, name }, i) => [
      memberId(name),
      FROST.signShare(secret, frost, first[i]!.nonces, list, bytes),
    ]),
  );
  return ordinarySignature(FROST.aggregate(frost, list, bytes, parts));
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

  it("73 is not made by fewer members, or with a share of another message", () => {
    const shares = ceremony(NAMES, 2);
    expect(() => signTogether(shares.slice(0, 1), 5n)).toThrow();
    const bytes = bytesOf(5n);
    const first = shares.slice(0, 2).map(({ secret }) => FROST.commit(secret));
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

  const commit = async (member: number, asOf: number) =>
    await ask(members[member]!.url, "/v1/quorum/commit", {
      token: homes[member]!.token,
      body: question({ asOf }),
    });
  const sign = async (member: number, session: string, commitments: readonly object[], more: object = {}) =>
    await ask(members[member]!.url, "/v1/quorum/sign", {
      token: homes[member]!.token,
      body: { session, commitments, ...more },
    });
  const code = ({ json }: Answer) => json?.error?.code;

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

  it("73 a member that gives a wrong share is named, and the others sign", async () => {
    const liar = await standIn(async (path, { body }) => {
      if (path === "/v1/quorum/sign") return { json: { share: "01".padEnd(64, "0") } };
      const url = members[0]!.url;
      const { text, status } = await ask(url, path, { token: homes[0]!.token, raw: body });
      return { text, status };
    });
    try {
      const urls = [liar.url, members[1]!.url, members[2]!.url];
      await coordinated(async (program, files) => {
        const answer = await askAccount(program, files, { asOf: CLOSED });
        checkAnswer(answer);
        expect(answer.json.basis.dissent).toEqual([{ member: "ann", code: "quorum.share" }]);
      }, urls);
      // With the third reading something else, too few are left, and both are named.
      await coordinated(async (program, files) => {
        const answer = await askAccount(program, files, { asOf: LATER + 1 });
        expect(answer.status).toBe(502);
        expect(answer.json.error.received).toMatch(/cyd: quorum.account/);
        expect(answer.json.error.received).toMatch(/ann: quorum.share/);
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
      [2, "binding"],
    ] as const) {
      const liar = await standIn(async (path, { body }) => {
        const { json, status } = await ask(members[at]!.url, path, { token: homes[at]!.token, raw: body });
        if (path !== "/v1/quorum/commit" || status !== 200) return { json, status };
        return { json: { ...json, commitment: { ...json.commitment, [which]: point } } };
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

  it("73 a dishonest coordinator gets one share for each commitment, over the member's own word only", async () => {
    const [a, b] = [(await commit(0, LATER + 3)).json, (await commit(1, LATER + 3)).json];
    const list = [a.commitment, b.commitment];
    expect(code(await sign(0, a.session, list, { message: "5" }))).toBe("input.unknown-key");
    const share = await sign(0, a.session, list);
    expect(share.status).toBe(200);
    expect(code(await sign(0, a.session, list))).toBe("quorum.session");
    expect(code(await sign(0, "0".repeat(32), list))).toBe("quorum.session");
    // The lying member's word is another: its share does not go with the others'.
    const c = (await commit(2, LATER + 3)).json;
    expect(c.message).not.toBe(a.message);
  });

  it("73 commitments that a coordinator made up, doubled or left out cost the session and give nothing", async () => {
    const identity = Buffer.from(GroupPoint.ZERO.toBytes()).toString("hex");
    for (const bend of [
      (own: object, other: object) => [own, own, other],
      (_: object, other: object) => [other, { ...other, member: "cyd" }],
      (own: object, other: object) => [own, { ...other, hiding: identity }],
      (own: object, other: object) => [{ ...own, hiding: (other as { hiding: string }).hiding }, other],
      (own: object, other: object) => [own, { ...other, member: "eve" }],
    ]) {
      const [a, b] = [(await commit(0, LATER + 4)).json, (await commit(1, LATER + 4)).json];
      const answer = await sign(0, a.session, bend(a.commitment, b.commitment));
      expect([answer.status, code(answer)]).toEqual([422, "quorum.commitments"]);
      expect(code(await sign(0, a.session, [a.commitment, b.commitment]))).toBe("quorum.session");
    }
  });

  it("73 a member that is killed between its two rounds has forgotten its nonces, and keeps its word", async () => {
    const [a, b] = [(await commit(0, LATER + 5)).json, (await commit(1, LATER + 5)).json];
    await members[0]!.kill();
    await writeFile(
      join(homes[0]!.folder, "ledger.csv"),
      ledgerText([BOOK, ...honest.slice(0, 5), ...honest.slice(6)]),
    );
    members[0] = await startSource(homes[0]!.config);
    expect(code(await sign(0, a.session, [a.commitment, b.commitment]))).toBe("quorum.session");
    const again = (await commit(0, LATER + 5)).json;
    expect(again.message).toBe(a.message);
    expect(again.commitment.hiding).not.toBe(a.commitment.hiding);
    await writeFile(
      join(homes[0]!.folder, "ledger.csv"),
      ledgerText([BOOK, ...honest.map((book, i) => (i === 5 ? { ...book, rows: { ETH: "11" } } : book))]),
    );
    expect(code(await commit(0, LATER + 5))).toBe("source.message");
  });

  it("73 a manager with a token reaches neither a member nor another's account", async () => {
    await coordinated(async (program, files) => {
      const direct = await ask(members[0]!.url, "/v1/quorum/commit", {
        token: files.token,
        body: question(),
      });
      expect([direct.status, code(direct)]).toEqual([401, "source.token"]);
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
          const asked = JSON.parse(body);
          if (path === "/v1/quorum/sign") {
            const list = asked.commitments.map(
              (one: { member: string; hiding: string; binding: string }) => ({
                member: one.member,
                hiding: fromHex(one.hiding),
                binding: fromHex(one.binding),
              }),
            );
            return { json: { share: toHex(member.sign(asked.session, list)) } };
          }
          const { session, entry, commitment } = await member.commit(asked);
          const { message, scope, positions, basis } = entry;
          const { read } = basis;
          const said = { session, message, scope, positions, read, commitment: commitmentText(commitment) };
          return { json: { ...said, evidence: basis.evidence } };
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
          return (await coordinator.answers(asked)).basis;
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
