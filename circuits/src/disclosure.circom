// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "lib/absorb.circom";
include "lib/constants.circom";
include "lib/exposures.circom";
include "lib/exposures-opening.circom";
include "lib/key-agreement.circom";
include "lib/key-stream.circom";
include "lib/rounded-value.circom";
include "lib/statement-digest.circom";

// Words of the encrypted sums: E with A, G with C, exposures and equity by account two a word, each other sum alone.
function SUM_WORDS(accounts, underlyings, scenarios, options) {
    var more = HAS_REST(accounts, options) == 1 ? accounts : 0;
    return 2 + (underlyings + 1) \ 2 + (more + 1) \ 2 + BOOK_SUMS(options, scenarios);
}

// Places of the statement: without viewers there is nothing to encrypt.
function DISCLOSURE_LENGTH(viewers, words) {
    return viewers == 0 ? 4 : 6 + 3 * viewers + words;
}

// Proves [N1]: of the sums behind an exposures commitment, the public net asset value is E in whole steps, rounded down [N2]; and the
// public ciphertext is all of the sums [N3], for each of the named viewers to read (circuits/SPEC.md, section 13).
// Does not prove: anything about where the sums come from. A portfolio-health proof that publishes the same commitment does;
// the verifier must demand it.
// The verifier must: rebuild the statement vector from its own knowledge and take (x, y) from it and c; take step and the viewers'
// keys from the policy, where they were checked in public as sources' keys are.
template Disclosure(accounts, underlyings, scenarios, options, viewers) {
    var hasRest = HAS_REST(accounts, options);
    var sums = BOOK_SUMS(options, scenarios);
    var equities = hasRest == 1 ? accounts : 0;
    var words = SUM_WORDS(accounts, underlyings, scenarios, options);
    var hasViewers = viewers == 0 ? 0 : 1;

    // public
    signal input c;                                    // Poseidon digest of the statement
    signal input x;                                    // keccak256(c, statement) mod r
    signal input y;                                    // the statement as a polynomial, at x

    // private copy of the public statement, bound by (c, x, y)
    signal input navStep;                              // USD 1e16; 0: no net asset value is shown
    signal input nav;                                  // floor(E / navStep)
    signal input viewerKey[viewers][2];                // on BabyJubJub

    // private: what opens the commitment
    signal input underlyingsId;
    signal input equity;                               // E, USD 1e16
    signal input assets;                               // A, USD 1e16
    signal input grossAndCollateral;                   // G + 2^96 C
    signal input delta[underlyings];                   // USD 1e16, signed
    signal input accountEquity[equities];              // E[s], USD 1e16, signed; tiers with several accounts, or options
    signal input bookSum[sums];                        // USD 1e16, signed; tiers with options
    signal input exposuresSalt;                        // of the health proof's commitment

    // private
    signal input secret[hasViewers];                   // e
    signal input dataKey[hasViewers];                  // uniform in the field, new for every proof

    component rest;
    component exposures = ExposuresOpening(underlyings, hasRest);
    if (hasRest == 1) {
        rest = TaggedHash(KIND_REST(), accounts + sums);
        for (var s = 0; s < accounts; s++) {
            rest.in[s] <== accountEquity[s];
        }
        for (var k = 0; k < sums; k++) {
            rest.in[accounts + k] <== bookSum[k];
        }
        exposures.rest[0] <== rest.out;
    }
    exposures.underlyingsId <== underlyingsId;
    exposures.equity <== equity;
    exposures.assets <== assets;
    exposures.grossAndCollateral <== grossAndCollateral;
    exposures.delta <== delta;
    exposures.salt <== exposuresSalt;

    component rounded = RoundedValue();
    rounded.value <== equity;
    rounded.step <== navStep;
    rounded.rounded <== nav;

    // The statement. The order is fixed: circuits/SPEC.md section 13.
    var length = DISCLOSURE_LENGTH(viewers, words);
    component statement = StatementDigest(length);
    statement.x <== x;
    statement.v[0] <== TAG(KIND_DISCLOSURE(), length);
    statement.v[1] <== exposures.out;
    statement.v[2] <== navStep;
    statement.v[3] <== nav;

    component agreement;
    component wrapping[viewers];
    component stream;
    if (hasViewers == 1) {
        agreement = KeyAgreement(viewers);
        agreement.secret <== secret[0];
        agreement.viewerKey <== viewerKey;
        statement.v[4] <== agreement.point[0];
        statement.v[5] <== agreement.point[1];
        for (var v = 0; v < viewers; v++) {
            wrapping[v] = TaggedHash(KIND_WRAPPING(), 3);
            wrapping[v].in[0] <== agreement.shared[v][0];
            wrapping[v].in[1] <== agreement.shared[v][1];
            wrapping[v].in[2] <== exposures.out;
            statement.v[6 + 3 * v] <== viewerKey[v][0];
            statement.v[7 + 3 * v] <== viewerKey[v][1];
            statement.v[8 + 3 * v] <== dataKey[0] + wrapping[v].out;
        }

        stream = KeyStream(words);
        stream.key <== dataKey[0];
        stream.context <== exposures.out;
        // Every sum's range is the health proof's: none leaves its part of a word, so a word has one reading.
        var word[words];
        word[0] = equity + assets * (1 << VALUE_BITS());
        word[1] = grossAndCollateral;
        var at = 2;
        for (var u = 0; u < underlyings; u++) {
            word[at + u \ 2] += (delta[u] + (1 << VALUE_BITS())) * (1 << ((u % 2) * PART_BITS()));
        }
        at += (underlyings + 1) \ 2;
        for (var s = 0; s < equities; s++) {
            word[at + s \ 2] += (accountEquity[s] + (1 << VALUE_BITS())) * (1 << ((s % 2) * PART_BITS()));
        }
        at += (equities + 1) \ 2;
        for (var k = 0; k < sums; k++) {
            word[at + k] = bookSum[k];
        }
        for (var w = 0; w < words; w++) {
            statement.v[6 + 3 * viewers + w] <== stream.out[w] + word[w];
        }
    }
    statement.c === c;
    statement.y === y;
}
