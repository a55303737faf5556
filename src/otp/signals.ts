/**
 * What an actor hears of another's end, through its `info`: a `DOWN` for a monitor, an `EXIT` for a
 * link when it traps exits.
 */
import type { ExitReason } from "./exit-reason.ts";
import type { ActorRef, Address } from "./ref.ts";

/** Names one monitor of one actor system. */
export type MonitorId = number;

/** Comes exactly once for each monitor that was not taken back. */
export interface Down {
  readonly type: "DOWN";
  readonly monitor: MonitorId;
  /** As given to `monitor`; a bare name is completed with its node. */
  readonly target: Address;
  readonly reason: ExitReason;
}

/** An exit signal turned into a message, for an actor that traps exits. */
export interface ExitSignal {
  readonly type: "EXIT";
  readonly from: ActorRef<unknown>;
  readonly reason: ExitReason;
}
