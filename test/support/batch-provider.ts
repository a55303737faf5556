/** The provider of docs/providers.md and its test, as they stand there, in files of their own. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../scripts/root.ts";

/** The source of a file that the documentation shows. */
export function documented(name: string): string {
  const page = readFileSync(join(root, "docs/providers.md"), "utf8");
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, source = ""]) => source);
  const source = blocks.find((block) => block.startsWith(`// ${name}\n`));
  if (source === undefined) throw new Error(`docs/providers.md has no ${name}`);
  return source;
}

/** Writes it into `folder`, and gives its path. */
export async function writeDocumented(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, documented(name));
  return file;
}

export function writeBatchProvider(folder: string): Promise<string> {
  return writeDocumented(folder, "batch.js");
}
