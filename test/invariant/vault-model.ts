// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a strategy vault must do, written again and slowly: every request and every transfer stays in a list, and each settlement looks
 * at all of them.
 *
 * @module
 */

export type Side = "deposit" | "redeem";

interface Request {
  readonly side: Side;
  readonly who: number;
  readonly id: number;
  amount: bigint;
  /** What is given for it once it is settled: so much for so much. */
  settled?: { readonly asked: bigint; readonly given: bigint };
}

interface Flow {
  readonly time: number;
  readonly came: bigint;
  readonly went: bigint;
}

export interface Rules {
  readonly period: number;
  readonly transit: number;
  readonly maxLag: number;
  readonly grace: number;
  readonly managementFee: bigint;
  readonly performanceFee: bigint;
}

/** A proof as the registry has it. */
export interface Proof {
  readonly value: bigint;
  readonly asOf: number;
  readonly units: bigint;
  readonly expiry: number;
  live: boolean;
}

const YEAR = 365n * 86_400n;
/** Of the highest price, for an asset of six decimals. */
const SCALE = 10n ** 22n;
/** Sixteen decimals to the asset's six. */
const UNIT = 10n ** 10n;
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The vault as it should be. */
export class VaultModel {
  supply: bigint;
  /** What settlements and payments made of the holders' money, without what came and went. */
  base = 0n;
  /** What redemptions are still to claim, with what rounding left. */
  reserved = 0n;
  feeShares = 0n;
  last = { assets: 0n, shares: 0n };
  highest = 0n;
  asOf: number;
  settledAt: number;
  notBefore = 0;
  waitingSince = 0;
  unpaid = 0n;
  windingDown = false;
  windDownShares = 0n;
  paidOut = 0n;
  proof?: Proof;
  readonly requests: Request[] = [];
  readonly flows: Flow[] = [];
  readonly givenUp = [0n, 0n, 0n];
  readonly paidTo = [0n, 0n, 0n];

  constructor(
    readonly rules: Rules,
    seed: bigint,
    start: number,
  ) {
    this.supply = seed;
    this.asOf = this.settledAt = start;
  }

  periodOf(time: number): number {
    return Math.floor(time / this.rules.period);
  }

  idle(): bigint {
    return this.flows.reduce((sum, { came, went }) => sum + came - went, this.base);
  }

  waiting(side: Side): bigint {
    return sum(this.requests.filter((request) => request.side === side && request.settled === undefined));
  }

  healthy(now: number): boolean {
    return this.proof?.live === true && now < this.proof.expiry;
  }

  ask(side: Side, who: number, amount: bigint, now: number): void {
    const id = this.periodOf(now);
    const open = this.requests.find(
      (request) =>
        request.side === side && request.who === who && request.id === id && request.settled === undefined,
    );
    if (open === undefined) this.requests.push({ side, who, id, amount });
    else open.amount += amount;
    this.waitingSince ||= (id + 1) * this.rules.period;
  }

  /** @returns what is taken back, or why nothing is */
  cancel(side: Side, who: number, id: number, now: number): bigint | string {
    const late = !this.windingDown && id !== this.periodOf(now);
    if (late && this.healthy(now)) return "TooLateToCancel";
    const i = this.requests.findIndex(
      (request) =>
        request.side === side && request.who === who && request.id === id && request.settled === undefined,
    );
    if (i < 0) return "NothingPending";
    if (late) this.notBefore = (this.periodOf(now) + 1) * this.rules.period;
    const [{ amount }] = this.requests.splice(i, 1) as [Request];
    if (this.waiting("deposit") + this.waiting("redeem") === 0n) this.waitingSince = 0;
    return amount;
  }

  /** What was idle at a time, by every transfer: what may have been on its way is in the second figure only. */
  idleAt(time: number): readonly [bigint, bigint] {
    const arrived = time - this.rules.transit;
    let [low, high] = [this.base + this.paidOut, this.base + this.paidOut];
    for (const flow of this.flows) {
      if (flow.time <= arrived) low += flow.came;
      if (flow.time <= time) low -= flow.went;
      if (flow.time <= time) high += flow.came;
      if (flow.time <= arrived) high -= flow.went;
    }
    return [max(low, 0n), max(high, 0n)];
  }

  /** Why a settlement is refused; undefined when it is not. */
  whyNot(now: number): string | undefined {
    const { proof } = this;
    if (this.windingDown) return "WindingDown";
    if (proof === undefined || !this.healthy(now)) return "NoProvenValue";
    const isFit = proof.asOf > this.settledAt && proof.asOf >= this.notBefore;
    if (!isFit || now > proof.asOf + this.rules.maxLag) return "UnfitSnapshot";
    if (proof.units !== this.supply) return "ForeignUnits";
    const [low, high] = this.totals();
    if (low === 0n) return "NoProvenValue";
    return isNarrow(low, high) ? undefined : "TooMuchOnItsWay";
  }

  settle(now: number): void {
    const [low, high] = this.totals();
    const { asOf } = this.proof!;
    const wasUnpaid = this.unpaid > 0n;
    const shares = this.withFees(low, asOf);
    this.feeShares += shares - this.supply;
    this.supply = shares;
    this.highest = max(this.highest, (high * SCALE + shares - 1n) / shares);
    this.last = { assets: low, shares };
    const due = (side: Side) =>
      this.requests.filter(
        (request) =>
          request.side === side &&
          request.settled === undefined &&
          (request.id + 1) * this.rules.period <= asOf,
      );
    const deposits = due("deposit");
    const assets = sum(deposits);
    if (assets > 0n) {
      const given = (assets * shares) / high;
      for (const request of deposits) request.settled = { asked: high, given: shares };
      this.base += assets;
      this.supply += given;
    }
    this.redeem(due("redeem"), low, shares);
    const waits = this.waiting("deposit") + this.waiting("redeem") > 0n;
    if (!wasUnpaid || this.unpaid === 0n) {
      this.waitingSince = waits ? (this.periodOf(now) + 1) * this.rules.period : 0;
    }
    [this.asOf, this.settledAt] = [asOf, now];
  }

  mayWindDown(now: number): boolean {
    const overdue = this.waitingSince !== 0 && now > this.waitingSince + this.rules.grace;
    const isStuck = this.whyNot(now) !== undefined;
    if (overdue && (this.idle() < this.unpaid || isStuck)) return true;
    const { proof } = this;
    if (proof === undefined || (proof.units !== this.supply && proof.asOf !== this.asOf)) return false;
    return now > Math.max(this.settledAt, proof.asOf) + this.rules.grace;
  }

  /** A share's value for a lender, as value and shares: less what the next settlement takes as fees. */
  nav(): readonly [bigint, bigint] {
    const { proof } = this;
    if (proof === undefined) return [0n, 0n];
    if (proof.asOf <= this.settledAt) {
      return proof.asOf === this.asOf ? [this.last.assets * UNIT, this.last.shares] : [0n, 0n];
    }
    if (proof.units !== this.supply) return [0n, 0n];
    const [low, high] = this.totals();
    return isNarrow(low, high) ? [low * UNIT, this.withFees(low, proof.asOf)] : [0n, 0n];
  }

  /** What may be sent to custody: what is not asked back. */
  free(): bigint {
    const { assets, shares } = this.last;
    const waits = this.waiting("redeem");
    const kept = waits === 0n || shares === 0n ? 0n : (waits * assets + shares - 1n) / shares;
    return max(this.idle() - kept, 0n);
  }

  windDown(): void {
    this.windingDown = true;
    this.windDownShares = this.supply;
  }

  /** What is due to a holder who gives up so many shares more. */
  surrender(who: number, shares: bigint): bigint {
    this.givenUp[who]! += shares;
    const all = this.idle() + this.paidOut;
    const due = (this.givenUp[who]! * all) / this.windDownShares - this.paidTo[who]!;
    this.paidTo[who]! += due;
    this.paidOut += due;
    this.base -= due;
    return due;
  }

  /** What somebody can claim: as asked for, and as given. */
  claimable(side: Side, who: number): readonly [bigint, bigint] {
    const mine = this.requests.filter(
      (request) => request.side === side && request.who === who && request.settled,
    );
    const given = mine.map(({ amount, settled }) => (amount * settled!.given) / settled!.asked);
    return [sum(mine), given.reduce((total, part) => total + part, 0n)];
  }

  /** Claims all. */
  claim(side: Side, who: number): readonly [bigint, bigint] {
    const claimed = this.claimable(side, who);
    for (let i = this.requests.length - 1; i >= 0; i--) {
      const request = this.requests[i]!;
      if (request.side === side && request.who === who && request.settled) this.requests.splice(i, 1);
    }
    if (side === "redeem") this.reserved -= claimed[1];
    return claimed;
  }

  private totals(): readonly [bigint, bigint] {
    const [low, high] = this.idleAt(this.proof!.asOf);
    const { value } = this.proof!;
    return [low + value / UNIT, high + (value + UNIT - 1n) / UNIT];
  }

  /** All shares with those of the fees. */
  private withFees(assets: bigint, asOf: number): bigint {
    if (this.windingDown) return this.supply;
    const part = this.rules.managementFee * min(BigInt(asOf - this.asOf), YEAR);
    let shares = this.supply + (this.supply * part) / (10_000n * YEAR - part);
    const price = (assets * SCALE) / shares;
    if (this.highest !== 0n && price > this.highest) {
      const gain = ((price - this.highest) * shares) / SCALE;
      const fee = (gain * this.rules.performanceFee) / 10_000n;
      shares += (shares * fee) / (assets - fee);
    }
    return shares;
  }

  private redeem(requests: readonly Request[], low: bigint, shares: bigint): void {
    const burnt = sum(requests);
    this.unpaid = 0n;
    if (burnt === 0n) return;
    const owed = (burnt * low) / shares;
    if (owed > this.idle()) {
      this.unpaid = owed;
      return;
    }
    for (const request of requests) request.settled = { asked: shares, given: low };
    this.base -= owed;
    this.reserved += owed;
    this.supply -= burnt;
  }
}

/** Whether so little may be on its way that a price is one. */
function isNarrow(low: bigint, high: bigint): boolean {
  return high - low <= high / 100n + 1n;
}

function sum(requests: readonly { readonly amount: bigint }[]): bigint {
  return requests.reduce((total, { amount }) => total + amount, 0n);
}
