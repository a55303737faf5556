/** The provider of docs/providers.md, as it stands there, in a file of its own. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../scripts/root.ts";

/** Its source. */
export const batchSource = /^```js\n(\/\/ batch\.js\n.*?)^```$/ms.exec(
  readFileSync(join(root, "docs/providers.md"), "utf8"),
)?.[1];

/** The path of the file, in `folder`. */
export async function writeBatchProvider(folder: string): Promise<string> {
  if (batchSource === undefined) throw new Error("docs/providers.md has no batch.js");
  const file = join(folder, "batch.js");
  await writeFile(file, batchSource);
  return file;
}
