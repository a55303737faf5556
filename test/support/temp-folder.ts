/**
 * A folder that lives as long as its test. Real paths only: macOS hides its temporary folder behind
 * a link, which would make two names of one file.
 */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/**
 * The path of a new, empty folder, removed with all that is in it after the test. Hooks run in the
 * order they were registered: what must be closed before, register before this call.
 */
export async function tempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), "mob-test-"));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  return folder;
}
