/**
 * A house built to be found fault with: a temporary folder with this checkout's configuration and
 * whatever sources a test plants, for the tests that show that a rule still bites.
 */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { root } from "../../../scripts/root.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const configuration = ["biome.json", "lint", "tsconfig.json", ".dependency-cruiser.cjs"];

/** Code by its path from the root: `src/ring/rank.ts`. */
export type Sources = Readonly<Record<string, string>>;

/** The path of a folder, gone after the test, that holds the configuration and `sources`. */
export async function plantedHouse(t: TestContext, sources: Sources): Promise<string> {
  const folder = await tempFolder(t);
  for (const name of configuration) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [file, code] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code);
  }
  return folder;
}
