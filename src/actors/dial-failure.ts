/** Why no connection came about, for membership and for people. */
import { MobError, messageOf, Unreachable } from "../core/errors.ts";
import type { DialFailure } from "../membership/events.ts";
import { DialRefused } from "../transport/transport.ts";
import { WireError } from "../wire/errors.ts";

/** What membership makes of it. */
export function dialFailure(error: unknown): DialFailure {
  return error instanceof DialRefused ? "refused" : "unreachable";
}

/** The error to show of a connection with `remote`. */
export function dialError(remote: string, error: unknown): MobError {
  if (error instanceof WireError) {
    const answer = "what answers there is no node that this one can talk to";
    return new Unreachable(`${remote}: ${answer}`, { cause: error });
  }
  if (error instanceof MobError) return error;
  return new Unreachable(`${remote} cannot be reached: ${messageOf(error)}`);
}
