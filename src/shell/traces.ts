/** The traces of one shell: each runs on its own, and prints what comes while one types on. */
import type { Attachment, Trace, TraceWish } from "../client/attachment.ts";
import { messageOf } from "../core/errors.ts";
import { formatTraceEnd, formatTraceRecord } from "./actor-views.ts";
import type { Paint } from "./style.ts";

/** Writes lines so that what is being typed stays whole. */
export type Tell = (lines: string) => void;

export interface Traced {
  readonly node: string;
  readonly path: string;
}

export class Traces {
  readonly #attachment: Attachment;
  readonly #tell: Tell;
  readonly #paint: Paint;
  /** By the name that was given, and the path. */
  readonly #running = new Map<Trace, readonly string[]>();

  constructor(attachment: Attachment, tell: Tell, paint: Paint) {
    this.#attachment = attachment;
    this.#tell = tell;
    this.#paint = paint;
  }

  /** Resolves once the trace is on. @throws what the node refuses */
  async start(wish: TraceWish): Promise<Traced> {
    const trace = await this.#attachment.trace(wish);
    this.#running.set(trace, [wish.target, trace.path]);
    void this.#show(trace, wish.target); // Never rejects.
    const { node, path } = trace;
    return { node, path };
  }

  /** Ends those of an actor, or all. Returns which. */
  stop(target?: string): Traced[] {
    const meant = [...this.#running].filter(
      ([, names]) => target === undefined || names.includes(target),
    );
    return meant.map(([trace]) => {
      this.#running.delete(trace);
      trace.stop();
      return { node: trace.node, path: trace.path };
    });
  }

  async #show(trace: Trace, of: string): Promise<void> {
    try {
      for await (const records of trace.records) {
        this.#tell(records.map((record) => formatTraceRecord(record, of, this.#paint)).join(""));
      }
      const why = trace.ended();
      if (why !== undefined) this.#tell(formatTraceEnd(of, why));
    } catch (error) {
      this.#tell(formatTraceEnd(of, messageOf(error)));
    } finally {
      this.#running.delete(trace);
    }
  }
}
