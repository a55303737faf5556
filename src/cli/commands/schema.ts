/** Tells editors what a spec looks like. It asks no node: each version has its schema. */
import { type Io, write } from "../io.ts";

/** Prints the JSON Schema of a spec, with `--json` or without. */
export async function showSchema(io: Io): Promise<void> {
  const { createSpecSchema } = await import("../../node/spec-schema.ts"); // Providers are slow to load.
  await write(io, `${JSON.stringify(createSpecSchema(), undefined, 2)}\n`);
}
