// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A key on a Ledger device. Its libraries are not installed with Keel: they bring native code, and few need them.
 *
 * The device shows a contract's creation as data that it cannot read, so blind signing has to be allowed in its Ethereum app.
 *
 * @module
 */

import { KeelError } from "@keel/verifier/errors";
import {
  type Address,
  getAddress,
  type Hex,
  hashDomain,
  hashStruct,
  type LocalAccount,
  serializeTransaction,
  type TransactionSerializable,
  type TypedDataDefinition,
} from "viem";
import { toAccount } from "viem/accounts";

const APP = "@ledgerhq/hw-app-eth";
const TRANSPORT = "@ledgerhq/hw-transport-node-hid";

/** A connection to a device. */
export interface Transport {
  close(): Promise<void>;
}

/** What is used of the library. */
interface EthereumApp {
  getAddress(path: string): Promise<{ readonly address: string }>;
  signTransaction(path: string, raw: string, resolution: null): Promise<Signed>;
  signEIP712HashedMessage(path: string, domain: string, message: string): Promise<Signed>;
}

interface Signed {
  readonly r: string;
  readonly s: string;
  readonly v: string | number;
}

/**
 * The account at a derivation path, such as `44'/60'/0'/0/0`, of the device that `open` connects to.
 *
 * @throws KeelError `device.missing` when the libraries are not installed; `device.refused`
 */
export async function ledgerAccount(
  path: string,
  open: () => Promise<Transport> = openDevice,
): Promise<LocalAccount> {
  const App = (await load(APP)) as new (transport: Transport) => EthereumApp;
  const ask = async <T>(work: (app: EthereumApp) => Promise<T>): Promise<T> => {
    const transport = await open();
    try {
      return await work(new App(transport));
    } catch (error) {
      throw deviceError(error);
    } finally {
      await transport.close();
    }
  };
  const { address } = await ask((app) => app.getAddress(path));
  return toAccount({
    address: getAddress(address) as Address,
    signTransaction: async (transaction) => {
      const plain = transaction as TransactionSerializable;
      const raw = serializeTransaction(plain).slice(2);
      return serializeTransaction(
        plain,
        signatureOf(await ask((app) => app.signTransaction(path, raw, null))),
      );
    },
    signTypedData: async (data) => {
      const [domain, message] = hashesOf(data as unknown as TypedDataDefinition);
      const signed = await ask((app) => app.signEIP712HashedMessage(path, domain.slice(2), message.slice(2)));
      const { r, s, yParity } = signatureOf(signed);
      return `${r}${s.slice(2)}${yParity === 0 ? "1b" : "1c"}`;
    },
    signMessage: () => Promise.reject(deviceError(new Error("messages without a type"))),
  }) as LocalAccount;
}

function signatureOf({ r, s, v }: Signed) {
  const number = typeof v === "number" ? v : Number.parseInt(v, 16);
  // 0 and 1 as they are; 27 and 28, and EIP-155's 35 + 2 chain + parity, are odd for 0.
  const yParity = number < 2 ? number : (number + 1) % 2;
  return { r: word(r), s: word(s), v: 27n + BigInt(yParity), yParity } as const;
}

const word = (text: string): Hex => `0x${text.padStart(64, "0")}`;

function hashesOf({ domain = {}, types, primaryType, message }: TypedDataDefinition): [Hex, Hex] {
  const all = types as Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
  const EIP712Domain = [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
    { name: "salt", type: "bytes32" },
  ].filter(({ name }) => (domain as Readonly<Record<string, unknown>>)[name] !== undefined);
  type Domain = Parameters<typeof hashDomain>[0];
  type Struct = Parameters<typeof hashStruct>[0];
  return [
    hashDomain({ domain, types: { EIP712Domain, ...all } } as Domain),
    hashStruct({ data: message, primaryType, types: all } as Struct),
  ];
}

async function openDevice(): Promise<Transport> {
  const { create } = (await load(TRANSPORT)) as { create(): Promise<Transport> };
  return await create().catch((error: unknown) => {
    throw deviceError(error);
  });
}

/** A library's default export, which stands one level deeper where it is CommonJS. */
async function load(name: string): Promise<unknown> {
  try {
    const module = (await import(name)) as { readonly default: unknown };
    return (module.default as { readonly default?: unknown } | undefined)?.default ?? module.default;
  } catch (cause) {
    throw new KeelError(
      {
        kind: "environment",
        code: "device.missing",
        path: "--ledger",
        expected: `the device's libraries: npm install ${APP} ${TRANSPORT}`,
        received: `no ${name}`,
      },
      { cause },
    );
  }
}

function deviceError(error: unknown): KeelError {
  if (error instanceof KeelError) return error;
  const { message, name } = error instanceof Error ? error : { message: String(error), name: "Error" };
  return new KeelError(
    {
      kind: "environment",
      code: "device.refused",
      path: "--ledger",
      expected:
        "an unlocked device with the Ethereum app open, blind signing allowed there, and consent on it",
      received: `${name}: ${message.slice(0, 200)}`,
    },
    { cause: error },
  );
}
