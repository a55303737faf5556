/**
 * The traces of one system, by the place in the tree that they look at: a trace of a place goes on
 * through every life of the actor there, so a crash and the restart after it are seen.
 */
import type { Clock } from "../core/env.ts";
import type { TraceOptions } from "./inspection.ts";
import { Tracer } from "./tracer.ts";

/** The actor that has the place now. */
interface Traced {
  readonly ref: { readonly path: string };
  readonly loop: { tracer: Tracer | undefined };
  readonly behaviour: { readonly secret?: readonly string[] };
}

export class Tracers {
  private readonly clock: Clock;
  private readonly byPath = new Map<string, Tracer>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** What a new life at that place is shown to. */
  at(path: string): Tracer | undefined {
    return this.byPath.get(path);
  }

  /** Replaces the trace that is there, which is told. `find`: who has the place now. */
  start(actor: Traced, options: TraceOptions, find: (path: string) => Traced | undefined) {
    const { path } = actor.ref;
    const onEnd: NonNullable<TraceOptions["onEnd"]> = (why) => {
      forget();
      options.onEnd?.(why);
    };
    const tracer = new Tracer(path, this.clock, { ...options, onEnd }, actor.behaviour.secret);
    const forget = () => {
      if (this.byPath.get(path) === tracer) this.byPath.delete(path);
      const holder = find(path)?.loop;
      if (holder?.tracer === tracer) holder.tracer = undefined;
    };
    this.byPath.get(path)?.end("replaced");
    this.byPath.set(path, tracer);
    actor.loop.tracer = tracer;
    return () => {
      tracer.isOver = true;
      forget();
    };
  }
}
