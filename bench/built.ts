/**
 * A benchmark's own program as Mob is shipped: bundled, and not compiled by tsx when it is loaded. That has each
 * function which is made while another runs named by a call, which a node in use never pays.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join, parse } from "node:path";
import { build } from "esbuild";
import { root } from "../scripts/root.ts";

export interface Built {
  /** Where the program is: in the checkout, so that it finds its packages. */
  readonly path: string;
  remove(): void;
}

/** @param file in this folder, such as `store-node.ts` */
export async function built(file: string): Promise<Built> {
  const folder = mkdtempSync(join(root, "dist.bench-"));
  const path = join(folder, `${parse(file).name}.js`);
  await build({
    entryPoints: [join(import.meta.dirname, file)],
    outfile: path,
    bundle: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20.12",
    minifySyntax: true,
    logLevel: "warning",
  });
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}
