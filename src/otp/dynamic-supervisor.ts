/**
 * Defines a supervisor whose children come and go at run time, one for one: `startChild`,
 * `terminateChild`. What has ended for good is forgotten, so it holds only what runs.
 */
import type { SupervisorProtocol } from "./children.ts";
import type { ActorDefinition } from "./definition.ts";
import { intensityDefault, periodMsDefault } from "./supervisor.ts";
import { defineSupervisor } from "./supervisor-behaviour.ts";

export interface DynamicSupervisorOptions {
  /** Most restarts, of all children together, within `periodMs`; default 1. */
  readonly intensity?: number;
  /** Default 5,000. */
  readonly periodMs?: number;
  /** Registered for as long as the supervisor lives; default: none. */
  readonly name?: string;
}

/** Starts with no children. At its end all of them are stopped at once, not one after the other. */
export function dynamicSupervisor(
  options: DynamicSupervisorOptions = {},
): ActorDefinition<SupervisorProtocol> {
  const { intensity = intensityDefault, periodMs = periodMsDefault } = options;
  return defineSupervisor(options.name, {
    strategy: "one_for_one",
    children: [],
    intensity,
    periodMs,
    dynamic: true,
  });
}
