// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a user does about each error code, by family: the part of a code before its first point.
 *
 * @module
 */

/** Codes that have something in common. */
export interface Family {
  /** What they speak of. */
  readonly about: string;
  /** What to do, by the rest of the code; `""` for a code without a point. */
  readonly cures: Readonly<Record<string, string>>;
}

const REPORT = "This is a fault of Keel: please report it with the message.";
const AGAIN = "Try again; if it stays, use another node.";
const ROUND = "Leave it as the tool wrote it: the file was changed or cut.";
const VENUE_CHANGED =
  "Save the response again. If it is as the venue sends it now, report it: the format has changed.";

export const FAMILIES: Readonly<Record<string, Family>> = {
  aifmd: {
    about: "A report as a subset of an AIFMD Annex IV filing, and what its filer declares.",
    cures: {
      exposures:
        "Give `--viewer-key` or `--opening` for the period's last attestation, or write the amount that you declare.",
      field: "Write the field as ESMA's schema has it; docs/formats/aifmd-facts-1.md has each one's form.",
      leverage:
        "Give `--viewer-key` or `--opening` for the period's last attestation, or declare `grossLeverage`.",
      liquidity: "Declare the seven rates in `profile`, or leave `liquidity` out.",
      nav: "Take a policy that shows a net asset value, or read the period's last attestation with `--viewer-key` or `--opening`.",
      period:
        "Give `--from` and `--until` so that the report reaches over the filing's period, and file what was attested in it.",
      record:
        "Give each fund of the facts as `--subject`, and its `policyId` where the report has several of its records.",
    },
  },
  artifact: {
    about: "A circuit's files: its WebAssembly, its keys, and the manifest that pins them.",
    cures: {
      circuit: "Give the artifacts of the circuit that the policy names.",
      hash: "Fetch or build the file again: it is not the one that was pinned.",
      key: "Take verification key and circuit from the same folder.",
      manifest: "Build or export the artifacts again, with this version of Keel.",
      mismatch: "Give the circuit and the key that were made together.",
      missing: "Run `keel setup`, or name the folder that has the file.",
    },
  },
  authority: {
    about: "Who may do what at a registry: the authority that its contracts ask.",
    cures: {
      foreign:
        "Give the address of an authority that one of the registry's contracts asks; the message has them.",
      split:
        "Find out why the contracts ask different authorities before you trust the registry; then name one of them with `--authority`.",
      unknown: "Start at the registry's first block: `--from-block` of its deployments file.",
    },
  },
  browser: {
    about: "What a page needs of its browser.",
    cures: {
      webassembly:
        "Use a newer browser, or allow WebAssembly for this page: a lockdown or safest mode switches it off. `keel prove` needs no browser.",
    },
  },
  build: {
    about: "Building the console.",
    cures: { connect: "Give an https address of a node, as `--connect https://node.example`." },
  },
  ceremony: {
    about: "A key ceremony: its folder, its transcript, its contributions.",
    cures: {
      beacon: "Apply the beacon with `keel ceremony beacon`; never edit the transcript.",
      beaconValue: "Give the beacon's value as hexadecimal digits, as its source published it.",
      contributions: "Take transcript and key from the same step; ask the contributor before you.",
      file: "Give a powers-of-tau file that is whole: fetch it again.",
      finished: "Start a new ceremony: this one has its beacon, and nothing can follow it.",
      format: "Fetch the key file again: it is no key of a ceremony.",
      history: "Do not contribute. Somebody replaced what you saw before: ask the coordinator.",
      keyFile: "Check that the key file is there and may be read.",
      keyHash: "Fetch the newest key again: it is not the one that the transcript names.",
      mark: "Use the transcript as it was written: its mark follows from its powers of tau.",
      missing: "Name a ceremony's folder, with transcript and keys.",
      name: "Take transcript and key from the same step: the names differ.",
      noBeacon: "Apply the announced beacon first: `keel ceremony beacon`.",
      noContribution: "Have at least one contributor before the beacon.",
      phase2: "Run the step again from the last whole folder; if it stays, fetch the key again.",
      power: "Take a powers-of-tau file of the power that is asked for, or a larger one.",
      powersOfTau: "Fetch the published powers-of-tau file again, whole.",
      r1cs: "Compile the circuit from the same sources as the ceremony's, with the same compiler.",
    },
  },
  chain: {
    about: "Reading a blockchain: the node, and what an address holds there.",
    cures: {
      archive:
        "Use an archive node of HyperEVM that also has Hyperliquid's past states: its default nodes answer for the latest block alone.",
      block: "Run the command again: the block was replaced while it was read.",
      call: `Check the node's address and that it answers. ${AGAIN}`,
      collateral: "Map the coin to an instrument whose collateral factor fits what the lender counts.",
      confirmations:
        "Wait and look for the transaction: the chain makes no blocks, or another node is ahead.",
      contract: "Check the address in the mapping, and that it is on this chain.",
      debt: "Map the lender instead of its debt token: a debt is read from the lender.",
      domain: AGAIN,
      factor: "Make the market's collateral factor at most the lender's, or map another instrument.",
      failed: AGAIN,
      future: "Name a block that exists, or none.",
      id: "Use a node and a wallet of the chain that is asked for.",
      instrument: "Map to an instrument of the market that is cash or spot.",
      lender: "Add the lender to the mapping, or say under `unrelated` why it is none of yours.",
      market: "Check the market's id in the mapping.",
      name: 'Correct the index in the mapping, or say the coin\'s name there: `{ "instrument": …, "name": … }`.',
      netting: "Give the debt an account of its own: one account does not net coins against debts.",
      nodes: "Ask a third node: these two say different things.",
      policy: AGAIN,
      removed: "Look at what happened with `keel watch` or `keel status`, and send it again.",
      pool: "Add the pool to the mapping: its tokens are read from it.",
      position: "Take the position apart first, or report its kind: it cannot be valued.",
      range: "Split the amount over several accounts: it is larger than a quantity may be.",
      reconcile: "Report the lender: it keeps its books in a way that Keel does not know.",
      reverted: "Look the transaction up: it was included and failed. Check the state and send it again.",
      stable: "Turn the debt into one at a variable rate: stable rates are not read.",
      start: "See that Hardhat is installed and the port is free, then start again.",
      twice: "Take the token out of the mapping: its pool is mapped, and it would count twice.",
      unified:
        "Say in the mapping whether the account's margin is unified; Hyperliquid shows it as account mode.",
      unmapped: "Add the token to the mapping, or sell it: what is left out could be a debt.",
      vault: "Map the vault's shares to the instrument of the coin that it holds.",
    },
  },
  circuit: {
    about: "Which circuit, and whether it has room.",
    cures: {
      compile: "Read the compiler's message; a changed circuit has to compile by itself.",
      size: "Use fewer rows, or name the circuit in the policy that the message says has room.",
      unknown: "Name one of the circuits that the message lists.",
    },
  },
  collect: {
    about: "Asking all sources at once.",
    cures: { failed: "Cure each failure that the message lists; nothing was written." },
  },
  config: {
    about: "The configuration of a source's program.",
    cures: {
      accounts: "Give accounts to a source or a member, and none to a coordinator.",
      credentials: "Write the credentials as a JSON object of texts, with the names that the venue wants.",
      driver: "Give the driver exactly one of the things that the message names.",
      members: "List the quorum's members, each once, by the names in its key.",
      role: "Give exactly one of: a key; a share; a quorum with members.",
    },
  },
  contracts: {
    about: "Compiling contracts.",
    cures: {
      artifact: "Check the contract's name; call `compileVerifiers` first for a key's verifier.",
      compile: "Read the compiler's message.",
      source: "Install the package that has the source again: `npm install`.",
    },
  },
  csv: {
    about: "Importing a CSV file.",
    cures: {
      column: "Map the column, or list it under `ignore.columns` when it says nothing about the account.",
      delimiter: "Set the mapping's `delimiter` to what the file uses.",
      duplicate: "Remove the second row, or list the instrument under `sum` when rows are to be added.",
      formula: "Save the sheet with values instead of formulas.",
      header: "Name the file's columns in a mapping; for JSON use `keel import` with the venue's name.",
      ignore: "Do not ignore what is owed or not a number: map it.",
      instrument: "Add the name under `instruments` in the mapping, or the row to the market.",
      ledger: "Export balances or positions: a list of movements says nothing about what is held.",
      mapping: "Correct the mapping as the message says.",
      name: "Give the account an id of the mapping, and the source the name that the policy has.",
      netting: "Give coins that are owed an account of their own.",
      quantity: "Write numbers as the mapping's number style says; set `decimal` and `thousands` if needed.",
      quotes: "Close every quoted cell, and double a quote inside one.",
      row: "Give every row as many cells as the header has.",
      rows: "Give a header and at least one row.",
      side: "List the file's words for long and short under `side`.",
      source: "Give one source for each account.",
      unit: "Add the name to the mapping and say how many units one of it is (`per`).",
    },
  },
  data: {
    about: "Market data from venues and feeds.",
    cures: {
      book: "Save the order book again: this one is empty or crossed.",
      depth: "Correct where the depth comes from.",
      expired: "Take the contract out of the market, or name one that has not expired.",
      failed: "Ask the venue again: this answer is a failure.",
      future: "Name a later time for the table, or take earlier data.",
      instrument: "Name an instrument of the market.",
      missing: "Give the response, the node or the source that the message names.",
      number: VENUE_CHANGED,
      option: "Take an option from a venue, which gives its volatility.",
      shape: VENUE_CHANGED,
      stale: "Fetch the data again, or name an earlier time for the table.",
      state: "Wait until the book is open again.",
      testnet: "Take the answer from the real venue.",
      time: "Say when the response was saved: `--at`.",
      twice: "Give each instrument and each book once.",
      venue: "Name one of the venues that the message lists.",
    },
  },
  deploy: {
    about: "Putting contracts on a chain.",
    cures: {
      administrator: "Make a Safe and name it as `admin` in the roles file: one key must not govern alone.",
      balance: "Send the account what is missing, or wait for a lower fee.",
      busy: "Wait until the account's other transactions are mined, or deploy from an account that nothing else uses.",
      chain: "Name the node of the chain that is meant, or the chain that is meant.",
      developmentKey:
        "Give the folder of a ceremony's artifacts: `--verifier CIRCUIT=FOLDER`; or deploy to a test network.",
      eas: "Give the address that the chain's own EAS documentation has, or leave it out.",
      feed: "Take the address from the feed's own documentation: it has to answer decimals() and latestRoundData().",
      keeps: "Name a receiver of the role, or leave the role to the deployer, not both.",
      leftOut:
        "Name a receiver of each role in the roles file; `deployerKeeps` lists those that the deployer shall keep.",
      nobody: "Give an address that somebody holds: this one belongs to nobody.",
      nonce: "Wait until the node has caught up, or use another node of the same chain.",
      proxy:
        "Have the deterministic deployment proxy put on the chain, or deploy with a key and hand over to the Safe.",
      publishers: "Name each publisher once, and a threshold that they can reach.",
      receiver:
        'Give the address of a Safe or another contract that can call others; `"unchecked": true` in the roles file says that you made sure of it.',
      rehearsal:
        "Correct what the chain would refuse; nothing was sent. Run it again with KEEL_DEBUG=1 for more.",
      reverted:
        "Look the transaction up, correct its cause, and run the deployment again: it goes on where it ended.",
      role: "Deploy as the authority's administrator. After the hand-over, correct the plan, or have the administrator do what it says with `keel role`.",
      shortDelay:
        'Let it wait at least a day. Where it is meant to be shorter, say so: `"short": true` at the role, `"short": ["market"]` in `delays`.',
      sequencer:
        "Name the sequencer's uptime feed, `--sequencer-feed`: docs.chain.link/data-feeds/l2-sequencer-feeds lists them.",
      replaced:
        "Look at what took its place, in your wallet: a step that was called off has to be done. Then run the command again.",
      unmined: "Run the same command again later: it finds the transaction and waits on for it.",
    },
  },
  deployment: {
    about: "The file that remembers a deployment.",
    cures: {
      arguments:
        "Give the sources and arguments that the deployment was begun with, or begin another one with a new `--file`.",
      chain: "Use another file for another chain.",
      deployer: "Go on with the account that began it, or begin another one with a new `--file`.",
      format: "Finish the deployment first, or begin with a new file.",
      missing:
        "Check that the node is of the chain that the file is of; begin with a new `--file` if the chain was started over.",
    },
  },
  dev: {
    about: "The local chain of `keel dev`.",
    cures: {
      none: "Start one: `keel dev start`; name its file with --state when it was started with one.",
      reset: "End the chain with Ctrl-C and start it again.",
      running: "Use the one that runs, or end it with Ctrl-C where it was started.",
      time: "Give a later time: a chain's clock never goes back. `keel dev reset` takes the whole chain back.",
    },
  },
  device: {
    about: "A key on a hardware device.",
    cures: {
      missing: "Install the device's libraries beside Keel: the message has the command.",
      refused:
        "Unlock the device, open its Ethereum app, allow blind signing there, close other programs that use it, and consent on its screen.",
    },
  },
  devkey: {
    about: "Development keys.",
    cures: { domain: "Take another seed: this one falls on a root of unity." },
  },
  disclosure: {
    about: "What is encrypted for a policy's viewers.",
    cures: {
      sealed:
        "Take the words as the attestation's event has them, and the statement that its proof was verified for.",
      viewer: "Read with the secret behind one of the policy's viewer keys.",
    },
  },
  enrolment: {
    about: "The list of declared accounts.",
    cures: {
      missing: 'Give data for every declared account; an empty one has `"positions": {}`.',
      source: "Let the declared source sign, or enrol again: `keel enrol`. It counts after the delay.",
      undeclared: "Enrol the account first, or take it out of the snapshot.",
    },
  },
  farm: {
    about: "The farm that proves for many funds.",
    cures: {
      chain: "Name the node of the chain that `registry.chainId` says.",
      eviction: "`redis-cli config set maxmemory-policy noeviction`, and the same in redis.conf.",
      file: "Let the farm's user read the file.",
      job: "Put jobs into the store with `keel-farm put`; the queue takes ids only.",
      key: "`keel-farm key --out FILE` makes one.",
      missing: "Give the file; a fund is taken in with `keel-farm fund`, a book with `keel-farm put`.",
      redis: "Start Redis, or correct its address.",
      sealed: "Use the key that the store was made with, and leave its files in their places.",
      store: "Name the folder that `keel-farm put` writes to, and see that its disk is there.",
      variable: "Set the variable that the file names.",
    },
  },
  feed: {
    about: "A price feed on a chain.",
    cures: { answer: "Wait for the feed's next answer, or use another feed." },
  },
  feeds: {
    about: "Markets whose prices a contract reads from feeds.",
    cures: {
      option: "Leave options out: feeds have no greeks.",
      source: "Give the instrument a feed or a fixed price.",
      universe: "Use the instruments of the universe, in its order.",
    },
  },
  file: {
    about: "Reading and writing files.",
    cures: {
      busy: "Wait until the other command that writes these files has ended.",
      format: "Name each file behind its own option: this one is of another format, as the message says.",
      exists: "Name a new file, or add `--force` to replace this one. A state is never replaced.",
      kind: "Open one of Keel's files: its first key is `keel`.",
      missing: "Check the path: a file has to be there, not a folder.",
      read: "Check that it is a file and may be read.",
      folder: "Open a folder in which the book's .json files lie, not a folder of folders.",
      size: "Give a smaller file: this is none of Keel's.",
      twice: "Open the one that is meant: a book has one file of each kind.",
      special: "Name a regular file, not a link, folder or device.",
      version: "Convert the file with the command in the message, or make it anew.",
      write: "Check the folder, its permissions and the space on the disk. Nothing was half written.",
    },
  },
  history: {
    about: "Records rebuilt from a registry's logs, and price histories.",
    cures: {
      age: "Do not trust this registry: it took a snapshot older than the policy allows.",
      date: "Write days as 2026-01-31, or as unix seconds.",
      days: "Give more days, or use a circuit for fewer.",
      delay: "Trust neither until you know why: the logs break the registry's delay. Ask another node.",
      enrolment: "Start at the registry's first block (`--from-block`). If it stays, ask another node.",
      expired: "Do not trust this registry: it took an attestation that had expired already.",
      expiry: "Ask another node: the log contradicts the policy.",
      floor: "Start at the registry's first block, or ask another node.",
      future: "Leave out days that have not ended.",
      gaps: "Fill the missing days, or add `--span-gaps` to count a longer return as a day's.",
      header: "Give a header with `date` and the underlyings' names.",
      none: "Start at the registry's first block (`--from-block`), and check the subject.",
      order: "Sort the rows by day, each day once.",
      proof: "Use the key that the verifier was made from. If you do, do not trust the record.",
      record:
        "Start at the registry's first block (`--from-block`). If it stays, the node or the registry lies.",
      restart: "Trust neither until you know why: the logs break the rules of a restart. Ask another node.",
      row: "Give every row as many cells as the header has.",
      shrinkage: "Give a number from 0 to 1.",
      size: "Give fewer days or underlyings.",
      skew: "Do not trust this registry: it took a table too far from the snapshot in time.",
      stale: "Add the latest days.",
      standing: "Ask another node: the log shows an attestation under a closed record.",
      state: "Start at the registry's first block (`--from-block`). If it stays, ask another node.",
      table: "Start at the registry's first block, or ask another node: the table was never accepted.",
      units: "Ask another node, or the administrator: the units were not said by the policy's source.",
      void: "Start at the registry's first block, or ask another node.",
    },
  },
  http: {
    about: "Requests to a source's program.",
    cures: {
      body: "Send a JSON body with its right length.",
      route: "Use a path and method of /openapi.json.",
      size: "Send a smaller body.",
      type: "Send `Content-Type: application/json`.",
    },
  },
  import: {
    about: "What importers have in common.",
    cures: { account: "Take a shorter id, so that the hedged legs' accounts fit beside it." },
  },
  init: {
    about: "The first files of a book.",
    cures: {
      instrument:
        "Name instruments of the template as the message lists them; others are added to the market file by hand.",
      template: "Name one of the templates that the message lists, or none to be asked.",
    },
  },
  input: {
    about: "The form of what is read, whatever it is.",
    cures: {
      address: "Give 0x and 40 hexadecimal digits.",
      checksum:
        "Copy the address anew: upper and lower case say that a digit is wrong. All in lower case, nothing is checked.",
      decimal:
        'Write a plain decimal in quotes, such as "12.5": no exponent, no separators, no percent sign, not too many places.',
      duplicate: "Give each name once.",
      encoding: "Save the file as UTF-8.",
      field: "Write an integer in quotes, without leading zeros, below the field's order.",
      future:
        "Correct the time, or the machine's clock: it lies after the present. On a local chain whose clock was moved, add its node: `--rpc`.",
      invalid: "Correct the value at the path.",
      json: "Correct the JSON at the line and column: duplicate keys and floating-point numbers are refused too.",
      more: "Correct the faults that are shown, then look again.",
      range: "Bring the value into the range.",
      shape: "Give the signals by name, in lists of the right length.",
      signal: "Give exactly the circuit's signals.",
      size: "Give less.",
      skew: "Take a table nearer to the snapshot's time, or a policy with a wider window.",
      time: "Write unix seconds, which are milliseconds divided by 1000.",
      text: "Use the characters that the message lists.",
      type: "Give a value of the type that is expected; the format's page shows one: docs/formats.",
      "unknown-key": "Correct the key's spelling, or remove it.",
      value: "Give one of the values that are expected.",
    },
  },
  internal: {
    about: "A failure that nobody expected.",
    cures: { "": `${REPORT} KEEL_DEBUG=1 shows more.` },
  },
  interrupted: {
    about: "A command that was ended by a signal.",
    cures: { "": "Run it again; nothing was half written." },
  },
  key: {
    about: "Verification keys.",
    cures: {
      coordinate: ROUND,
      curve: ROUND,
      gammaDelta: "Do not use this key: without a contribution anybody can forge. Finish the ceremony.",
      infinity: ROUND,
      insecure:
        "Use a ceremony's key. `--insecure` accepts a key whose secret everybody knows; never where it matters.",
      missing: "Give the key of every circuit that the policy names, also of its tail-risk circuit.",
      protocol: "Give a Groth16 key on BN254.",
      shape: ROUND,
      subgroup: "Do not use this key: it was not made by a ceremony.",
    },
  },
  keystore: {
    about: "An encrypted key of a wallet.",
    cures: {
      address: "Take the file as the wallet wrote it: its key is of another address than it says.",
      password: "Give the password that the file was encrypted with, on the first line of `--password-file`.",
    },
  },
  ledger: {
    about: "A source that reads a ledger.",
    cures: {
      failed: "Correct the ledger or its module as the message says.",
      row: "Correct the ledger's line.",
    },
  },
  line: {
    about: "Lines of policies, by name.",
    cures: {
      idle: "Nothing to call off: no move of the line is announced.",
      unknown: "Check the line's name, and open it with `keel line open`.",
    },
  },
  look: {
    about: "Looking at managers' records in the console.",
    cures: {
      cancelled: "Look again when it was not you who cancelled.",
      many: "Look at fewer managers at a time.",
    },
  },
  market: {
    about: "A market table.",
    cures: {
      expired: "Take the contract out, or sign a table of before its expiry.",
      face: "Give a face above zero to perpetuals and futures only, at a price of 1.",
      factor: "Give a factor of at most 1, to cash and spot only.",
      model: "Run `keel market build` again, or correct the contract: price or greeks contradict it.",
      option: "Give options their contract and greeks, for the policy's scenarios: `keel market build`.",
      price: "Give a price above zero.",
      signature: "Sign this very table again: `keel sign-market`.",
      underlying: "List the underlying in `underlyings`.",
    },
  },
  merge: {
    about: "Putting snapshots together.",
    cures: {
      account: "Give each account once, or the same in each snapshot.",
      parts: "Name at least two snapshots.",
      signature: "Keep one signature of the account.",
      source: "Give each account one source.",
      subject: "Merge snapshots of one subject.",
      time: "Take all snapshots at one time.",
      units: "Give all snapshots the same units.",
    },
  },
  node: {
    about: "The node that the console reads the chain at.",
    cures: {
      address: "Choose the wallet's node, or build the page with `--connect` and the address of yours.",
    },
  },
  opening: {
    about: "What opens an attestation's sums to one reader.",
    cures: {
      mismatch:
        "Take the snapshot, the salts and the attestation of one proof. A reader: do not trust it, it is of something else.",
    },
  },
  operation: {
    about: "A call that waits in the authority.",
    cures: {
      declined: "Nothing was sent. Answer y, or give `--yes`.",
      notReady: "Run the command without `--execute` to schedule it, and again once its time has come.",
      unknown: "Look at `keel role list`, which has what waits: it was executed, called off, or lapsed.",
    },
  },
  policy: {
    about: "A policy, and whether a market or a book goes with it.",
    cures: {
      band: "Put the lower end first.",
      broken: "`keel check` shows every limit with its headroom and what uses it up.",
      ceiling: "Take a shorter time: nobody should rely on a longer one.",
      confidence: "Give levels above 0 and below 1, each once.",
      disclosure:
        "Name a disclosure circuit of the policy's tier, with a step that is a power of ten, or as many viewers as it has, or both.",
      domain:
        "List at least two registries, each once, this one among them; declare them to the policy book.",
      files: "Open a policy's file together with a market's that it fits.",
      interval: "Make `minInterval` at most `validity`.",
      limit: "Correct the limit, or name a circuit that proves it as the policy's `circuit`.",
      other: "Open the file of the policy whose id the page shows: this one gives another id.",
      liquidity:
        "Name a liquidity circuit exactly when the policy limits the days to unwind, one with its tier's places.",
      participation: "Use depths made with the policy's participation, or name the table's in a new policy.",
      scenarios: "Give scenarios exactly when `maxStressLoss` is set.",
      series:
        "Use a table of the policy's series; `keel policy pin` names the series of a new table in a new policy.",
      shock: "Give shocks of at least -1; changes of volatility only in circuits with options.",
      tail: "Name a tail-risk circuit exactly when the policy limits tail risk, one that fits its circuit.",
      underlying: "Name underlyings that the market has.",
      units:
        "Name a share token (`units.token`) or who signs with `keel sign-units` (`units.administrator`).",
    },
  },
  portfolio: {
    about: "A book as a whole.",
    cures: { size: "Split the book: its assets and exposure are beyond 7.92e12 USD." },
  },
  preflight: {
    about: "What is looked at before a proof is made.",
    cures: {
      refused: "Put right what the list says, and ask the registry again; or prove for no registry.",
    },
  },
  proof: {
    about: "A proof or an attestation that does not hold.",
    cures: {
      age: "Take a newer snapshot and prove again.",
      coordinate: ROUND,
      curve: ROUND,
      expired: "Ask for a newer attestation.",
      formerPolicyId:
        "Publish the policy again and prove again: nothing in it changed, but policies can now ask for disclosures, and every id is another.",
      future:
        "Check the clock, or `--now`: the attestation lies after it. On a local chain whose clock was moved, add its node: `--rpc`.",
      infinity: ROUND,
      invalid: "Do not trust it. Check that market, policy and key are those it was made with.",
      mismatch: "Compare with what the attestation was made for, or prove again for what you expect.",
      notOnChain: "Ask whether it was submitted, and where: this registry's log does not have it.",
      protocol: "Give a Groth16 proof on BN254.",
      shape: ROUND,
      signal: ROUND,
      signals: ROUND,
      skew: "Take tables nearer to the snapshot's time and prove again.",
      subgroup: "Do not trust it: no honest prover makes such a point.",
      unsound: "Build the artifacts again: circuit and key do not belong together, or a file is damaged.",
    },
  },
  prover: {
    about: "The proving engine.",
    cures: {
      cancelled: "Start it again when it was not you who cancelled.",
      closed: "Make a new prover: this one was closed.",
      timeout: "Allow more time, or use more workers.",
      workers: "Give a whole number of workers, at least one.",
    },
  },
  publishers: {
    about: "Who signs market and returns tables.",
    cures: {
      idle: "Nothing to call off: no other publishers are announced.",
      list: "Name each publisher once, and a threshold of at most their number.",
    },
  },
  quorum: {
    about: "A source whose key several members share.",
    cures: {
      account: "Correct the accounts of the member that says something else.",
      commitments:
        "Send commitments of enough members, each once. A member that is named for it has sent what is no commitment.",
      deal: "Ask that member for its letter again, made from the same greetings.",
      failed: "See in the message which members failed, and cure that.",
      hello: "Ask that member for its greeting again; all must have the same list and threshold.",
      key: "Use the quorum's file as the ceremony wrote it.",
      member: "Correct the member's URL in the configuration: another one answers there.",
      members: "Give distinct names, this member's among them.",
      session: "See why the member starts again and again: it has forgotten twice what it committed to.",
      share: "Use the share that this member got for this quorum.",
      threshold: "Take more than half of the members, so that two groups cannot sign different messages.",
      version: "Bring the coordinator and its members to the same version of the program.",
    },
  },
  r1cs: {
    about: "A compiled circuit's constraints.",
    cures: { format: "Compile the circuit again with circom 2 for BN254." },
  },
  registry: {
    about:
      "What a registry, a book, a gate, a vault or a feed market on chain refuses, and whether it is the right one.",
    cures: {
      aboveCeiling: "Take a shorter time in the policy.",
      acceptsAnything: "Do not add this contract: it accepts proofs that are none.",
      accessManagedInvalidAuthority: "Name an authority that is a contract.",
      accessManagedRequiredDelay: "Schedule the call at the authority first, and wait for its delay.",
      accessManagedUnauthorized: "Send from an account that has the role.",
      accessManagerAlreadyScheduled: "Execute what is scheduled, or cancel it first.",
      accessManagerBadConfirmation: "Name the account that sends: a role is given up by who holds it.",
      accessManagerExpired: "Schedule the operation again: its week is over.",
      accessManagerInvalidInitialAdmin: "Name an administrator that is not the zero address.",
      accessManagerLockedFunction: "Use `updateAuthority`: this function has a rule of its own.",
      accessManagerLockedRole: "Name another role: this one is everybody's, or has fixed rules.",
      accessManagerNotReady: "Wait until the operation's time has come.",
      accessManagerNotScheduled: "Schedule the call at the authority first, and wait for its delay.",
      accessManagerUnauthorizedAccount: "Send from an account that has the role.",
      accessManagerUnauthorizedCall: "Send from an account that has the role for this call.",
      accessManagerUnauthorizedCancel:
        "Send from the account that scheduled, an administrator or a guardian; no guardian calls a guardian's end off.",
      accessManagerUnauthorizedConsume: "Call from the contract that the operation is for.",
      addressEmptyCode: "Name a contract to call.",
      administratorWithoutCode: "Offer the role to a multi-signature account: one key must not hold it here.",
      alreadyExpired: "Take a newer snapshot and prove again.",
      assetShortfall: "Use an asset that takes no fee on transfers: the vault got less than it asked for.",
      badCapacity: "Open the universe with at most as many instruments as its circuit has.",
      badCustody: "Name an address that is not on the list, and neither zero nor the vault.",
      badData: "Send the data that the schema asks for.",
      badInstrument:
        "Give each instrument either a feed with a heartbeat or a fixed price, and a factor that fits.",
      badParticipation: "Give a share above 0 and at most 1 (10000 bps).",
      badInterval: "Make `minInterval` from 1 to `validity`.",
      badReceiver: "Offer the role to an account that can accept it.",
      badNavStep: "Take a power of ten as the step of the net asset value, 0.01 USD at least.",
      badViewerKey: "Give the public key that `keel viewer new` printed.",
      badThreshold: "Give a threshold from 1 to the number of publishers.",
      batchRefused: "Take out the submission that `firstRefused` names, and send the rest.",
      chainNotStarted: "Attest once first: the subject has no state yet.",
      closedByGuardian: "Ask the guardian why, and to reopen the record.",
      codeChanged: "Do not use the verifier: its code is not what was added.",
      confidenceTooHigh: "Give confidence levels below 1.",
      contractWithDomain:
        "Name an administrator's key: a contract's address may be another contract on another chain.",
      depositsClosed:
        "Wait until the vault is healthy, and its manager takes deposits; a vault that is wound down takes none.",
      disclosureMismatch: "Name a disclosure circuit exactly with a step or with viewers.",
      domain: "Use the registry that the domain names.",
      drawdownWithoutUnits: "Name a token or an administrator of units, or leave `maxDrawdown` out.",
      emptyBatch: "Put at least one submission into the batch.",
      emptyDeltaBand: "Put the lower end of netDelta first.",
      failedCall: "Look at the call that failed: it gave no reason.",
      feedAnswer: "Wait for the feed's next answer: this one is no price.",
      feedDecimals: "Name the decimals that the feed says; they must not change.",
      feedFailed: "Check the feed's address, and that it answers.",
      feedInFuture: "Wait: the feed's answer lies after the block.",
      feedStale: "Wait for the feed's next answer, or use one with a shorter heartbeat.",
      feedWithoutDecimals: "Check the feed's address: it has to say its decimals, at most 36.",
      feesNotLower: "Name fees at most as high as those that count: they only fall.",
      foreign: "Use the deployment and the registry that belong together.",
      foreignDomain: "Submit at a registry that the policy's domain names.",
      foreignUnits: "Make the vault's share token the policy's source of units, and attest anew.",
      insecureVerifier: "Use the verifier of a ceremony's key, or a test network.",
      insufficientBalance: "Send what the call costs along.",
      invalidShortString: "Take a name of at most 31 bytes.",
      keyWithoutContribution: "Finish the ceremony: a key without a contribution lets anybody forge.",
      lastAdministrator: "Let another administrator accept first, and its grant delay pass.",
      lineExists: "Take another name: a line has this one.",
      marketAlreadyWithdrawn: "Nothing to do: the table was withdrawn before.",
      marketInFuture: "Publish a table whose time has come.",
      marketNotAccepted: "Publish the market first: `keel sign-market`, then `keel publish-market`.",
      marketStale: "Sign and publish a newer table.",
      marketTooFar: "Use a table nearer to the snapshot's time.",
      membersNotAscending: "Sort members by chain and address, each once.",
      missing: "Check the address, and that the node is of the right chain.",
      mixedVerifiers: "Send one batch for each circuit.",
      moreThanClaimable: "Claim at most what was settled: `claimsOf` says how much.",
      moreThanIdle: "Allocate at most what is idle and not asked to be redeemed.",
      navTooLarge: "Prove again: no book is worth so much.",
      navWithoutUnits: "Name a token or an administrator of units, or show no net asset value.",
      noCircuit: "Name a circuit in the policy.",
      noCode: "Give the address of a contract.",
      noProvenValue: "Attest under a policy that shows the net asset value, and settle while that counts.",
      noPublishersAnnounced: "Nothing to call off: no publishers are announced that do not count yet.",
      noReasonToWindDown:
        "Wait until the grace is over: values are proven, and requests are settled and paid.",
      noRestartAnnounced: "Nothing to call off: no restart is announced.",
      notAuthorized: "Send from the account that asked, or from its operator.",
      notClosed: "Nothing to reopen: no guardian closed the record.",
      notCustody: "Name an address of the vault's custody list, once it counts.",
      notEnrolled: "The subject declares its accounts first: `keel enrol`.",
      notHealthy: "Submit a newer attestation first; deposits wait for it, withdrawals do not.",
      nothingOffered:
        "Ask an administrator for a new offer: there is none, or it has lapsed. To call off: the role counts already.",
      notManager: "Send from the vault's manager.",
      notOwner: "Send from the vault's owner.",
      notStored: "Send more gas: the policy could not be stored.",
      notWindingDown: "Ask for a redemption: shares are given up in a wind-down only.",
      nothingAnnounced: "Nothing to call off: no move is announced.",
      nothingAsked: "Ask for more than nothing.",
      nothingPending: "Name a request that still waits: this one was settled, taken back, or never made.",
      nothingReturned: "Send assets to the vault first.",
      nothingToStandBy:
        "Add a first version with `add`: a standby version is there for when another is retired.",
      nothingToUndo: "Nothing to undo: no tightening of this line is younger than the delay.",
      nothingToVoid: "Nothing to void: no live attestation rests on what was taken back.",
      notInField: "Give a number below the field's order.",
      notLatest: "Name the latest attestation.",
      notLiveYet: "Wait until the verifier's delay is over.",
      notNewer: "Take a snapshot newer than the last attestation, revocation or voiding.",
      notPublishable: "Publish a table of a series that publishers sign.",
      notPublisher: "Sign with a publisher's key: `keel publishers list` names them.",
      notRevocable: "Make the EAS attestation revocable.",
      notYourOffer: "Send from an administrator, a guardian or the receiver.",
      noUnits: "Ask the units' source: it says none for that time.",
      noVenue: "Set maxVenue above 0, or leave it out: equity is always at some venue.",
      outlivesHealth: "Give the EAS attestation an expiry, no later than the registry's.",
      priceOutOfRange:
        "Leave the instrument out until its feed answers between the universe's least and greatest price.",
      proofRefused: "Prove again with the registry's circuit version, state and domain.",
      publishersNotAscending: "Sort publishers by address, each once.",
      restartAnnounced: "Wait for the restart, or call it off first.",
      retired: "Use a newer version of the circuit: this verifier was retired.",
      roleIsOffered: "Offer the role with `offerRole`; who gets it accepts with `acceptRole`.",
      rootRefused: "Prove the market root again: the feeds have moved on.",
      ruleIsFixed:
        "Leave it: administrators offer every role, and nobody changes what may be called on the authority.",
      safeCastOverflowedUintDowncast: "Give a smaller number.",
      sequencerDown: "Wait until the chain's sequencer works again.",
      sequencerNeeded:
        "Name the chain's sequencer uptime feed: its prices stand still while the sequencer is down.",
      sequencerStarting: "Wait out the grace time after the sequencer's restart.",
      signersNotAscending: "Sort signatures by signer, each once.",
      snapshotInFuture: "Wait, or correct the clock: the snapshot lies after the block.",
      snapshotTooOld: "Take a newer snapshot and prove again.",
      standsBy: "Use the version that stands: a standby version waits until the others are retired.",
      stillHealthy: "Wait: unwinding opens to everybody only when health has lapsed.",
      stringTooLong: "Take a shorter text.",
      tableInFuture: "Publish a table whose time has come.",
      tailCircuitMismatch: "Name a tail-risk circuit exactly when a tail-risk limit is set.",
      tokenWithoutAge: "Set maxAge to at least one second: a token knows its supply only a second later.",
      tooFewMembers: "List at least two registries.",
      tooManyTightenings:
        "Wait until the time that the message has: gates look at each policy that a line left within the delay, and at no more.",
      tooManyViewers: "Name at most four viewers.",
      tooFewSignatures: "Collect signatures of more publishers.",
      tooLateToCancel:
        "Wait for the settlement: once a request's period is over it stands, unless health lapses and nothing can be settled.",
      tooManyRequests: "Claim what was settled first.",
      tooMuchOnItsWay:
        "Attest a snapshot from `transit` seconds after the last large transfer to or from custody.",
      unfitSnapshot: "Attest a snapshot from after the last settlement, and settle before it is too old.",
      unitsNotSigned: "Let the administrator sign these units: `keel sign-units`.",
      unitsSourceMismatch: "Give a source of units both a kind and an address, or neither.",
      unitsUnavailable: "Wait a block, or ask the token: it does not say its past supply.",
      universeExists: "Use the universe that is there.",
      universeIsClosed: "Open a new universe.",
      universeNotLiveYet: "Wait until the universe's delay is over.",
      unknownDomain: "Declare the domain to the policy book first.",
      unknownLine: "Check the line's name, and that it was opened here.",
      unknownPolicy: "Publish the policy first: `keel publish-policy`.",
      unknownSeries: "Name a series of a known kind, and a root in the field that is not 0.",
      unknownUniverse: "Check the universe's id, and that it was opened here.",
      unknownVersion: "Name a version of the circuit that the verifier book has.",
      unwantedUnitsSignature: "Leave the signature out: the policy has no administrator of units.",
      windingDown: "Give up shares with `surrender`, and take back what waits: the vault is wound down.",
      wrongBasis: "Look again: a newer attestation took the place of the one that you mean.",
      wrongCircuit: "Use a verifier of the policy's circuit.",
      wrongDisclosures: "Send a disclosure exactly with policies that ask for one.",
      wrongEnrolment: "Prove with `--enrolment` and the list that the subject enrolled with.",
      wrongRound: "Name the feed's last round at or before the snapshot's time.",
      wrongSchema: "Use the schema that the resolver registered.",
      wrongSealedSums:
        "Send what was sealed as the attestation has it, exactly with policies that have viewers.",
      wrongSeries: "Use a table of the policy's series, and series of the right kinds in a policy.",
      wrongSignature: "Sign this very table again, with the key or contract of the publisher that is named.",
      wrongState:
        "Prove with `--state` and the file that the attestation before this one left. If it is lost: `keel state recover`, or `keel restart`.",
      wrongTableProofs:
        "Send a proof for each table that the policy limits by: tail risk first, then the days to unwind; no other.",
      wrongUnits: "Prove with the units that the policy's source says.",
      zeroMaxDelay: "Deploy the market book with a longest delay above zero.",
      zeroValidity: "Give the policy a validity above zero.",
    },
  },
  liquidity: {
    about: "A table of what a day takes of each instrument.",
    cures: {
      depth: 'Write "unlimited" for what needs no limit.',
      instruments: "Use the market's instruments, in its order: `keel market depth` does.",
      missing: "Give the table: `--liquidity`.",
      share: "Give a share above 0 and at most 1.",
      unlimited: "Give a depth: only cash needs no limit.",
      unused: "Leave `--liquidity` out, or use a policy that limits the days to unwind.",
    },
  },
  returns: {
    about: "A table of daily returns.",
    cures: {
      covariance: "Compute the matrix from the same returns: this is no covariance.",
      days: "Give as many days as the circuit has.",
      length: "Give one number for each underlying.",
      missing: "Give the table: `--returns`.",
      range: "Leave out what is no daily return: below -1 or above 2.2767.",
      underlyings: "Use the market's underlyings, in its order.",
      unused: "Leave `--returns` out, or use a policy that limits tail risk.",
    },
  },
  report: {
    about: "Reports of records: what they are asked for, and whether they say what the chain says.",
    cures: {
      block: "Ask a node that is not behind, and of the chain that the report names.",
      derived:
        "Do not trust it: what it says does not follow from its own parts. Make the report again with `keel report`.",
      empty: "Check the subject, the policy and `--from-block`; `keel history` shows what there is.",
      form: "Write the form again with `keel report`, from the same record and span; this file is another's or was changed.",
      hash: "Do not trust it: the file was changed after it was made. Ask for the one that was made, or make it yourself.",
      line: "Check the line's name; `keel watch --once --since 0` tells of every line, and from which block.",
      mismatch:
        "Do not trust it: it is not of what you named, or the chain says something else there. Make one yourself with `keel report`.",
      opening: "Give openings of attestations that the record has, of the subjects that are asked about.",
      policy: "Give the files of the policy that `--policy-id` names, or leave one of the two out.",
      signature:
        "Ask for a report that they did sign. The chain tells of a contract's signature (ERC-1271, a Safe's): `--rpc`, `--registry`.",
      span: "Give a span that begins before it ends and has passed at the chain's newest block; `keel dev time` moves a local chain.",
      twice: "Give each fund, each policy and each name once.",
    },
  },
  restart: {
    about: "A drawdown chain that starts over.",
    cures: { none: "Nothing to call off: no restart of the subject is announced." },
  },
  role: {
    about: "Roles of a registry's authority.",
    cures: {
      closed: "Ask the administrator: the contract was closed, and nobody may call it.",
      holder:
        "Look at `keel role list`: the account neither has the role nor is offered it, or with `--pending` nothing waits.",
      missing: "Send from an account that has the role; the message says who does. `--from` names a Safe.",
      offer: "Let the administrator offer the role: `keel role grant`. An offer lapses after 30 days.",
      pending: "Wait until the role counts.",
      unknown: "Give one of the roles that the message has.",
    },
  },
  run: {
    about: "`keel run` and its file.",
    cures: {
      alert: "Look at the receiver: the alert waits and is sent again.",
      chain: "Name the node of the chain that `registry.chainId` says.",
      contradiction: "Say one of the two; [run.md](run.md) has the whole file.",
      enrolment:
        "Give the list that the subject enrolled with, or declare this one: `keel enrol --enrolment FILE`.",
      fee: "Wait, or raise `warn.maxFee`: the round is tried again by itself.",
      market: "Let the publishers publish the table, or name their signatures in `market.signatures`.",
      policy: "Publish the policy first (`keel publish-policy`), or name the one that is published.",
      schedule: "Let rounds be further apart, or use a faster machine; five fields, such as `0 6 * * 1`.",
      secret:
        "Put it into a file or a variable and name that: `env:NAME`. Take what stood in the file for known to others.",
      registry:
        "Write the registry's address and chain id into `[registry]`: `keel dev start` prints those of a rehearsal.",
      toml: "Correct the line: [run.md](run.md) has an example.",
      unconfirmed: "Run it again: the chain took a block back, and the round goes on.",
      variable: "Set the variable that the file names.",
    },
  },
  seed: {
    about: "The seed that a subject's states follow from.",
    cures: { weak: "Let `keel state init` make a seed." },
  },
  sender: {
    about: "Who sends a transaction.",
    cures: {
      account: "Use a key file: well-known accounts are for local test chains.",
      key: "Give a private key of 0x and 64 hexadecimal digits.",
    },
  },
  setup: {
    about: "Building circuits and keys.",
    cures: { cancelled: "Run it again; what was built before is kept." },
  },
  snapshot: {
    about: "A snapshot of positions.",
    cures: {
      instrument: "Name an instrument of the market, or add it to the market.",
      signature: "Let each account's source sign this very data: `keel sign`, once for each source's key.",
      units: "Leave the units out, or take those that the policy's source says.",
    },
  },
  source: {
    about: "Sources: their keys, their programs, and what they may sign.",
    cures: {
      account: "Ask for an account that the source has, once.",
      amount: "Correct the amount where it comes from: it cannot be read exactly or does not fit.",
      answer: "Check the URL: this is no answer of a source's program.",
      cancels: "Give coins that are owed an account of their own.",
      claim: "Notarise anew: the claim is not of this provider, owner or time.",
      contract: "Add a row for every contract to `instruments`.",
      evidence:
        "Ask the source for evidence as the policy wants it, or publish another policy file that says what there is.",
      future: "Ask for a time that is over.",
      instrument: "Map to an instrument of the market.",
      key: "Use the key file as `keel keygen` wrote it; a policy takes no key of low order.",
      liability: "Add a row for every debt to `instruments`: what is owed is never left out.",
      message: "Use what was signed before: a source signs one message for an account and a time.",
      rate: "Wait a minute, and ask less often.",
      series: "Sign at a market of your own series, or pin the series that this market has.",
      stale: "Ask for a later time.",
      subject: "Ask for the subject that the account belongs to.",
      time: "Ask for a time that the source has data of.",
      token: "Give the token that the source issued, one a line as NAME=TOKEN.",
      unknown: "Name a source of the policy, or use its key.",
      unreachable: "Check the URL and the network, then ask again.",
      url: "Use https; http only on this machine.",
      young: "Wait for more blocks, or ask for an earlier time.",
    },
  },
  store: {
    about: "What a source's program remembers.",
    cures: { failed: "Free space or repair the disk. Nothing was signed that is not kept." },
  },
  system: {
    about: "The operating system refused something.",
    cures: {
      "": "See the system call in the message: permissions, space, or an address in use. KEEL_DEBUG=1 shows more.",
    },
  },
  state: {
    about: "The drawdown chain's state.",
    cures: {
      lost: "Recover with another backup, or an old state file (`keel state recover --state FILE`); else a guardian lets the chain start over.",
      other: "Give the state file that the latest attestation left; earlier ones are of no use.",
      units:
        "Prove with the units that this state was counted in, or start an epoch of its own; `--same-units` when the scale is the same.",
    },
  },
  trades: {
    about: "Hypothetical trades.",
    cures: {
      account: "Name an account of the snapshot.",
      cash: "Name the cash that pays, for what is paid for; none for perpetuals and futures.",
      instrument: "Name an instrument of the market.",
      price: "Leave the price out: perpetuals and futures move no cash.",
      size: "Trade less: the position would not fit.",
    },
  },
  states: {
    about: "A vault of states: the folder that `keel state init` makes.",
    cures: {
      chain: "Name the node of the chain that `--chain-id` says.",
      damaged:
        "Take the named file away and run `keel state recover`: what the registry has is found again on chain.",
      missing: "`keel state init` makes a vault; `keel state recover --backup FILE` brings a lost one back.",
      password: "Give the password that the backup was written with; a new one has at least 12 characters.",
    },
  },
  units: {
    about: "Units of a fund.",
    cures: {
      mismatch: "Use units of this subject and this time, and the number that was signed.",
      missing: "The fund's administrator signs with `keel sign-units`; `--units` takes the file.",
      signature: "Let the policy's administrator sign exactly these units.",
      unavailable: "Use a token that remembers its supply by timestamps, and a time before the latest block.",
      unused: "Leave `--units` out: the policy has no administrator.",
      zero: "Give units above zero.",
    },
  },
  usage: {
    about: "A command that was not understood.",
    cures: { "": "`keel COMMAND --help` lists the options." },
  },
  vault: {
    about: "A vault: gated, or one that takes requests.",
    cures: {
      asset: "Do not use this vault: its asset says nonsense of itself.",
      balance: "Enter at most what the account has.",
      missing: "Check the vault's address and chain.",
    },
  },
  venue: {
    about: "Responses of venues and custodians.",
    cures: {
      account: "Give responses of one account, the one that was asked for.",
      amount: VENUE_CHANGED,
      answer: "Ask the venue again: this answer is an error of its own.",
      failed: "Check the network and the credentials, then try again.",
      field: "Report the field: it has a value and Keel does not know what it means.",
      ignore: "Do not ignore what is owed: map it.",
      incomplete: "Save all the responses that docs/venues names for this venue, all pages.",
      instrument: "Add the name to a mapping, or the row to the market.",
      mapping: "Give numbers above zero.",
      module: "See that the module is there and exports `venue()`.",
      moving: "Try again when no transfer is under way.",
      number: VENUE_CHANGED,
      range: "Split the position: it is larger than a quantity may be.",
      reconcile: "Save all responses at one moment. If the sums still differ, report it.",
      response: "Name the responses as docs/venues does, each once.",
      sdk: "Install the package that the message names.",
      shape: VENUE_CHANGED,
      side: "Save the positions again: side and sign contradict each other.",
      stale: "Ask again: the answer is not of the moment. Check the machine's clock.",
      time: "Save the responses again, before `--as-of` and near to it.",
      twice: "Give each page once.",
      unit: "Say in a mapping how many units one of the venue's contracts is.",
      unsupported: "Move it to another account, or report it: Keel cannot place it.",
      value: VENUE_CHANGED,
    },
  },
  verifier: {
    about: "A key's verifier as a contract.",
    cures: {
      circuit: "Give the circuit's name, such as portfolio-health/spot-16.",
      contract: "Check the address: no verifier's contract answers there.",
      coordinate: ROUND,
      inputs: "Use a key of a Keel circuit: it has three public inputs.",
      name: "Give a name that Solidity takes for a contract.",
      transcript: "Give the transcript's SHA-256, 64 hexadecimal digits.",
      version: "Look at `keel verifier list`, and name a version that is there.",
    },
  },
  verify: {
    about: "Verifying.",
    cures: { missing: "Give the file that the message names." },
  },
  viewer: {
    about: "A viewer's key pair.",
    cures: { key: "Use the file that `keel viewer new` wrote: its halves do not belong together." },
  },
  wallet: {
    about: "The browser's wallet.",
    cures: {
      account: "Choose the account that the message names in the wallet.",
      declined: "Press it again when you want it: the wallet asks anew.",
      none: "Install a wallet, or unlock it.",
      refused: "Allow the page to see an account.",
    },
  },
  watch: {
    about: "Watching a registry.",
    cures: {
      memory:
        "Give the file as `keel watch --once --json` wrote it, of the same registry, subject and policy; or a block.",
    },
  },
  wasm: {
    about: "A circuit's WebAssembly.",
    cures: { format: "Compile the circuit again with circom 2." },
  },
  witness: {
    about: "Calculating a circuit's wires.",
    cures: {
      assertion: "The book breaks the limit or rule that the message names: `keel check` shows it.",
      length: "Give the witness of this very circuit.",
      trap: "Try again with more free memory; if it stays, build the artifacts again.",
    },
  },
  worker: {
    about: "The engine's workers.",
    cures: {
      died: "Try again with fewer workers or more memory.",
      fault: REPORT,
    },
  },
  zkey: {
    about: "Proving keys.",
    cures: {
      curve: "Use a key on BN254 (bn128).",
      format: "Fetch or build the key again: the file is cut or no Groth16 key.",
    },
  },
};

/**
 * What to do in the console, by code, where it is something else than at a command line. Everything else is read in both places as it
 * stands above.
 */
export const IN_CONSOLE: Readonly<Record<string, string>> = {
  "artifact.missing": "Take `keel prove`, or a page that was built with this circuit.",
  "chain.call": "Try again; if it stays, choose another node at the head of the page.",
  "chain.id": "Choose a node, and in the wallet a network, of the chain that the message names.",
  "chain.removed": "Look at the manager's record, and send it again.",
  "file.format": "Open the file that is asked for: this one is of another format, as the message says.",
  "history.enrolment":
    "Take a host whose `fromBlock` is the registry's first block. If it stays, choose another node.",
  "history.none": "Check the address, and that the registry is the right one.",
  "history.record":
    "Take a host whose `fromBlock` is the registry's first block. If it stays, the node or the registry lies.",
  "history.state":
    "Take a host whose `fromBlock` is the registry's first block. If it stays, choose another node.",
  "input.decimal":
    'Write digits, with a point before the fraction, in a file in quotes as "12.5": no exponent, no separators, no percent sign.',
  "input.future": "Correct the time, or this machine's clock: it lies after the present.",
  "key.insecure":
    "Take a page with a ceremony's key. Accepting development keys is for tests: everybody knows their secret.",
  "liquidity.missing": "Open the liquidity table that goes with the market.",
  "liquidity.unused": "Close the liquidity table, or open a policy that limits the days to unwind.",
  "policy.broken": "Look at the bars: each limit says by how much it is broken, and what uses it up.",
  "proof.future": "Check this machine's clock: the attestation lies after it.",
  "registry.marketNotAccepted": "Let the publishers sign this table, and send it: `keel publish-market`.",
  "registry.notEnrolled": "Declare the accounts first: it is a step of the manager's page.",
  "registry.unitsNotSigned": "Let the administrator sign these units, and open the file.",
  "registry.wrongEnrolment": "Open the list of accounts that the subject declared, and prove again.",
  "registry.wrongState":
    "Open the state that was saved with the attestation before this one, or the seed, and prove again.",
  "returns.missing": "Open the table of returns that goes with the market.",
  "returns.unused": "Close the table of returns, or open a policy that limits tail risk.",
  "state.units": "Open the units that this state was counted in, or begin an epoch of its own.",
  "units.missing": "Open the file that the fund's administrator signed: `keel sign-units`.",
  "units.unused": "Close the units: the policy has no administrator.",
  "witness.assertion": "Look at the bars: the book breaks the limit or rule that the message names.",
};
