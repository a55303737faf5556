/**
 * Whether much may have been written to a disk, by the room that it has left: one question instead of
 * one for each file on it.
 */
import { statfsSync } from "node:fs";

const muchBytes = 1024 * 1024;
/** One answer of so many is yes, whatever was taken: what a neighbour frees hides what is written. */
const asksPerYes = 5;

export class RoomLeft {
  readonly #bytesLeft: () => number;
  #asks = 0;
  /** When the answer was yes, or more since. */
  #left = Number.POSITIVE_INFINITY;

  constructor(bytesLeft: () => number) {
    this.#bytesLeft = bytesLeft;
  }

  /** Whether much of it may have been taken since this was last so. */
  isMuchTaken(): boolean {
    const left = this.#bytesLeft();
    const isMuch = this.#asks++ % asksPerYes === 0 || this.#left - left >= muchBytes;
    this.#left = isMuch ? left : Math.max(this.#left, left);
    return isMuch;
  }

  /** Has the next answer be yes. */
  forget(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }
}

/** That the disk of a folder has left; 0 where the folder is gone. */
export function bytesLeftAt(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
