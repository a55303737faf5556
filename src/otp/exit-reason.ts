/**
 * Why an actor ended, as plain data. The kinds are Erlang's exit reasons: `normal`, `shutdown`,
 * `{shutdown, Detail}`, `killed`, an error, and what monitors make up: `noproc`, `noconnection`.
 */
import { type ErrorShape, errorShape } from "../core/errors.ts";

export type ExitReason =
  | { readonly kind: "normal" }
  | { readonly kind: "shutdown"; readonly detail?: string }
  /** Cut off without a chance to react: by `kill`, or by a shutdown that took too long. */
  | { readonly kind: "killed" }
  | { readonly kind: "crashed"; readonly error: ErrorShape }
  /** There was no such actor when the monitor or link was made. */
  | { readonly kind: "noproc" }
  /** Its node could not be reached, or was declared dead. */
  | { readonly kind: "noconnection"; readonly detail?: string };

export const normal: ExitReason = { kind: "normal" };
export const shutdown: ExitReason = { kind: "shutdown" };
export const killed: ExitReason = { kind: "killed" };
export const noproc: ExitReason = { kind: "noproc" };

/** Erlang's `{shutdown, Detail}`: an orderly end that says why. */
export function shutdownWith(detail: string): ExitReason {
  return { kind: "shutdown", detail };
}

/** The reason of an actor whose code threw `error`. */
export function crashed(error: unknown): ExitReason {
  return { kind: "crashed", error: errorShape(error) };
}

/** Whether a transient child that ended so is started again (OTP: not normal, not shutdown). */
export function isAbnormal(reason: ExitReason): boolean {
  return reason.kind !== "normal" && reason.kind !== "shutdown";
}

/** For messages to people. */
export function showReason(reason: ExitReason): string {
  switch (reason.kind) {
    case "crashed":
      return `crashed: ${reason.error.message}`;
    case "shutdown":
    case "noconnection":
      return reason.detail === undefined ? reason.kind : `${reason.kind}: ${reason.detail}`;
    case "normal":
    case "killed":
    case "noproc":
      return reason.kind;
  }
}
