/**
 * Drives the life cycle of one instance by hand. For the tests of this folder.
 */
import { asServiceName } from "../../../src/core/ids.ts";
import type {
  Desired,
  InstanceEffect,
  InstanceEvent,
  InstanceState,
} from "../../../src/services/instance.ts";
import { begin, resume, step } from "../../../src/services/life-cycle.ts";
import { parseSpec } from "../../../src/services/spec.ts";

export const db = asServiceName("db");

export function desired(more: Partial<Desired> = {}, spec: object = {}): Desired {
  return {
    spec: parseSpec({ name: "web", provider: "bash", params: { command: "true" }, ...spec }),
    specStamp: "1",
    run: "running",
    runStamp: "1",
    restartStamp: "",
    removed: false,
    ...more,
  };
}

/** Drives one instance; wall clock and effects are kept. */
export class Driver {
  state: InstanceState;
  nowMs = 1_000_000;
  effects: readonly InstanceEffect[] = [];

  constructor(wanted: Desired) {
    this.state = begin(wanted, this.nowMs);
  }

  tell(...events: readonly InstanceEvent[]): this {
    for (const event of events) {
      const next = step(this.state, event, this.nowMs, () => 0);
      this.state = next.state;
      this.effects = next.effects;
    }
    return this;
  }

  /** The node crashed, and is back: only the status was kept. */
  crash(): this {
    this.state = resume(this.state.status, this.state.desired);
    return this;
  }

  want(more: Partial<Desired>): this {
    return this.tell({ kind: "desired", desired: { ...this.state.desired, ...more } });
  }

  /** Kinds of the last effects, the publishing aside. */
  get did(): readonly string[] {
    return this.effects.map(({ kind }) => kind).filter((kind) => kind !== "publish");
  }

  get phase(): string {
    return this.state.status.state;
  }
}

export const dbGone: InstanceEvent = {
  kind: "dependencies",
  waitingFor: [{ name: db, why: "is stopped" }],
};
export const ready: InstanceEvent = { kind: "dependencies", waitingFor: [] };

export function started(attempt: number): InstanceEvent {
  return { kind: "started", attempt, handle: { pid: 100 + attempt }, startedAt: 1_000_000 };
}

export function exited(attempt: number, code: number, atMs = 1_000_010): InstanceEvent {
  return { kind: "exited", attempt, exit: { kind: "exited", code }, atMs };
}

export function running(spec: object = {}): Driver {
  return new Driver(desired({}, spec)).tell(ready, started(1));
}
