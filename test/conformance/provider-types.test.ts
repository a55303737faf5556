/** The types that the package exports, as those who write providers have them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/root.ts";
import { writeBatchProvider } from "../support/batch-provider.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** What the compiler says of a JavaScript file, with what is in the package alone. */
function check(file: string): string {
  const flags =
    "--noEmit --allowJs --checkJs --module nodenext --target es2022 --skipLibCheck --noImplicitAny false";
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const args = [compiler, "--ignoreConfig", ...flags.split(" "), ...types, file];
  return spawnSync(process.execPath, args, { encoding: "utf8" }).stdout;
}

test("the documentation's provider is one by mob/provider, and a wrong one is not", async (t) => {
  const folder = await tempFolder(t);
  await mkdir(join(folder, "node_modules/mob"), { recursive: true });
  const declared = spawnSync(
    process.execPath,
    [
      join(root, "node_modules/typescript/bin/tsc"),
      "-p",
      join(root, "tsconfig.types.json"),
      "--outDir",
      join(folder, "node_modules/mob/dist/types"),
    ],
    { encoding: "utf8" },
  );
  assert.equal(declared.status, 0, declared.stdout);
  await symlink(join(root, "package.json"), join(folder, "node_modules/mob/package.json"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const file = await writeBatchProvider(folder);
  assert.equal(check(file), "");
  const source = await readFile(file, "utf8");
  await writeFile(file, source.replace("keeper.list(instance)", "7"));
  assert.match(check(file), /Type 'number' is not assignable to type 'Promise<readonly FoundTask/);
});
