/**
 * Frees the head of a file that others append to, without moving a byte of the rest: by punching a
 * hole, through fallocate(1) since Node has no call for it. The file keeps its length and offsets.
 */
import { mkdtemp, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

/** Whether files in `folder` can have holes punched. Never throws. */
export async function canPunchHoles(folder: string): Promise<boolean> {
  const probe = await mkdtemp(join(folder, "probe-")).catch(() => undefined);
  if (probe === undefined) return false;
  const file = join(probe, "file");
  await writeFile(file, "probe");
  const punched = await punch(file, 1);
  await rm(probe, { recursive: true, force: true });
  return punched;
}

/** Frees the first `bytes` of the file. False where file system or system cannot. */
export async function punch(file: string, bytes: number): Promise<boolean> {
  const options = ["--punch-hole", "--offset", "0", "--length", String(bytes), file];
  const { failed } = await execa("fallocate", options, { reject: false, stdio: "ignore" });
  return !failed;
}

/**
 * Frees all of the file where no hole can be punched: empties it, and makes it as long as it was.
 * What is written after it was last read and before it is emptied is lost.
 */
export async function emptyKeepingLength(file: string): Promise<void> {
  const { size } = await stat(file);
  await truncate(file, 0);
  await truncate(file, size);
}
