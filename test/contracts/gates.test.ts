// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the gates for other vaults and accounts close what takes risk on, and nothing that takes it off? Attacks of family 77; against the
 * real contracts where a package has them, else against stand-ins.
 *
 * @module
 */
import { createRequire } from "node:module";
import { loadArtifact } from "@keel/contracts";
import { policyId } from "@keel/verifier";
import { lineId, policyBookAbi, publishPolicy, submitAttestation, type Wallet } from "@keel/verifier/chain";
import {
  type Abi,
  type Address,
  encodeFunctionData,
  type Hex,
  parseAbi,
  toFunctionSelector,
  zeroAddress,
} from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Deployed } from "../support/aave.js";
import { now, startTestChain, type TestChain, travelTo, write } from "../support/chain.js";
import { makeSafe, type TestSafe } from "../support/safe.js";
import { type Compiled, compilePublished, deployCompiled } from "../support/solidity.js";
import {
  DAY,
  deploy,
  lapse,
  makeWorld,
  PERIOD,
  POLICY,
  prove,
  refusedAs,
  START,
  send,
  USD,
  type VaultWorld,
} from "../support/strategy-vault.js";
import {
  attestation,
  START as FIXTURE_START,
  type Fixture,
  GENESIS,
  startFixture,
  stepAfter,
  TERMS,
  transact,
} from "./fixture.js";
import { endProving } from "./statement-circuit.js";

const SAFE_ABI = parseAbi([
  "function setGuard(address guard)",
  "function setModuleGuard(address guard)",
  "function enableModule(address module)",
]);

let chain: TestChain;
let world: VaultWorld;
let targets: ReadonlyMap<string, Compiled>;
let snapshot: Hex;

beforeAll(async () => {
  chain = await startTestChain();
  world = await makeWorld(chain);
  targets = await compilePublished("test/support/gate-targets.sol");
});
afterAll(async () => chain?.stop());
beforeEach(async () => {
  snapshot = await chain.test.snapshot();
  await travelTo(chain, START + PERIOD);
});
afterEach(async () => chain.test.revert({ id: snapshot }));

const at = (wallet: Wallet) => wallet.account.address;
const target = (name: string, args: readonly unknown[] = []) =>
  deployCompiled(chain, targets.get(name)!, args);
const gateArgs = () => [world.registry, world.subject, POLICY];
const heal = async () => prove(world, 1_000_000n, await now(chain));
const read = async <T>(
  address: Address,
  name: string,
  functionName: string,
  args: readonly unknown[] = [],
) => {
  const { abi } = await loadArtifact(name);
  return (await chain.client.readContract({ address, abi, functionName, args })) as T;
};

describe("77 Morpho Vault V2", () => {
  it("takes deposits while healthy", async () => {
    const gate = await deploy(chain, "MorphoVaultGate", gateArgs());
    const vault = await target("MorphoVaultStandIn", [gate]);
    const deposit = () => write(chain, world.people.alice, vault.address, vault.abi, "deposit");
    await expect(deposit()).rejects.toThrow("cannot send assets");
    await heal();
    await deposit();
    await lapse(world);
    await expect(deposit()).rejects.toThrow("cannot send assets");
  });

  it("gets an answer, and no revert, from a registry that reverts or burns gas", async () => {
    const registry = await deploy(chain, "MockHealthRegistry");
    const gate = await deploy(chain, "MorphoVaultGate", [registry, world.subject, POLICY]);
    const odd = await loadArtifact("OddSource");
    for (const manner of [1, 2]) {
      await chain.test.setCode({ address: registry, bytecode: odd.deployedBytecode });
      const selector = toFunctionSelector("isHealthy(address,bytes32)");
      await send(chain, world.people.owner, registry, "OddSource", "set", [selector, manner, 0n, 0n]);
      const { abi } = await loadArtifact("MorphoVaultGate");
      const call = { address: gate, abi, functionName: "canSendAssets", args: [world.subject] };
      expect(await chain.client.readContract(call)).toBe(false);
      expect(await chain.client.estimateContractGas(call)).toBeLessThan(250_000n);
    }
  });
});

describe("77 an Euler vault", () => {
  it("takes deposits and lends while healthy, and is repaid, withdrawn from and liquidated at all times", async () => {
    const { alice } = world.people;
    const factory = await target("EulerFactoryStandIn");
    const vault = await target("EulerVaultStandIn");
    const hook = await deploy(chain, "EulerHook", [factory.address, ...gateArgs()]);
    const setHook = () => write(chain, alice, vault.address, vault.abi, "setHook", [hook]);
    await expect(setHook()).rejects.toThrow("not a hook target");
    await write(chain, alice, factory.address, factory.abi, "add", [vault.address]);
    await setHook();
    const operations = parseAbi([
      "function deposit(uint256,address)",
      "function mint(uint256,address)",
      "function skim(uint256,address)",
      "function borrow(uint256,address)",
      "function repay(uint256,address)",
      "function withdraw(uint256,address,address)",
      "function redeem(uint256,address,address)",
      "function liquidate(address,address,uint256,uint256)",
      "error NotHealthy(address subject, bytes32 policyId)",
    ]);
    const calls = [
      ...(["deposit", "mint", "skim", "borrow", "repay"] as const).map((name) => [name, [1n, at(alice)]]),
      ...(["withdraw", "redeem"] as const).map((name) => [name, [1n, at(alice), at(alice)]]),
      ["liquidate", [at(alice), at(alice), 1n, 1n]],
    ] as [string, unknown[]][];
    for (const [i, [name, args]] of calls.entries()) {
      const call = () => write(chain, alice, vault.address, operations, name, args);
      if (i < 4) await refusedAs(call(), "NotHealthy");
      else await call();
    }
    await heal();
    for (const [name, args] of calls) await write(chain, alice, vault.address, operations, name, args);
  });
});

describe("77 a Lagoon vault", () => {
  it("is valued by proofs of a live attestation, each once", async () => {
    const { owner, mallory } = world.people;
    const vault = await target("LagoonVaultStandIn");
    const manager = await deploy(chain, "ValuationManager", [vault.address, 6, ...gateArgs()]);
    await write(chain, owner, vault.address, vault.abi, "setValuationManager", [manager]);
    const propose = () => send(chain, mallory, manager, "ValuationManager", "propose");
    await refusedAs(propose(), "NothingProven");
    await prove(world, 1_234_567n, START + PERIOD);
    await propose();
    const proposed = () =>
      chain.client.readContract({ address: vault.address, abi: vault.abi, functionName: "newTotalAssets" });
    expect(await proposed()).toBe(1_234_567n * 10n ** 6n);
    await refusedAs(propose(), "NothingProven");
    await travelTo(chain, START + PERIOD + 60);
    await prove(world, 2n, START + PERIOD + 30, { units: 0n });
    await refusedAs(propose(), "NothingProven");
    await prove(world, 2n, START + PERIOD + 30);
    await lapse(world);
    await refusedAs(propose(), "NothingProven");
    expect(await proposed()).toBe(1_234_567n * 10n ** 6n);
    expect(USD).toBe(10n ** 16n);
  });

  it("is not valued by a snapshot from before its last settlement, which lacks what was settled", async () => {
    const { owner, mallory } = world.people;
    const vault = await target("LagoonVaultStandIn");
    const mint = (shares: bigint) => write(chain, owner, vault.address, vault.abi, "mint", [shares]);
    const manager = await deploy(chain, "ValuationManager", [vault.address, 6, ...gateArgs()]);
    await write(chain, owner, vault.address, vault.abi, "setValuationManager", [manager]);
    const propose = () => send(chain, mallory, manager, "ValuationManager", "propose");
    await mint(10n ** 18n + 1n);
    await prove(world, 1n, START + PERIOD, { units: 10n ** 8n + 1n });
    const id = await chain.test.snapshot();
    await mint(10n ** 18n);
    await refusedAs(propose(), "NothingProven");
    await chain.test.revert({ id });
    await propose();
  });
});

describe("77 an ERC-3643 token's compliance (T-REX)", () => {
  const { abi, bytecode } = createRequire(import.meta.url)(
    "@tokenysolutions/t-rex/artifacts/contracts/compliance/modular/ModularCompliance.sol/ModularCompliance.json",
  ) as { abi: Abi; bytecode: Hex };

  it("lets shares be issued while healthy, and be handed on and redeemed at all times", async () => {
    const { owner, alice, bob, mallory } = world.people;
    const compliance = await deployCompiled(chain, { abi, bytecode });
    const module = await deploy(chain, "ComplianceModule", gateArgs());
    const call = (from: Wallet, name: string, args: readonly unknown[] = []) =>
      write(chain, from, compliance.address, abi, name, args);
    const may = (from: Address, to: Address) =>
      chain.client.readContract({
        address: compliance.address,
        abi,
        functionName: "canTransfer",
        args: [from, to, 1n],
      });
    await call(owner, "init");
    await call(owner, "addModule", [module]);
    await call(owner, "bindToken", [at(owner)]);
    expect(await read(module, "ComplianceModule", "isComplianceBound", [compliance.address])).toBe(true);
    expect(await may(zeroAddress, at(alice))).toBe(false);
    expect(await may(at(alice), at(bob))).toBe(true);
    await heal();
    expect(await may(zeroAddress, at(alice))).toBe(true);
    await call(owner, "created", [at(alice), 1n]);
    await call(owner, "transferred", [at(alice), at(bob), 1n]);
    await call(owner, "destroyed", [at(bob), 1n]);
    for (const [name, from] of [
      ["bindCompliance", mallory],
      ["unbindCompliance", mallory],
    ] as const) {
      await refusedAs(
        send(chain, from, module, "ComplianceModule", name, [compliance.address]),
        "NotCompliance",
      );
    }
    await refusedAs(
      send(chain, mallory, module, "ComplianceModule", "unbindCompliance", [at(mallory)]),
      "NotCompliance",
    );
    await send(chain, mallory, module, "ComplianceModule", "bindCompliance", [at(mallory)]);
    await refusedAs(
      send(chain, mallory, module, "ComplianceModule", "bindCompliance", [at(mallory)]),
      "NotCompliance",
    );
    await call(owner, "removeModule", [module]);
    expect(await read(module, "ComplianceModule", "isComplianceBound", [compliance.address])).toBe(false);
    expect(await read(module, "ComplianceModule", "canComplianceBind", [at(alice)])).toBe(true);
    expect(await read(module, "ComplianceModule", "isPlugAndPlay")).toBe(true);
    expect(await read(module, "ComplianceModule", "name")).toBe("KeelHealthModule");
  });
});

describe("77 a Safe", () => {
  let safe: TestSafe;
  let module: Deployed;
  const selector = (name: "open" | "close") => toFunctionSelector(`${name}()`);
  const data = (name: "open" | "close") => encodeFunctionData({ abi: module.abi, functionName: name });
  const onSafe = (functionName: "setGuard" | "setModuleGuard" | "enableModule", address: Address) =>
    safe.execute({
      to: safe.address,
      data: encodeFunctionData({ abi: SAFE_ABI, functionName, args: [address] }),
    });
  const counts = async () =>
    await Promise.all(
      ["opened", "closed"].map((functionName) =>
        chain.client.readContract({ address: module.address, abi: module.abi, functionName }),
      ),
    );

  beforeEach(async () => {
    safe = await makeSafe(chain, chain.signers.slice(10, 12), 2);
    module = await target("ModuleStandIn");
  });

  it("is used by its modules while healthy, which unwind at all times and never touch the Safe or the guard", async () => {
    const guard = await deploy(chain, "SafeModuleGuard", [safe.address, ...gateArgs()]);
    const { abi } = await loadArtifact("SafeModuleGuard");
    const run = (to: Address, payload: Hex, operation = 0, value = 0n) => {
      const args = [safe.address, to, value, payload, operation];
      return write(chain, world.people.mallory, module.address, [...module.abi, ...abi], "run", args);
    };
    await onSafe("enableModule", module.address);
    await onSafe("setModuleGuard", guard);
    await refusedAs(run(module.address, data("open")), "NotHealthy");
    await refusedAs(run(module.address, data("close")), "NotHealthy");
    await refusedAs(
      send(chain, world.people.mallory, guard, "SafeModuleGuard", "setUnwind", [
        module.address,
        selector("close"),
        true,
      ]),
      "NotSafe",
    );
    const args = [module.address, selector("close"), true] as const;
    await safe.execute({ to: guard, data: encodeFunctionData({ abi, functionName: "setUnwind", args }) });
    await run(module.address, data("close"));
    await refusedAs(run(module.address, data("close"), 0, 1n), "NotHealthy");
    await refusedAs(run(module.address, "0x00", 0), "NotHealthy");
    await heal();
    await run(module.address, data("open"));
    for (const [to, operation] of [
      [safe.address, 0],
      [guard, 0],
      [module.address, 1],
    ] as const) {
      await refusedAs(run(to, data("open"), operation), "Refused");
    }
    expect(await counts()).toEqual([1n, 1n]);
    for (const [id, says] of [
      ["0x58401ed8", true],
      ["0x01ffc9a7", true],
      ["0xffffffff", false],
    ] as const) {
      expect(await read(guard, "SafeModuleGuard", "supportsInterface", [id])).toBe(says);
    }
  });

  it("is used by its owners while healthy, who unwind at all times, and take the guard away after its delay", async () => {
    const guard = await deploy(chain, "SafeGuard", [
      safe.address,
      [module.address],
      [selector("close")],
      ...gateArgs(),
    ]);
    const { abi } = await loadArtifact("SafeGuard");
    const execute = (to: Address, payload: Hex) => safe.execute({ to, data: payload });
    await onSafe("setGuard", guard);
    // The Safe passes its guard's refusal on.
    await expect(execute(module.address, data("open"))).rejects.toThrow();
    await expect(execute(module.address, "0x")).rejects.toThrow();
    await execute(module.address, data("close"));
    await heal();
    await execute(module.address, data("open"));
    await lapse(world);
    await expect(onSafe("setGuard", zeroAddress)).rejects.toThrow();
    const announce = encodeFunctionData({ abi, functionName: "announceRemoval" });
    await refusedAs(send(chain, world.people.mallory, guard, "SafeGuard", "announceRemoval"), "NotSafe");
    await execute(guard, announce);
    await travelTo(chain, (await now(chain)) + 7 * DAY - 10);
    await expect(onSafe("setGuard", zeroAddress)).rejects.toThrow();
    await travelTo(chain, (await now(chain)) + 10);
    await onSafe("setGuard", zeroAddress);
    await execute(module.address, data("open"));
    expect(await counts()).toEqual([2n, 1n]);
  });

  it("refuses value, delegate calls and gas refunds that only look like unwinding", async () => {
    const guard = await deploy(chain, "SafeGuard", [
      safe.address,
      [module.address],
      [selector("close")],
      ...gateArgs(),
    ]);
    const { abi } = await loadArtifact("SafeGuard");
    const check = (change: {
      to?: Address;
      value?: bigint;
      payload?: Hex;
      operation?: number;
      gasPrice?: bigint;
    }) => {
      const {
        to = module.address,
        value = 0n,
        payload = data("close"),
        operation = 0,
        gasPrice = 0n,
      } = change;
      const args = [
        to,
        value,
        payload,
        operation,
        0n,
        0n,
        gasPrice,
        zeroAddress,
        zeroAddress,
        "0x",
        zeroAddress,
      ];
      return chain.client.readContract({ address: guard, abi, functionName: "checkTransaction", args });
    };
    await check({});
    for (const change of [
      { value: 1n },
      { operation: 1 },
      { gasPrice: 1n },
      { payload: "0x112233" as const },
      { payload: data("open") },
      { to: guard },
      { to: safe.address },
    ]) {
      await refusedAs(check(change), "NotHealthy");
    }
    for (const [id, says] of [
      ["0xe6d7a83a", true],
      ["0x01ffc9a7", true],
      ["0xffffffff", false],
    ] as const) {
      expect(await read(guard, "SafeGuard", "supportsInterface", [id])).toBe(says);
    }
  });
});

describe("68 credit that grows with unbroken health", () => {
  let fixture: Fixture;
  let snap: Hex;
  /** 50%, 5% more for each 1,000 s with two attestations at least 100 s apart, at most 58%. */
  const CREDIT = [5_000n, 500n, 5_800n, 1_000n, 2n, 100n] as const;
  const terms = { ...TERMS, minInterval: 100, validity: 900 };

  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(async () => {
    await fixture?.chain.stop();
    await endProving();
  });
  beforeEach(async () => {
    snap = await fixture.chain.test.snapshot();
    await travelTo(fixture.chain, FIXTURE_START + 10);
  });
  afterEach(async () => fixture.chain.test.revert({ id: snap }));

  const credit = (policy: Hex, values: readonly bigint[] = CREDIT) => {
    const { registry, cast } = fixture;
    return deploy(fixture.chain, "CreditTerms", [values, registry.address, at(cast.subject), policy]);
  };
  const lent = async (address: Address) => {
    const { abi } = await loadArtifact("CreditTerms");
    return (await fixture.chain.client.readContract({ address, abi, functionName: "loanToValue" })) as bigint;
  };

  it.each(["its policy", "a line of it"] as const)(
    "is counted in time that was attested, under %s: by seconds nothing, after a lapse from the beginning",
    async (under) => {
      const { registry, cast, chain } = fixture;
      await publishPolicy(registry, cast.stranger, terms);
      const open = ["main", policyId(terms)];
      await transact(chain, cast.deployer, registry.policyBook, policyBookAbi, "openLine", open);
      const book = await credit(under === "its policy" ? policyId(terms) : lineId("main"));
      expect(await lent(book)).toBe(0n);
      let drawdown = GENESIS;
      const attest = async (asOf: number) => {
        await travelTo(fixture.chain, FIXTURE_START + asOf + 1);
        const marketTime = FIXTURE_START;
        const claim = { terms, asOf: FIXTURE_START + asOf, drawdown, marketTime };
        await submitAttestation(registry, cast.stranger, await attestation(fixture, claim));
        drawdown = stepAfter(drawdown);
      };
      for (const asOf of [30, 50, 60, 290]) await attest(asOf);
      await travelTo(fixture.chain, FIXTURE_START + 850);
      expect(await lent(book), "no step yet").toBe(5_000n);
      // Two that count, and a thousand seconds.
      await travelTo(fixture.chain, FIXTURE_START + 1_040);
      expect(await lent(book)).toBe(5_500n);
      await travelTo(fixture.chain, FIXTURE_START + 1_200);
      expect(await lent(book), "lapsed").toBe(0n);
    },
  );

  it("begins anew with a tightened line, open in its grace, until the tighter policy is attested", async () => {
    const { registry, cast, chain } = fixture;
    const tighter = { ...terms, maxLeverage: terms.maxLeverage - 1 };
    for (const policy of [terms, tighter]) await publishPolicy(registry, cast.stranger, policy);
    const book = (name: string, ...args: unknown[]) =>
      transact(chain, cast.deployer, registry.policyBook, policyBookAbi, name, args);
    await book("openLine", "main", policyId(terms));
    const claim = { terms, asOf: FIXTURE_START, marketTime: FIXTURE_START };
    await submitAttestation(registry, cast.stranger, await attestation(fixture, claim));
    await book("moveLine", lineId("main"), policyId(tighter));
    expect(await lent(await credit(lineId("main")))).toBe(5_000n);
  });

  it("needs terms that make sense, and a policy whose attestations count at the interval", async () => {
    const quick = { ...terms, minInterval: 99 };
    const { registry, cast } = fixture;
    for (const policy of [terms, quick]) await publishPolicy(registry, cast.stranger, policy);
    for (const [i, value] of [
      [0, 5_801n],
      [1, 10_000n],
      [2, 10_000n],
      [3, 0n],
      [4, 0n],
      [5, 501n],
    ] as const) {
      const values = CREDIT.map((term, j) => (i === j ? value : term));
      await expect(credit(policyId(terms), values), `${i}`).rejects.toThrow();
    }
    const book = await credit(policyId(quick));
    const claim = { terms: quick, asOf: FIXTURE_START };
    await submitAttestation(registry, cast.stranger, await attestation(fixture, claim));
    expect(await lent(book)).toBe(5_000n);
  });
});
