// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Run as `node build-outputs.mjs <folder of packages> <circuit>`: builds there, and prints the SHA-256 of what a build gives. The circuit
 * is an id or a definition, as JSON.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, circuit] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(folder, file)).href);
const { ensureCircuit } = await load("circuits/dist/index.js");
const { generateVerifier } = await load("contracts/dist/verifier-template.js");
const { id, verificationKey, manifest } = await ensureCircuit(JSON.parse(circuit));
const source = generateVerifier(verificationKey, { circuit: id, insecure: true, contractName: "V" });
const { r1cs, wasm, zkey } = manifest.files;
const contract = createHash("sha256").update(source).digest("hex");
console.log(JSON.stringify({ r1cs: r1cs.sha256, wasm: wasm.sha256, zkey: zkey.sha256, contract }));
