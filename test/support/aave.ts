// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Aave v3 itself, from its published build, on a local chain: a pool, its reserves, and accounts that supply and borrow.
 * The build is fetched for tests and never shipped: its licence, BUSL 1.1, is for use outside production.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Abi, type Address, type Hex, parseUnits, toHex } from "viem";
import { type TestChain, write } from "./chain.js";
import { npmPackage } from "./npm-package.js";

interface Artifact {
  readonly abi: Abi;
  readonly bytecode: string;
  /** Source, then library, then places in the bytecode. */
  readonly linkReferences: Readonly<
    Record<string, Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>>
  >;
}

/** A contract to call. */
export interface Deployed {
  readonly address: Address;
  readonly abi: Abi;
}

/** A running pool. */
export interface Aave {
  readonly pool: Deployed;
  /** A reserve of a new token that anybody can mint; it can be borrowed, at stable rates too. */
  addReserve(symbol: string, decimals: number, usd: string): Promise<Deployed>;
  /** Calls the pool's configurator as its admin. */
  configure(name: string, ...args: readonly unknown[]): Promise<void>;
  /** A new token that is no reserve. */
  addToken(symbol: string, decimals: number): Promise<Deployed>;
}

const RATE_MODE = { stable: 1n, variable: 2n } as const;
const RAY = 10n ** 27n;
/** Optimal usage, base rate, two slopes, two stable slopes, offset, excess offset, optimal stable share; all in ray. */
const RATES = [80n, 1n, 4n, 60n, 2n, 60n, 1n, 8n, 20n].map((percent) => (percent * RAY) / 100n);

/** Deploys Aave v3 with the chain's first account as its owner. */
export async function deployAave(chain: TestChain): Promise<Aave> {
  const owner = chain.wallets[0]!;
  const admin = owner.account.address;
  const build = await npmPackage({
    name: "@aave/core-v3",
    version: "1.19.3",
    integrity:
      "sha512-Xr7+VcoU5b4mPwM4IUCnskw3lciwrnL4Xloyad8GOddYeixnri2lZYobNmErm1LwE50vqjI0O+9QGNKY2TDkeQ==",
    parts: ["artifacts/contracts"],
  });
  const libraries = new Map<string, Address>();
  const load = async (path: string): Promise<Artifact> =>
    JSON.parse(
      await readFile(join(build, `artifacts/contracts/${path}.sol/${path.split("/").at(-1)}.json`), "utf8"),
    );
  const deploy = async (path: string, args: readonly unknown[] = []): Promise<Deployed> => {
    const artifact = await load(path);
    for (const source of Object.keys(artifact.linkReferences)) {
      const library = source.replace(/^contracts\/|\.sol$/g, "");
      if (!libraries.has(library)) libraries.set(library, (await deploy(library)).address);
    }
    const { abi } = artifact;
    const hash = await owner.deployContract({ abi, bytecode: linked(artifact, libraries), args });
    const receipt = await chain.client.waitForTransactionReceipt({ hash });
    return { abi, address: receipt.contractAddress! };
  };
  const call = async (
    { address, abi }: Deployed,
    name: string,
    ...args: readonly unknown[]
  ): Promise<void> => {
    await write(chain, owner, address, abi, name, args);
  };
  const read = async ({ address, abi }: Deployed, functionName: string): Promise<Address> =>
    (await chain.client.readContract({ address, abi, functionName })) as Address;

  const provider = await deploy("protocol/configuration/PoolAddressesProvider", ["test", admin]);
  await call(provider, "setACLAdmin", admin);
  const roles = await deploy("protocol/configuration/ACLManager", [provider.address]);
  await call(provider, "setACLManager", roles.address);
  await call(roles, "addPoolAdmin", admin);
  const oracle = await deploy("mocks/oracle/PriceOracle");
  await call(provider, "setPriceOracle", oracle.address);
  const { abi: poolAbi, address: poolCode } = await deploy("protocol/pool/Pool", [provider.address]);
  await call(provider, "setPoolImpl", poolCode);
  const pool = { abi: poolAbi, address: await read(provider, "getPool") };
  const { abi: configuratorAbi, address: configuratorCode } = await deploy("protocol/pool/PoolConfigurator");
  await call(provider, "setPoolConfiguratorImpl", configuratorCode);
  const configurator = { abi: configuratorAbi, address: await read(provider, "getPoolConfigurator") };
  const supplied = await deploy("protocol/tokenization/AToken", [pool.address]);
  const stable = await deploy("protocol/tokenization/StableDebtToken", [pool.address]);
  const variable = await deploy("protocol/tokenization/VariableDebtToken", [pool.address]);
  const rates = await deploy("protocol/pool/DefaultReserveInterestRateStrategy", [
    provider.address,
    ...RATES,
  ]);

  const addToken = async (symbol: string, decimals: number): Promise<Deployed> =>
    await deploy("mocks/tokens/MintableERC20", [symbol, symbol, decimals]);
  const addReserve = async (symbol: string, decimals: number, usd: string): Promise<Deployed> => {
    const token = await addToken(symbol, decimals);
    await call(oracle, "setAssetPrice", token.address, parseUnits(usd, 8));
    const reserve = {
      aTokenImpl: supplied.address,
      stableDebtTokenImpl: stable.address,
      variableDebtTokenImpl: variable.address,
      underlyingAssetDecimals: decimals,
      interestRateStrategyAddress: rates.address,
      underlyingAsset: token.address,
      treasury: admin,
      incentivesController: `0x${"0".repeat(40)}`,
      aTokenName: `a${symbol}`,
      aTokenSymbol: `a${symbol}`,
      variableDebtTokenName: `v${symbol}`,
      variableDebtTokenSymbol: `v${symbol}`,
      stableDebtTokenName: `s${symbol}`,
      stableDebtTokenSymbol: `s${symbol}`,
      params: toHex(0),
    };
    await call(configurator, "initReserves", [reserve]);
    await call(configurator, "configureReserveAsCollateral", token.address, 7_500n, 8_000n, 10_500n);
    await call(configurator, "setReserveBorrowing", token.address, true);
    await call(configurator, "setReserveStableRateBorrowing", token.address, true);
    return token;
  };
  const configure = async (name: string, ...args: readonly unknown[]): Promise<void> =>
    await call(configurator, name, ...args);
  return { pool, addReserve, addToken, configure };
}

/** Mints a token to an account and supplies it. */
export async function supply(
  chain: TestChain,
  { pool }: Aave,
  account: number,
  token: Deployed,
  amount: bigint,
): Promise<void> {
  const wallet = chain.wallets[account]!;
  const owner = wallet.account.address;
  await mint(chain, token, owner, amount);
  await write(chain, wallet, token.address, token.abi, "approve", [pool.address, amount]);
  await write(chain, wallet, pool.address, pool.abi, "supply", [token.address, amount, owner, 0]);
}

/** Borrows from a pool. */
export async function borrow(
  chain: TestChain,
  { pool }: Aave,
  account: number,
  token: Deployed,
  amount: bigint,
  mode: keyof typeof RATE_MODE,
): Promise<void> {
  const wallet = chain.wallets[account]!;
  const args = [token.address, amount, RATE_MODE[mode], 0, wallet.account.address];
  await write(chain, wallet, pool.address, pool.abi, "borrow", args);
}

/** Mints a token, which anybody can. */
export async function mint(
  chain: TestChain,
  { address, abi }: Deployed,
  to: Address,
  amount: bigint,
): Promise<void> {
  await write(chain, chain.wallets[0]!, address, abi, "mint", [to, amount]);
}

function linked({ bytecode, linkReferences }: Artifact, libraries: ReadonlyMap<string, Address>): Hex {
  let code = bytecode;
  for (const [source, names] of Object.entries(linkReferences)) {
    const library = libraries.get(source.replace(/^contracts\/|\.sol$/g, ""))!.slice(2);
    for (const { start } of Object.values(names).flat()) {
      const from = 2 + 2 * start;
      code = code.slice(0, from) + library + code.slice(from + library.length);
    }
  }
  return code as Hex;
}
