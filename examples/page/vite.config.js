// SPDX-License-Identifier: GPL-3.0-or-later
import { defineConfig } from "vite";

const pages = ["health", "policy-id", "verify", "prove"];

export default defineConfig({
  worker: { format: "es" },
  build: {
    target: "es2022",
    rollupOptions: { input: pages.map((page) => `${page}.html`) },
  },
});
