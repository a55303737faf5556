/**
 * A container's log, as Podman keeps it in a file: read there, since what Podman's API tells to whoever
 * follows it has gaps once a container writes much. A line is `TIME STREAM P|F TEXT`, P being a part of a
 * line. The format is Kubernetes' (its design note "CRI: Log management for container stdout/stderr").
 */
import { open } from "node:fs/promises";
import { watchOutput } from "../../keeper/output-watch.ts";
import type { LogPiece, LogSource } from "../docker/log-source.ts";

/** Bytes read at a time: many lines, which conmon cuts at 8 KiB. */
const blockBytes = 1 << 20;
const newline = 10;
const space = 32;
const full = "F".charCodeAt(0);

/** A position is an offset in the file. */
export function logFile(path: string): LogSource<number> {
  return {
    parse: (stored) => (Number.isSafeInteger(stored) ? Number(stored) : undefined),
    async *read(from = 0, follow, signal): AsyncIterable<LogPiece<number>> {
      const file = await open(path, "r");
      const growth = new Growth(path, signal);
      try {
        for (let at = from; ; ) {
          const block = Buffer.allocUnsafe(blockBytes);
          const { bytesRead } = await file.read(block, 0, blockBytes, at);
          const lines = block.subarray(0, block.subarray(0, bytesRead).lastIndexOf(newline) + 1);
          if (lines.length > 0) {
            at += lines.length;
            yield { bytes: textOf(lines), position: at };
          } else if (bytesRead === blockBytes) throw new RangeError(`${path} has no lines`);
          else if (!follow || signal.aborted) return;
          else await growth.more();
        }
      } finally {
        growth.stop();
        await file.close();
      }
    },
  };
}

/** What the container wrote, of whole lines of its log. */
export function textOf(lines: Buffer): Buffer {
  const texts: Buffer[] = [];
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf(newline, from);
    const tag = lines.indexOf(space, lines.indexOf(space, from) + 1) + 1;
    texts.push(lines.subarray(tag + 2, lines[tag] === full ? end + 1 : end));
    from = end + 1;
  }
  return Buffer.concat(texts);
}

/** Waits for a file to grow. */
class Growth {
  readonly stop: () => void;
  #hasGrown = false;
  #tell: () => void = () => {};

  /** @param signal ends every wait */
  constructor(path: string, signal: AbortSignal) {
    const grown = () => {
      this.#hasGrown = true;
      this.#tell();
    };
    const unwatch = watchOutput(path, grown);
    signal.addEventListener("abort", grown);
    this.stop = () => {
      unwatch();
      signal.removeEventListener("abort", grown);
    };
  }

  /** Resolves when the file has grown since the last call, or the wait is over. */
  async more(): Promise<void> {
    if (!this.#hasGrown) {
      await new Promise<void>((resolve) => {
        this.#tell = resolve;
      });
    }
    this.#hasGrown = false;
  }
}
