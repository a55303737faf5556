/**
 * The audit log: JSON lines in `DATA/audit.log`, for the node's user alone. It is bounded: a full file
 * becomes `audit.log.1` and so on, and the oldest goes.
 */
import { appendFileSync, chmodSync, renameSync } from "node:fs";
import type { Audit } from "../core/audit.ts";
import type { Clock, TimerHandle, Timers } from "../core/env.ts";
import type { Log } from "../core/log.ts";
import { makeRoom, sizeOf } from "./old-files.ts";
import {
  addRefusal,
  type CountedEvent,
  endWindow,
  noRefusals,
  type RefusalWindow,
  windowMs,
} from "./refusal-window.ts";

export interface AuditFileOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Bytes after which a file is full; default 4 MiB. */
  readonly fileBytesMax?: number;
  /** Full files that are kept; default 4. */
  readonly filesKept?: number;
}

export interface AuditFile extends Audit {
  /** Writes what was gathered. */
  close(): void;
}

/** Appends to what is there. A disk that refuses is told in the node's log. */
export function openAuditFile(path: string, options: AuditFileOptions): AuditFile {
  const { clock, timers, log, fileBytesMax = 4 * 1024 * 1024, filesKept = 4 } = options;
  let bytes = sizeOf(path);
  let window: RefusalWindow = noRefusals;
  let timer: TimerHandle | undefined;

  function write(event: CountedEvent): void {
    const line = `${JSON.stringify({ time: new Date(clock.wall()).toISOString(), ...event })}\n`;
    try {
      if (bytes >= fileBytesMax) {
        makeRoom(path, filesKept);
        renameSync(path, `${path}.1`);
        bytes = 0;
      }
      // At once: it is rare, and what a node does last must be there when it is killed.
      appendFileSync(path, line, { mode: 0o600 });
      bytes += Buffer.byteLength(line);
    } catch (error) {
      log.error("the audit log cannot be written", { path, error });
    }
  }

  function tellRest(): void {
    timer = undefined;
    for (const event of endWindow(window)) write(event);
    window = noRefusals;
  }

  if (bytes > 0) chmodSync(path, 0o600);
  return {
    record(event) {
      if (event.outcome !== "refused") return write(event);
      const step = addRefusal(window, event, clock.mono());
      window = step.window;
      for (const one of step.tell) write(one);
      timer ??= timers.set(windowMs, tellRest);
    },
    close() {
      if (timer !== undefined) timers.cancel(timer);
      tellRest();
    },
  };
}
