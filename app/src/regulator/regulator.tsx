import type { JSX } from "preact";
import type { ConsoleConfig } from "../config.js";
export function Regulator(_: { readonly config: ConsoleConfig | undefined }): JSX.Element { return <p>…</p>; }
