/**
 * How an actor is to be started, as `worker`, `supervisor` and `dynamicSupervisor` make it. Opaque
 * here, so that the types of what starts actors do not depend on what actors are.
 */
import type { Protocol } from "./protocol.ts";

/** Types a definition by its actor's protocol. Never present at run time. */
declare const speaks: unique symbol;

/** Made by `worker`, `supervisor` or `dynamicSupervisor` alone. May be started any number of times. */
export interface ActorDefinition<P = Protocol> {
  readonly kind: "worker" | "supervisor";
  /** Registered for as long as the actor lives; default: none. */
  readonly name?: string | undefined;
  readonly [speaks]?: P;
}

/** How long an actor that is told to stop may take: ms, at once, or without end. */
export type Shutdown = number | "brutal_kill" | "infinity";

/** When a child is started again: always; after an abnormal exit; never (OTP's names). */
export type Restart = "permanent" | "transient" | "temporary";

/** One child of a supervisor. */
export interface ChildSpec<P = Protocol> {
  /** Unique among its siblings; the last part of the child's path. */
  readonly id: string;
  readonly start: ActorDefinition<P>;
  /** Default `permanent`. */
  readonly restart?: Restart;
  /** Default: 5,000 ms for a worker, `infinity` for a supervisor, as its children have their own. */
  readonly shutdown?: Shutdown;
}

/** OTP's default for workers. */
const workerShutdownMs = 5_000;

/** The shutdown that applies when nothing else is said. */
export function shutdownDefault(kind: ActorDefinition["kind"]): Shutdown {
  return kind === "supervisor" ? "infinity" : workerShutdownMs;
}
