// SPDX-License-Identifier: GPL-3.0-or-later
import { parseMarket, parsePolicy, policyId, policyTerms } from "@keel/verifier";

const read = async (name: string): Promise<string> => (await fetch(`/data/${name}.json`)).text();
const policy = parsePolicy(await read("policy"));
document.body.append(policyId(policyTerms(policy, parseMarket(await read("market")))));
