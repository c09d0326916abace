// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "lib/constants.circom";
include "lib/liquidity-table.circom";
include "lib/portfolio-opening.circom";
include "lib/statement-digest.circom";
include "lib/limits/max-days-to-unwind.circom";

// Proves [Q3]: the quantities behind a portfolio commitment [Q1] can be unwound within a limit of days, each instrument by itself, by
// a public table of what a day takes of it [Q2] (circuits/SPEC.md, section 14).
// Does not prove: anything about where the quantities come from. A portfolio-health proof of a tier with as many places that
// publishes the same commitment does; the verifier must demand it. Nor that instruments can be sold at the same time, or at a price.
// The verifier must: rebuild the statement vector from its own knowledge and take (x, y) from it and c; take the limit and the
// participation from the policy, and the root from a table that was checked in public.
template Liquidity(instruments, accounts) {
    // public
    signal input c;                                 // Poseidon digest of the statement
    signal input x;                                 // keccak256(c, statement) mod r
    signal input y;                                 // the statement as a polynomial, at x

    // private copy of the public statement, bound by (c, x, y)
    signal input maxDaysToUnwind;                   // 1e-4 days
    signal input participation;                     // bps

    // private copy of the public table, bound by its root in the statement
    signal input time;                              // unix seconds
    signal input universe;
    signal input depth[instruments];                // 1e8 units a day

    // private: what opens the commitment
    signal input subject;
    signal input accountId[accounts];
    signal input asOf;
    signal input quantity[accounts][instruments];   // 1e8 per unit, signed
    signal input portfolioSalt;                     // of the health proof's commitment

    component table = LiquidityTable(instruments);
    table.time <== time;
    table.universe <== universe;
    table.participation <== participation;
    table.depth <== depth;

    // One signal is the table's universe and the messages': a row of the table is the instrument of that row in every account.
    component portfolio = PortfolioOpening(instruments, accounts);
    portfolio.subject <== subject;
    portfolio.accountId <== accountId;
    portfolio.asOf <== asOf;
    portfolio.universe <== universe;
    portfolio.quantity <== quantity;
    portfolio.salt <== portfolioSalt;

    component unwinding = MaxDaysToUnwind(instruments);
    unwinding.size <== portfolio.size;
    unwinding.depth <== depth;
    unwinding.limit <== maxDaysToUnwind;

    // The statement. The order is fixed: circuits/SPEC.md section 14.
    component statement = StatementDigest(6);
    statement.x <== x;
    statement.v[0] <== TAG(KIND_UNWIND(), 6);
    statement.v[1] <== portfolio.out;
    statement.v[2] <== table.root;
    statement.v[3] <== time;
    statement.v[4] <== participation;
    statement.v[5] <== maxDaysToUnwind;
    statement.c === c;
    statement.y === y;
}
