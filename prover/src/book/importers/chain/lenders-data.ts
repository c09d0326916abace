// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Lenders of the chains that funds use: what kind each is, its name, and the contract that knows what an account owes.
 * Sources: the address book that Aave's developers keep, the deployments in Compound's Comet repository (both as of May
 * 2026), and the documents of Spark, Compound v2, Moonwell, Venus and Morpho. A lender that is not here is not asked.
 *
 * @module
 */

/**
 * How a lender is asked: `aave` answers getUserAccountData (versions 2 and 3 and their copies), `comet` borrowBalanceOf,
 * `compound-v2` is the comptroller of such a lender or a copy. `morpho` keeps debts by market and cannot be asked for all.
 */
export type LenderKind = "aave" | "comet" | "compound-v2" | "morpho";

/** By chain id: kind, name, address. */
export const LENDERS: Readonly<Record<number, readonly (readonly [LenderKind, string, `0x${string}`])[]>> = {
  1: [
    ["aave", "Aave v2 Ethereum", "0x7d2768de32b0b80b7a3454c06bdac94a69ddc7a9"],
    ["aave", "Aave v2 Ethereum AMM", "0x7937d4799803fbbe595ed57278bc4ca21f3bffcb"],
    ["aave", "Aave v2 Ethereum Arc", "0x37d7306019a38af123e4b245eb6c28af552e0bb0"],
    ["aave", "Aave v3 Ethereum", "0x87870bca3f3fd6335c3f4ce8392d69350b4fa4e2"],
    ["aave", "Aave v3 Ethereum Ether Fi", "0x0aa97c284e98396202b6a04024f5e2c65026f3c0"],
    ["aave", "Aave v3 Ethereum Horizon", "0xae05cd22df81871bc7cc2a04becfb516bfe332c8"],
    ["aave", "Aave v3 Ethereum Lido", "0x4e033931ad43597d96d6bcc25c280717730b58b1"],
    ["comet", "Compound III usdc", "0xc3d688b66703497daa19211eedff47f25384cdc3"],
    ["comet", "Compound III usds", "0x5d409e56d886231adaf00c8775665ad0f9897b56"],
    ["comet", "Compound III usdt", "0x3afdc9bca9213a35503b077a6072f3d0d5ab0840"],
    ["comet", "Compound III wbtc", "0xe85dc543813b8c2cfeaac371517b925a166a9293"],
    ["comet", "Compound III weth", "0xa17581a9e3356d9a858b789d68b4d866e593ae94"],
    ["comet", "Compound III wsteth", "0x3d0bb1ccab520a66e607822fc55bc921738fafe3"],
    ["aave", "Spark", "0xc13e21b648a5ee794902342038ff3adab66be987"],
    ["compound-v2", "Compound v2", "0x3d9819210a31b4961b30ef54be2aed79b9c9cd3b"],
    ["morpho", "Morpho Blue", "0xbbbbbbbbbb9cc5e90e3b3af64bdaf62c37eeffcb"],
  ],
  10: [
    ["aave", "Aave v3 Optimism", "0x794a61358d6845594f94dc1db02a252b5b4814ad"],
    ["comet", "Compound III usdc", "0x2e44e174f7d53f0212823acc11c01a11d58c5bcb"],
    ["comet", "Compound III usdt", "0x995e394b8b2437ac8ce61ee0bc610d617962b214"],
    ["comet", "Compound III weth", "0xe36a30d249f7761327fd973001a32010b521b6fd"],
  ],
  56: [
    ["aave", "Aave v3 BNB", "0x6807dc923806fe8fd134338eabca509979a7e0cb"],
    ["compound-v2", "Venus", "0xfd36e2c2a6789db23113685031d7f16329158384"],
  ],
  100: [
    ["aave", "Aave v3 Gnosis", "0xb50201558b00496a145fe76f7424749556e326d8"],
    ["aave", "Spark", "0x2dae5307c5e3fd1cf5a72cb6f698f915860607e0"],
  ],
  130: [
    ["comet", "Compound III usdc", "0x2c7118c4c88b9841fcf839074c26ae8f035f2921"],
    ["comet", "Compound III weth", "0x6c987dde50db1dcdd32cd4175778c2a291978e2a"],
  ],
  137: [
    ["aave", "Aave v2 Polygon", "0x8dff5e27ea6b7ac08ebfdf9eb090f32ee9a30fcf"],
    ["aave", "Aave v3 Polygon", "0x794a61358d6845594f94dc1db02a252b5b4814ad"],
    ["comet", "Compound III usdc", "0xf25212e676d1f7f89cd72ffee66158f541246445"],
    ["comet", "Compound III usdt", "0xaeb318360f27748acb200ce616e389a6c9409a07"],
  ],
  146: [["aave", "Aave v3 Sonic", "0x5362dbb1e601abf3a4c14c22ffeda64042e5eaa3"]],
  196: [["aave", "Aave v3 XLayer", "0xe3f3caefdd7180f884c01e57f65df979af84f116"]],
  250: [["aave", "Aave v3 Fantom", "0x794a61358d6845594f94dc1db02a252b5b4814ad"]],
  324: [["aave", "Aave v3 Zk Sync", "0x78e30497a3c7527d953c6b1e3541b021a98ac43c"]],
  1088: [["aave", "Aave v3 Metis", "0x90df02551bb792286e8d4f13e0e357b4bf1d6a57"]],
  1868: [["aave", "Aave v3 Soneium", "0xdd3d7a7d03d9fd9ef45f3e587287922ef65ca38b"]],
  2020: [
    ["comet", "Compound III weth", "0x4006ed4097ee51c09a04c3b0951d28ccf19e6dfe"],
    ["comet", "Compound III wron", "0xc0afdbd1ceb621ef576ba969ce9d4cef78dbc0c0"],
  ],
  5000: [
    ["aave", "Aave v3 Mantle", "0x458f293454fe0d67ec0655f3672301301dd51422"],
    ["comet", "Compound III usde", "0x606174f62cd968d8e684c645080fa694c1d7786e"],
  ],
  8453: [
    ["aave", "Aave v3 Base", "0xa238dd80c259a72e81d7e4664a9801593f98d1c5"],
    ["comet", "Compound III aero", "0x784efeb622244d2348d4f2522f8860b96fbece89"],
    ["comet", "Compound III usdbc", "0x9c4ec768c28520b50860ea7a15bd7213a9ff58bf"],
    ["comet", "Compound III usdc", "0xb125e6687d4313864e53df431d5425969c15eb2f"],
    ["comet", "Compound III usds", "0x2c776041ccfe903071af44aa147368a9c8eea518"],
    ["comet", "Compound III weth", "0x46e6b214b524310239732d51387075e0e70970bf"],
    ["compound-v2", "Moonwell", "0xfbb21d0380bee3312b33c4353c8936a0f13ef26c"],
    ["morpho", "Morpho Blue", "0xbbbbbbbbbb9cc5e90e3b3af64bdaf62c37eeffcb"],
  ],
  9745: [["aave", "Aave v3 Plasma", "0x925a2a7214ed92428b5b1b090f80b25700095e12"]],
  42161: [
    ["aave", "Aave v3 Arbitrum", "0x794a61358d6845594f94dc1db02a252b5b4814ad"],
    ["comet", "Compound III usdc.e", "0xa5edbdd9646f8dff606d7448e414884c7d905dca"],
    ["comet", "Compound III usdc", "0x9c4ec768c28520b50860ea7a15bd7213a9ff58bf"],
    ["comet", "Compound III usdt", "0xd98be00b5d27fc98112bde293e487f8d4ca57d07"],
    ["comet", "Compound III weth", "0x6f7d514bbd4aff3bcd1140b7344b32f063dee486"],
  ],
  42220: [["aave", "Aave v3 Celo", "0x3e59a31363e2ad014dcbc521c4a0d5757d9f3402"]],
  43114: [
    ["aave", "Aave v2 Avalanche", "0x4f01aed16d97e3ab5ab2b501154dc9bb0f1a5a2c"],
    ["aave", "Aave v3 Avalanche", "0x794a61358d6845594f94dc1db02a252b5b4814ad"],
  ],
  57073: [["aave", "Aave v3 Ink Whitelabel", "0x2816cf15f6d2a220e789aa011d5ee4eb6c47feba"]],
  59144: [
    ["aave", "Aave v3 Linea", "0xc47b8c00b0f69a36fa203ffeac0334874574a8ac"],
    ["comet", "Compound III usdc", "0x8d38a3d6b3c3b7d96d6536da7eef94a9d7dbc991"],
    ["comet", "Compound III weth", "0x60f2058379716a64a7a5d29219397e79bc552194"],
  ],
  534352: [
    ["aave", "Aave v3 Scroll", "0x11fcfe756c05ad438e312a7fd934381537d3cffe"],
    ["comet", "Compound III usdc", "0xb2f97c1bd3bf02f5e74d13f02e3e26f93d77ce44"],
  ],
};
