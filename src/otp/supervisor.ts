/**
 * Defines a supervisor: an actor that starts a fixed list of children and keeps them running, by
 * OTP's strategies.
 */
import { BadRequest } from "../core/errors.ts";
import type { Strategy } from "../core/strategies.ts";
import type { SupervisorProtocol } from "./children.ts";
import type { ActorDefinition, ChildSpec } from "./definition.ts";
import { defineSupervisor } from "./supervisor-behaviour.ts";

/** OTP's defaults: a second restart within 5 s is one too many. */
export const intensityDefault = 1;
export const periodMsDefault = 5_000;

export interface SupervisorOptions {
  readonly strategy: Strategy;
  /** Most restarts within `periodMs`; default 1. One more, and the supervisor itself ends. */
  readonly intensity?: number;
  /** Default 5,000. A longer one catches slower loops of failure, and remembers old ones longer. */
  readonly periodMs?: number;
  /** Started from left to right, stopped from right to left. */
  readonly children: readonly ChildSpec[];
  /** Registered for as long as the supervisor lives; default: none. */
  readonly name?: string;
}

/** @throws BadRequest when two children have one id. */
export function supervisor(options: SupervisorOptions): ActorDefinition<SupervisorProtocol> {
  const { strategy, children, intensity = intensityDefault, periodMs = periodMsDefault } = options;
  const ids = new Set<string>();
  for (const { id } of children) {
    if (ids.has(id)) throw new BadRequest(`two children have the id ${id}`);
    ids.add(id);
  }
  return defineSupervisor(options.name, {
    strategy,
    children,
    intensity,
    periodMs,
    dynamic: false,
  });
}
