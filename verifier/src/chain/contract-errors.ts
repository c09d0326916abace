// SPDX-License-Identifier: MIT
/**
 * What a contract refused, in words: every custom error of the contracts with the values that it carries.
 *
 * @module
 */

import { BaseError, type DecodeErrorResultReturnType, decodeErrorResult, type Hex, isHex } from "viem";
import { type ErrorDetails, type ErrorKind, KeelError } from "../core/errors.js";
import { LIMITS, type LimitName, type LimitUnit, limitRow, limitsWhere } from "../files/limits.js";
import { keelErrorsAbi } from "./abi.js";

/**
 * A failure of a contract call as a `KeelError`; anything that is one already passes through. Use it around calls to
 * contracts that embed Keel's, such as a vault.
 */
export function toKeelError(error: unknown): KeelError {
  if (error instanceof KeelError) return error;
  const decoded = decodeRevert(error);
  if (decoded !== undefined) return new KeelError(describeRevert(decoded), { cause: error });
  const received = error instanceof BaseError ? nodeWords(error) : String(error);
  return new KeelError(
    { kind: "environment", code: "chain.call", expected: "the chain to answer", received },
    { cause: error },
  );
}

/** Asks the chain. @throws KeelError as {@link toKeelError} makes it */
export async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toKeelError(error);
  }
}

type Revert = DecodeErrorResultReturnType<typeof keelErrorsAbi>;

function decodeRevert(error: unknown): Revert | undefined {
  const data = revertData(error);
  if (data === undefined) return undefined;
  try {
    return decodeErrorResult({ abi: keelErrorsAbi, data });
  } catch {
    return undefined;
  }
}

/** Revert bytes anywhere in a chain of causes; nodes differ in where they put them. */
function revertData(error: unknown): Hex | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { data } = cause as { data?: unknown };
    const inner = typeof data === "object" && data !== null ? (data as { data?: unknown }).data : data;
    for (const candidate of [data, inner]) {
      if (typeof candidate === "string" && isHex(candidate) && candidate.length >= 10) return candidate;
    }
  }
  return undefined;
}

type Words = Partial<Pick<ErrorDetails, "path" | "expected" | "received">>;

/** Contract errors in plain words: expected and received from the error's own values. */
function wordsOf({ errorName, args }: Revert): Words {
  switch (errorName) {
    case "NotEnrolled":
      return words("subject", "an enrolled subject", args[0]);
    case "WrongEnrolment":
      return words("enrolment", `the declared accounts ${args[1]}`, args[2]);
    case "WrongState":
      return words("drawdown.previousState", `the registry's state ${args[1]}`, args[2]);
    case "ForeignDomain":
      return words("policy.domain", `a domain with this registry on chain ${args[1]}`, `domain ${args[0]}`);
    case "UnknownDomain":
      return words("policy.domain", "a domain that was declared to the policy book", args[0]);
    case "NoUnits":
      return words("drawdown.units", `units of ${args[0]} at the snapshot's time`, "none");
    case "WrongUnits":
      return words("drawdown.units", `${args[1]}, by the policy's source of units`, args[2]);
    case "UnitsNotSigned":
      return words(
        "unitsSignature",
        `${args[0]}'s signature of ${args[3]} units of ${args[1]} at ${args[2]}`,
        "another, or none",
      );
    case "UnwantedUnitsSignature":
      return words("unitsSignature", `none under policy ${args[0]}`, "one");
    case "UnitsUnavailable":
      return words(
        "drawdown.units",
        `token ${args[0]} to say its supply at ${args[1]}, before the block's time`,
        "no answer that fits",
      );
    case "UnitsSourceMismatch":
      return words("policy.units", "a kind of source exactly with an address", `kind ${args[0]}, ${args[1]}`);
    case "DrawdownWithoutUnits":
      return words("policy.units", "a token or an administrator, to limit a drawdown", "none");
    case "ContractWithDomain":
      return words("policy.units", "an administrator's key under a declared domain", `contract ${args[0]}`);
    case "TokenWithoutAge":
      return words("policy.maxAge", `at least 1 s with token ${args[0]}`, "0 s");
    case "NoVenue":
      return zeroOf(limitsWhere(({ nonzero }) => nonzero !== undefined)[0]!);
    case "AboveCeiling":
      return words(`policy.${args[0]}`, `at most ${args[2]}${inSeconds(args[0])}`, args[1]);
    case "BadInterval":
      return words("policy.minInterval", `from 1 to the validity, ${args[1]} s`, args[0]);
    case "WrongSeries":
      return words(
        "policy.series",
        "a market's series, a returns' one exactly with tail limits, a liquidity one with days to unwind",
        args[0],
      );
    case "NothingToVoid":
      return words(
        "subject",
        `a live attestation under policy ${args[1]} that rests on what was taken back`,
        `none for ${args[0]}`,
      );
    case "WrongBasis":
      return words("basis", `what the latest attestation rests on, ${args[0]}`, args[1]);
    case "ChainNotStarted":
      return words("subject", "a subject with a state", `${args[0]}, before its first attestation`);
    case "ClosedByGuardian":
      return words("subject", "a record that no guardian closed", `${args[0]} under policy ${args[1]}`);
    case "NotClosed":
      return words("subject", "a record that a guardian closed", `${args[0]} under policy ${args[1]}`);
    case "NotNewer":
      return words("asOf", `a snapshot newer than ${args[1]}`, args[0]);
    case "SnapshotInFuture":
      return words("asOf", `at most the block's time ${args[1]}`, args[0]);
    case "SnapshotTooOld":
      return words("asOf", `a snapshot at most ${args[2]} s old`, `${args[1]} s`);
    case "AlreadyExpired":
      return words("asOf", `submission before ${args[0]}`, args[1]);
    case "MarketTooFar":
      return words(
        "market.asOf",
        `a market or returns table within ${args[2]} s of the snapshot's ${args[0]}`,
        args[1],
      );
    case "MarketNotAccepted":
      return words(
        "market",
        `a table that the market book accepted in the policy's series ${args[0]}`,
        `root ${args[1]} at ${args[2]}`,
      );
    case "WrongTableProofs":
      return words(
        "tables",
        `${args[1]} proofs by tables under policy ${args[0]}, of tail risk first, then of the days to unwind`,
        args[2],
      );
    case "WrongDisclosures":
      return words("disclosure", `${args[1]} disclosures under policy ${args[0]}`, args[2]);
    case "WrongSealedSums":
      return words(
        "disclosure.sealed",
        args[0] === 0n
          ? "nothing sealed, since the policy has no viewers"
          : `sums sealed for ${args[0]} viewers`,
        `${args[1]} numbers`,
      );
    case "NavTooLarge":
      return words(
        "disclosure.nav",
        `a net asset value below 2^96 USD 1e-16, in steps of ${args[1]}`,
        args[0],
      );
    case "NavWithoutUnits":
      return words("policy.units", "a token or an administrator, to show a net asset value", "none");
    case "BadNavStep":
      return words("policy.disclosure.navStep", "a power of ten, a cent (1e14) at least", args[0]);
    case "DisclosureMismatch":
      return words("policy.disclosure", "a disclosure circuit exactly with a step or viewers", args[0]);
    case "TooManyViewers":
      return words("policy.disclosure.viewers", "at most 4", args[0]);
    case "BadViewerKey":
      return words(
        `policy.disclosure.viewers[${args[0]}]`,
        "a point of BabyJubJub with x above 0",
        "another",
      );
    case "BadParticipation":
      return words("policy.liquidity.participation", "from 1 to 10000 bps", args[0]);
    case "TailCircuitMismatch":
      return words("policy.tail", "a tail-risk circuit exactly with tail-risk limits", args[0]);
    case "ConfidenceTooHigh":
      return words(`policy.limits.${LEVELLED}`, "confidence levels below 10000", args[0]);
    case "ProofRefused":
      return words(
        "proof",
        `a proof that verifier ${args[2]} accepts for this statement`,
        "one that it refuses",
      );
    case "BatchRefused":
      return words(
        "attestations",
        `${args[1]} proofs that verifier ${args[0]} accepts`,
        "a false one among them",
      );
    case "MixedVerifiers":
      return words(`attestations[${args[0]}]`, `a proof for verifier ${args[1]}`, args[2]);
    case "EmptyBatch":
      return words("attestations", "at least one", 0);
    case "NotInField":
      return words(undefined, "a value below the field's order (roots: above zero)", args[0]);
    case "UnknownPolicy":
      return words("policyId", "a published policy", args[0]);
    case "UnknownVersion":
      return words("version", `a version of circuit ${args[0]}`, args[1]);
    case "NotLiveYet":
      return words("version", `submission from ${args[2]} on`, `version ${args[1]} now`);
    case "Retired":
      return words("version", "a version that is not retired", `version ${args[1]}, retired at ${args[2]}`);
    case "MarketInFuture":
      return words("asOf", `at most the block's time ${args[1]}`, args[0]);
    case "MarketStale":
      return words("asOf", `a table at most ${args[2]} s old`, `${args[1]} s`);
    case "MarketAlreadyWithdrawn":
      return words("market", "a table that no guardian withdrew", `root ${args[1]} at ${args[2]}`);
    case "NotPublishable":
      return words("series", "a series of publishers' markets or of returns", args[0]);
    case "UnknownSeries":
      return words("series", "a series of markets or of returns", args[0]);
    case "TooFewSignatures":
      return words("signatures", `at least ${args[1]}`, args[0]);
    case "NotPublisher":
      return words("signatures", "publishers' signatures of this table", `one that gives ${args[0]}`);
    case "SignersNotAscending":
      return words("signatures", `a signer above ${args[0]}`, args[1]);
    case "NotHealthy":
      return words("subject", `a live attestation under policy ${args[1]}`, `none for ${args[0]}`);
    case "StillHealthy":
      return words("subject", `no live attestation under policy ${args[1]}`, `one for ${args[0]}`);
    case "AssetShortfall":
      return words("asset", `${args[0]} delivered`, args[1]);
    case "FeedFailed":
      return words(`instruments[${args[0]}]`, "a feed that answers", `${args[1]} reverts`);
    case "FeedAnswer":
      return words(`instruments[${args[0]}]`, "an answer above zero", args[1]);
    case "FeedInFuture":
      return words(`instruments[${args[0]}]`, `an answer in force at ${args[2]}`, `one of ${args[1]}`);
    case "FeedStale":
      return words(
        `instruments[${args[0]}]`,
        `an answer at most ${args[3]} s old at ${args[2]}`,
        `one of ${args[1]}`,
      );
    case "FeedDecimals":
      return words(`instruments[${args[0]}]`, `${args[1]} decimals`, args[2]);
    case "RootRefused":
      return words(
        "proof",
        `a proof that ${args[1]} is the root of the feeds' prices at ${args[2]}`,
        "another one",
      );
    case "AccessManagedUnauthorized":
    case "AccessManagerUnauthorizedAccount":
    case "AccessManagerUnauthorizedCall":
      return words("account", "an account with the role for this call", args[0]);
    case "AccessManagerUnauthorizedCancel":
      return words("account", "who scheduled the call, an administrator or a guardian", args[0]);
    case "AccessManagedRequiredDelay":
      return words(
        "account",
        `a call that was scheduled ${args[1]} s before`,
        `one by ${args[0]} that was not`,
      );
    case "AccessManagerAlreadyScheduled":
      return words("operation", "one that is not scheduled yet", args[0]);
    case "AccessManagerNotScheduled":
      return words("operation", "one that is scheduled", args[0]);
    case "AccessManagerNotReady":
      return words("operation", "one whose delay is over", args[0]);
    case "AccessManagerExpired":
      return words("operation", "one that is executed within a week of being ready", args[0]);
    case "AccessManagerLockedRole":
      return words("role", "a role that can be given and taken", `role ${args[0]}`);
    case "RoleIsOffered":
      return words("role", "a role of contracts; people's roles are offered and accepted", `role ${args[0]}`);
    case "NothingOffered":
      return words("role", `an offer of role ${args[0]} to ${args[1]} that stands`, "none");
    case "BadReceiver":
      return words("account", "neither zero nor the authority itself", args[1]);
    case "AdministratorWithoutCode":
      return words("account", "a contract, such as a multi-signature account", `${args[0]}, a single key`);
    case "LastAdministrator":
      return words("account", "an administrator that is not the last one", args[0]);
    case "NotYourOffer":
      return words("account", `an administrator, a guardian or ${args[1]} itself`, args[2]);
    case "RuleIsFixed":
      return words(undefined, "what may be changed at the authority", "a rule that is fixed");
    case "UnknownLine":
      return words("line", "a line that was opened", args[0]);
    case "LineExists":
      return words("line", "a name that no line has", args[0]);
    case "NothingAnnounced":
      return words("line", "a line with an announced move", args[0]);
    case "NothingToUndo":
      return words("line", "a line that was tightened within the delay", args[0]);
    case "TooManyTightenings":
      return words(
        "line",
        "at most sixteen moves within the delay",
        `another, which is possible from ${args[1]} on`,
      );
    case "NoPublishersAnnounced":
      return words("publishers", "announced publishers", "none");
    case "WrongSignature":
      return words("signatures", `a signature of this table by ${args[0]}`, "another");
    case "PublishersNotAscending":
      return words("publishers", `a publisher above ${args[0]}`, args[1]);
    case "BadThreshold":
      return words("threshold", `from 1 to ${args[1]}, the number of publishers`, args[0]);
    case "RestartAnnounced":
      return words(
        "subject",
        "a subject whose restart is not announced",
        `${args[0]}, announced for ${args[1]}`,
      );
    case "NoRestartAnnounced":
      return words("subject", "a subject whose restart is announced", args[0]);
    case "StandsBy":
      return words("version", `a version of circuit ${args[0]} that does not stand by`, args[1]);
    case "NothingToStandBy":
      return words("circuit", "a circuit that has a version", args[0]);
    case "NoCode":
      return words("verifier", "a contract", `${args[0]}, an address without code`);
    case "WrongCircuit":
      return words("verifier", `a verifier of circuit ${args[1]}`, `one of ${args[2]}`);
    case "InsecureVerifier":
      return words("verifier", `a ceremony's key on chain ${args[1]}`, `a development key, ${args[0]}`);
    case "KeyWithoutContribution":
      return words("verifier", "a key with a contribution", args[0]);
    case "AcceptsAnything":
      return words("verifier", "a verifier that refuses an empty proof", args[0]);
    case "UnknownUniverse":
      return words("universe", "one that was opened", args[0]);
    case "UniverseExists":
      return words("universe", "one that was never opened", args[0]);
    case "UniverseIsClosed":
      return words("universe", "one that no guardian closed", args[0]);
    case "UniverseNotLiveYet":
      return words("universe", `tables from ${args[1]} on`, "one of now");
    case "SequencerNeeded":
      return words("sequencer", `the uptime feed of chain ${args[0]}'s sequencer`, "none");
    case "FeedWithoutDecimals":
      return words(`instruments[${args[0]}]`, "a feed that says its decimals", args[1]);
    case "PriceOutOfRange":
      return words(`instruments[${args[0]}]`, "a price between the instrument's least and greatest", args[1]);
    default:
      return words(undefined, "the contract to accept the call", `${errorName}(${(args ?? []).join(", ")})`);
  }
}

/** The one limit that the book refuses as 0. */
function zeroOf(name: LimitName) {
  return words(`policy.${name}`, `above 0, ${limitRow(name).nonzero}`, "0");
}

/** All that has a ceiling is a time or a limit. */
function inSeconds(term: string): string {
  if (!(term in LIMITS)) return " s";
  return UNIT_WORDS[LIMITS[term as keyof typeof LIMITS].unit];
}

const UNIT_WORDS: Readonly<Record<LimitUnit, string>> = {
  usd8: " in USD 1e-8",
  bps: " bps",
  days: " in 1e-4 days",
};

/** The limit that has confidence levels. */
const [LEVELLED] = limitsWhere(({ kind }) => kind === "levels");

function words(path: string | undefined, expected: string, received: unknown): Words {
  return { ...(path === undefined ? {} : { path }), expected, received: String(received) };
}

/** Refusals that say something about a proof or an attestation; the others are about what the caller brought. */
const PROOF_ERRORS: ReadonlySet<string> = new Set([
  "NotEnrolled",
  "WrongEnrolment",
  "WrongState",
  "NoUnits",
  "WrongUnits",
  "UnitsNotSigned",
  "UnwantedUnitsSignature",
  "UnitsUnavailable",
  "ForeignDomain",
  "ClosedByGuardian",
  "NotNewer",
  "SnapshotInFuture",
  "SnapshotTooOld",
  "AlreadyExpired",
  "MarketTooFar",
  "MarketNotAccepted",
  "WrongTableProofs",
  "WrongDisclosures",
  "WrongSealedSums",
  "NavTooLarge",
  "ProofRefused",
  "BatchRefused",
  "RootRefused",
  "UnknownPolicy",
  "UnknownVersion",
  "NotLiveYet",
  "StandsBy",
  "Retired",
  "CodeChanged",
  "NotHealthy",
]);

function describeRevert(revert: Revert): ErrorDetails {
  const { errorName } = revert;
  const kind: ErrorKind = PROOF_ERRORS.has(errorName) ? "proof" : "input";
  const code = `registry.${errorName.replace(/^[A-Z]+(?=[A-Z])|^[A-Z]/, (letters) => letters.toLowerCase())}`;
  return { kind, code, ...wordsOf(revert) };
}

/** What the client made of an answer, and the node's own words. */
function nodeWords(error: BaseError): string {
  const { shortMessage, details } = error;
  const words =
    details === "" || shortMessage.includes(details) ? shortMessage : `${shortMessage} ${details}`;
  const host = hostOf(error);
  return host === undefined ? words : `${words} (${host})`;
}

/** Where a request went: scheme, host and port. The rest of a node's URL may hold an access key. */
function hostOf(error: BaseError): string | undefined {
  const { url } = (error.walk((cause) => "url" in (cause as object)) ?? {}) as { readonly url?: unknown };
  return typeof url === "string" && URL.canParse(url) ? new URL(url).origin : undefined;
}
