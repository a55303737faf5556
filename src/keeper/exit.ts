/**
 * How a kept task ended, and the one word that says so in the name of its exit record. A name is
 * made whole or not at all and needs no room on a full disk, so nobody ever reads half an exit.
 */
import { constants } from "node:os";

/**
 * How a task ended. `unknown`: it is gone and nothing recorded how (its keeper was killed with it).
 * `reason` of a signal: why it was sent, where that is known: `out of memory`.
 */
export type Exit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string; readonly reason?: string }
  | { readonly kind: "unknown"; readonly reason: string };

/** An exit, and when it was: wall clock in ms. */
export interface RecordedExit {
  readonly exit: Exit;
  readonly atMs: number;
}

/** Ends that no shim recorded: its keeper was killed, the machine went down, it never began. */
export type LostStatus = "lost" | "rebooted" | "cancelled";

const reasons: Readonly<Record<LostStatus, string>> = {
  lost: "the process that kept it was killed",
  rebooted: "the machine restarted",
  cancelled: "it was never started",
};

const signalNames = new Map(Object.entries(constants.signals).map(([name, no]) => [no, name]));

/**
 * The exit that `status` tells: a shell's `$?` in decimal or a `LostStatus`. As every shell does,
 * a code of 128 + n is taken for signal n where there is one; a task that exits 137 by itself
 * looks killed. Undefined for anything else.
 */
export function parseExitStatus(status: string): Exit | undefined {
  if (status === "lost" || status === "rebooted" || status === "cancelled") return lostExit(status);
  if (!/^\d{1,3}$/.test(status)) return undefined;
  const code = Number(status);
  const signal = signalNames.get(code - 128);
  return signal === undefined ? { kind: "exited", code } : { kind: "signaled", signal };
}

export function lostExit(status: LostStatus): Exit {
  return { kind: "unknown", reason: reasons[status] };
}
