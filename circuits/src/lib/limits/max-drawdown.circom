// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/comparators.circom";
include "../constants.circom";
include "../in-range.circom";
include "../state.circom";

// Proves [D2, L12]: newState follows previousState, and equity per unit is at least (1 - limit) times the high-water mark.
//     the high-water mark after this epoch is the larger of the one in previousState and today's equity per unit
//     newState commits to it and to the next epoch; previousState 0 is the genesis, where today is the high-water mark
// The contract must: take previousState from its own record and store newState, so that no epoch can be skipped, replayed
// or forked (attack 19).
// The high-water mark is a pair (equity, units), compared by cross-multiplication. At a tie either pair may be kept.
// Range checks: here, of the units and of the comparison. The pair in previousState needs none: an earlier proof of the
// chain made it from range-checked values, and at the genesis it is not used.
// A limit of one or more, an absent one included, makes the right side of the drawdown zero or less.
// Constraints: about 1,150.
template MaxDrawdown() {
    signal input equity;          // USD 1e16, from BookSize
    signal input units;           // 1e8, at least 1
    signal input previousState;
    signal input newState;
    signal input limit;           // bps
    signal input markEquity;      // private, USD 1e16, of previousState
    signal input markUnits;       // private, 1e8, at least 1
    signal input epoch;           // private
    signal input salt;            // private, of previousState
    signal input newSalt;         // private
    signal input isNewMark;       // private, 1: today is the high-water mark

    component unitsRange = InRange(UNITS_BITS());
    unitsRange.in <== units - 1;
    isNewMark * (isNewMark - 1) === 0;

    // The previous state is the one that was committed to, or there is none and today is the mark.
    component isGenesis = IsZero();
    isGenesis.in <== previousState;
    component previous = State();
    previous.equity <== markEquity;
    previous.units <== markUnits;
    previous.epoch <== epoch;
    previous.salt <== salt;
    (1 - isGenesis.out) * (previous.out - previousState) === 0;
    isGenesis.out * (1 - isNewMark) === 0;

    // equity / units >= markEquity / markUnits when today is the mark (the genesis aside), <= when not.
    signal today <== equity * markUnits;
    signal before <== markEquity * units;
    signal ahead <== (2 * isNewMark - 1) * (today - before);
    component compared = InRange(VALUE_BITS() + UNITS_BITS());
    compared.in <== (1 - isGenesis.out) * ahead;

    signal newEquity <== markEquity + isNewMark * (equity - markEquity);
    signal newUnits <== markUnits + isNewMark * (units - markUnits);
    component next = State();
    next.equity <== newEquity;
    next.units <== newUnits;
    next.epoch <== (1 - isGenesis.out) * (epoch + 1);
    next.salt <== newSalt;
    next.out === newState;

    // equity / units >= (1 - limit) * newEquity / newUnits
    signal now <== equity * newUnits;
    signal mark <== newEquity * units;
    component holds = InRange(VALUE_BITS() + UNITS_BITS() + RATIO_BITS() + 1);
    holds.in <== now * BPS() - (BPS() - limit) * mark;
}
