// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "circomlib/circuits/comparators.circom";
include "constants.circom";
include "in-range.circom";

// Proves [N2]: rounded = floor(value / step); with step 0, which is no disclosure, rounded = 0.
// Why: value = rounded * step + remainder with 0 <= remainder < step has one solution in integers, and nothing wraps, as
// rounded, step and value are below 2^96. With step 0 the first equation leaves remainder = 0, and the last one rounded = 0.
// The caller must: range-check value to VALUE_BITS; take step, below 2^96, from a public statement.
// Constraints: 293.
template RoundedValue() {
    signal input value;
    signal input step;
    signal input rounded;

    component isAbsent = IsZero();
    isAbsent.in <== step;
    signal counted <== value * (1 - isAbsent.out);
    signal remainder <== counted - rounded * step;

    // The only range checks of rounded and of remainder.
    component roundedRange = InRange(VALUE_BITS());
    roundedRange.in <== rounded;
    component remainderRange = InRange(VALUE_BITS());
    remainderRange.in <== remainder;
    component below = InRange(VALUE_BITS());
    below.in <== step - (1 - isAbsent.out) - remainder;
    rounded * isAbsent.out === 0;
}
