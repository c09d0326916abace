// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Morpho Blue and Uniswap from their published packages, on a local chain. The packages are fetched for tests and never
 * shipped: Morpho Blue and Uniswap v3's core are licensed BUSL 1.1, for use outside production.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import {
  type Abi,
  type Address,
  encodeAbiParameters,
  type Hex,
  keccak256,
  parseEther,
  zeroAddress,
} from "viem";
import type { Deployed } from "./aave.js";
import { type TestChain, write } from "./chain.js";
import { npmPackage } from "./npm-package.js";
import { compileSolidity, deployCompiled } from "./solidity.js";

/** What names a market of Morpho Blue. */
export interface MorphoMarket {
  readonly loanToken: Address;
  readonly collateralToken: Address;
  readonly oracle: Address;
  readonly irm: Address;
  readonly lltv: bigint;
}

export interface Morpho {
  readonly contract: Deployed;
  /** Opens a market with Morpho's own mock of a rate model and of an oracle: one coin of collateral is `price` of loan. */
  open(loan: Address, collateral: Address, price: bigint, lltv: bigint): Promise<MorphoMarket>;
}

/** Deploys Morpho Blue. Its source asks for an older compiler; the rest of it stays as it is. */
export async function deployMorpho(chain: TestChain): Promise<Morpho> {
  const folder = await npmPackage({
    name: "@morpho-org/morpho-blue",
    version: "1.0.0",
    integrity:
      "sha512-MKtzYMRE65B1hVJYAPtml3ecHPY2e/SL3JRvM7XWjtbnWQX6U/C3beSdxr7v+rHaVJ0ri/dUPxvNfWtr0NZdGw==",
    parts: ["src"],
  });
  const source = (path: string): string =>
    readFileSync(join(folder, normalize(path)), "utf8").replace(
      /pragma solidity 0\.8\.19;/,
      "pragma solidity ^0.8.19;",
    );
  const all = ["src/Morpho.sol", "src/mocks/IrmMock.sol", "src/mocks/OracleMock.sol"];
  const importing = `pragma solidity ^0.8.19;\n${all.map((path) => `import "${path}";`).join("\n")}`;
  const compiled = await compileSolidity("all.sol", importing, source);
  const owner = chain.wallets[0]!;
  const contract = await deployCompiled(chain, compiled.get("Morpho")!, [owner.account.address]);
  const irm = await deployCompiled(chain, compiled.get("IrmMock")!);
  const call = (name: string, ...args: unknown[]) =>
    write(chain, owner, contract.address, contract.abi, name, args);
  await call("enableIrm", irm.address);
  await call("setFeeRecipient", owner.account.address);
  return {
    contract,
    open: async (loanToken, collateralToken, price, lltv) => {
      const oracle = await deployCompiled(chain, compiled.get("OracleMock")!);
      await write(chain, owner, oracle.address, oracle.abi, "setPrice", [price]);
      await call("enableLltv", lltv);
      const market = { loanToken, collateralToken, oracle: oracle.address, irm: irm.address, lltv };
      await call("createMarket", market);
      await call("setFee", market, parseEther("0.1"));
      return market;
    },
  };
}

/** A market's id: keccak256 of its parameters. */
export function marketId({ loanToken, collateralToken, oracle, irm, lltv }: MorphoMarket): Hex {
  const types = ["address", "address", "address", "address", "uint256"].map((type) => ({ type }));
  return keccak256(encodeAbiParameters(types, [loanToken, collateralToken, oracle, irm, lltv]));
}

export interface Uniswap {
  readonly factory: Deployed;
  readonly manager: Deployed;
  /** The code of a pool, to talk to one. */
  readonly poolAbi: Abi;
}

interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

/** Deploys Uniswap v3's factory and position manager, from their published builds. */
export async function deployUniswap(chain: TestChain): Promise<Uniswap> {
  const core = await npmPackage({
    name: "@uniswap/v3-core",
    version: "1.0.1",
    integrity:
      "sha512-7pVk4hEm00j9tc71Y9+ssYpO6ytkeI0y7WE9P6UcmNzhxPePwyAxImuhVsTqWK9YFvzgtvzJHi64pBl4jUzKMQ==",
    parts: ["artifacts/contracts/UniswapV3Factory.sol", "artifacts/contracts/UniswapV3Pool.sol"],
  });
  const periphery = await npmPackage({
    name: "@uniswap/v3-periphery",
    version: "1.4.4",
    integrity:
      "sha512-S4+m+wh8HbWSO3DKk4LwUCPZJTpCugIsHrWR86m/OrUyvSqGDTXKFfc2sMuGXCZrD1ZqO3rhQsKgdWg3Hbb2Kw==",
    parts: ["artifacts/contracts/NonfungiblePositionManager.sol"],
  });
  const load = async (folder: string, name: string): Promise<Artifact> =>
    JSON.parse(await readFile(join(folder, `artifacts/contracts/${name}.sol/${name}.json`), "utf8"));
  const factory = await deployCompiled(chain, await load(core, "UniswapV3Factory"));
  const args = [factory.address, zeroAddress, zeroAddress];
  const manager = await deployCompiled(chain, await load(periphery, "NonfungiblePositionManager"), args);
  return { factory, manager, poolAbi: (await load(core, "UniswapV3Pool")).abi };
}

/** Deploys a pair of Uniswap v2 from its published build. */
export async function deployPair(chain: TestChain, token0: Address, token1: Address): Promise<Deployed> {
  const folder = await npmPackage({
    name: "@uniswap/v2-core",
    version: "1.0.1",
    integrity:
      "sha512-MtybtkUPSyysqLY2U210NBDeCHX+ltHt3oADGdjqoThZaFRDKwM6k1Nb3F0A3hk5hwuQvytFWhrWHOEq6nVJ8Q==",
    parts: ["build/UniswapV2Factory.json", "build/UniswapV2Pair.json"],
  });
  const load = async (name: string): Promise<Artifact> => {
    const { abi, bytecode } = JSON.parse(await readFile(join(folder, `build/${name}.json`), "utf8"));
    return { abi, bytecode: bytecode.startsWith("0x") ? bytecode : `0x${bytecode}` };
  };
  const owner = chain.wallets[0]!;
  const factory = await deployCompiled(chain, await load("UniswapV2Factory"), [owner.account.address]);
  await write(chain, owner, factory.address, factory.abi, "createPair", [token0, token1]);
  const call = { ...factory, functionName: "getPair", args: [token0, token1] };
  return {
    abi: (await load("UniswapV2Pair")).abi,
    address: (await chain.client.readContract(call)) as Address,
  };
}
