/**
 * What a running actor needs of its system, and the system does not show to everyone.
 */
import type { Env } from "../core/env.ts";
import type { ActorSystem } from "./actor-system.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { Cancel } from "./gen-server.ts";
import type { ActorRef, Address, Target } from "./ref.ts";
import type { Registered, Registry } from "./registry.ts";
import type { Watcher } from "./ties.ts";
import type { Tracers } from "./tracers.ts";
import type { Turns } from "./turns.ts";

/** Told for each crash, also of an `init` and of a `terminate`. */
export interface CrashReport {
  readonly ref: ActorRef;
  /** What was thrown, as it was. */
  readonly error: unknown;
  readonly reason: ExitReason;
  /** A method's name, `init`, `info` or `terminate`. */
  readonly during: string;
  /** Wall clock, ms since 1970. */
  readonly at: number;
}

export interface Kernel<Actor extends Registered> {
  readonly env: Env;
  readonly system: ActorSystem;
  readonly registry: Registry<Actor>;
  readonly turns: Turns;
  readonly tracers: Tracers;
  /** Never twice the same within a system: serials and monitors. */
  nextId(): number;
  /** The running actor that is meant, if it is of this node. */
  find(target: Target<unknown>): Actor | undefined;
  addressOf(target: Target<unknown>): Address;
  /** Tells `watcher` once when the target, wherever it is, has ended. */
  watch(address: Address, watcher: Watcher): Cancel;
  report(crash: CrashReport): void;
}
