/**
 * Defines a worker: an actor with code of its own, and no children.
 */
import { Blueprint, erase } from "./blueprint.ts";
import type { ActorDefinition } from "./definition.ts";
import type { Behaviour } from "./gen-server.ts";
import type { Protocol } from "./protocol.ts";

export interface WorkerOptions<State, P extends Protocol, Info> {
  /** Called once a life, so that nothing of a crashed life is left in the next. */
  readonly behaviour: () => Behaviour<State, P, Info>;
  /** Registered for as long as the actor lives; default: none. */
  readonly name?: string;
  /** Messages waiting before it refuses; default 10,000. Fewer refuse earlier and hold less memory. */
  readonly mailboxMax?: number;
}

/** A worker, typed by its protocol. */
export function worker<State, P extends Protocol, Info = never>(
  options: WorkerOptions<State, P, Info>,
): ActorDefinition<P> {
  return new Blueprint({
    kind: "worker",
    name: options.name,
    mailboxMax: options.mailboxMax,
    create: () => erase(options.behaviour()),
  });
}
