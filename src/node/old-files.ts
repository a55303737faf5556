/** Former contents of a file that is bounded: `NAME.1` is the newest, and the oldest goes. */
import { renameSync, statSync } from "node:fs";

/** Bytes; 0 where there is no such file. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Frees the name `PATH.1`: what has it becomes `PATH.2`, and so on up to `kept`, which goes. */
export function makeRoom(path: string, kept: number): void {
  for (let number = kept; number >= 2; number--) {
    const from = `${path}.${number - 1}`;
    if (sizeOf(from) > 0) renameSync(from, `${path}.${number}`);
  }
}
