/**
 * An instance amid all that can happen to it, with the invariants of its life cycle checked at every
 * step. For the property tests of this folder.
 */
import assert from "node:assert/strict";
import { noResources, type Resources } from "../../../src/core/resources.ts";
import type {
  Desired,
  Found,
  InstanceEffect,
  InstanceEvent,
} from "../../../src/services/instance.ts";
import type { InstanceStatus } from "../../../src/services/instance-status.ts";
import { begin, resume, step } from "../../../src/services/life-cycle.ts";
import { parseStatus } from "../../../src/services/record-parsers.ts";
import type { Exit } from "../../../src/services/restart-policy.ts";
import { parseSpec } from "../../../src/services/spec.ts";

/** What can happen to an instance: to its user, to its engine, to its node. */
export type Happening =
  | { kind: "deploy"; env: number; files: number; when: "always" | "on_error" | "none" }
  | { kind: "run" | "stop" | "restart" | "remove" | "timer" | "crash" | "engine" | "stale" }
  | { kind: "dependency"; isThere: boolean }
  | { kind: "health"; healthy: boolean | null }
  | { kind: "own-health"; healthy: boolean | null }
  | { kind: "pause"; isPaused: boolean }
  | { kind: "exit"; exit: Exit; whileDown: boolean }
  | { kind: "refuse" }
  | { kind: "room"; isThere: boolean }
  | { kind: "pass"; ms: number };

const intensity = { restarts: 3, withinMs: 60_000 };

function specOf(env: number, files: number, when: string): Desired["spec"] {
  return parseSpec({
    name: "web",
    provider: "bash",
    requires: ["db"],
    ...(files === 2 && { health: { tcp: { port: 80 } } }),
    env: { V: env },
    ...(env > 0 && { resources: { memory: `${env * 100}MB` } }),
    logs: { files },
    restart: { policy: when, intensity: { restarts: intensity.restarts, within: "60s" } },
  });
}

/** An instance between a user, an engine that runs one task at most, and a node that crashes. */
export class World {
  nowMs = 1_000_000;
  state = begin(
    {
      spec: specOf(0, 1, "always"),
      specStamp: "0",
      run: "running",
      runStamp: "0",
      restartStamp: "",
      removed: false,
    },
    this.nowMs,
  );
  stamps = 0;
  published: InstanceStatus = this.state.status;
  attempt = 0;
  /** What the engine has been told to do, and has not done. */
  asked: (InstanceEffect & { kind: "start" | "stop" })[] = [];
  /** The newest task: running, or ended and not yet told. */
  task: { attempt: number; exit?: Exit; atMs: number } | undefined;
  timerSet = false;
  removedAt: number | undefined;
  policyStarts: number[] = [];
  /** What its node keeps for it, or was asked for and has not answered. */
  room: { readonly has?: Resources; readonly asked?: Resources } = {};

  tell(event: InstanceEvent): void {
    const before = this.state;
    const { state, effects } = step(before, event, this.nowMs, () => 0.5);
    if (event.kind === "timer") this.timerSet = false;
    this.state = state;
    for (const effect of effects) this.check(effect, before.status, before.desired);
    assert.ok(state.status.attempt >= before.status.attempt, "an attempt went down");
    if (!state.adopting && !state.removing) {
      const { state: phase, retryAt = 0 } = state.status;
      const isTimed = phase === "backing-off" && retryAt > this.nowMs; // Else it waits for others, or for room.
      assert.equal(this.timerSet, isTimed, "a timer astray");
    }
    assert.deepEqual(this.published, state.status, "a change was not published");
    const isPaused = state.status.pausedAt !== undefined;
    assert.ok(!isPaused || state.status.state === "running", "paused, and does not run");
  }

  check(effect: InstanceEffect, before: InstanceStatus, was: Desired): void {
    const { desired, status } = this.state;
    assert.equal(this.removedAt, undefined, "something was done after the removal");
    switch (effect.kind) {
      case "publish":
        this.published = effect.status;
        return;
      case "start": {
        assert.ok(effect.attempt > this.attempt, "an attempt was repeated");
        assert.equal(this.task, undefined, "started beside a task");
        assert.equal(this.asked.length, 0, "started before the last was settled");
        assert.deepEqual(
          this.room.has ?? noResources,
          effect.spec.resources,
          "started without room",
        );
        assert.ok(desired.run === "running" && !desired.removed, "started what is to stop");
        this.attempt = effect.attempt;
        this.asked.push(effect);
        if (status.restarts > before.restarts) this.checkIntensity();
        else this.policyStarts = [];
        return;
      }
      case "stop":
        assert.equal(effect.attempt, this.attempt, "stopped another task");
        this.asked.push(effect);
        return;
      case "setTimer":
        assert.ok(!this.timerSet && effect.ms >= 0 && effect.ms <= 60_000);
        this.timerSet = true;
        return;
      case "cancelTimer":
        assert.ok(this.timerSet, "cancelled a timer that is not set");
        this.timerSet = false;
        return;
      case "reserve":
        assert.equal(this.task, undefined, "asked for room beside a task");
        this.room = { asked: effect.resources };
        return;
      case "hold":
        this.room = { has: effect.resources };
        return;
      case "release":
        assert.equal(this.task, undefined, "gave back the room of a task");
        this.room = {};
        return;
      case "remove":
        assert.ok(desired.removed || was.removed);
        assert.equal(this.task, undefined, "removed before the task had ended");
        this.removedAt = this.nowMs;
        return;
    }
  }

  checkIntensity(): void {
    this.policyStarts.push(this.nowMs);
    const recent = this.policyStarts.filter((at) => this.nowMs - at < intensity.withinMs);
    assert.ok(recent.length <= intensity.restarts, "restarted more often than the policy allows");
  }

  want(more: Partial<Desired>): void {
    this.tell({ kind: "desired", desired: { ...this.state.desired, ...more } });
  }

  nextStamp(): string {
    this.stamps += 1;
    return String(this.stamps);
  }

  /** The engine does the oldest thing that it was asked for. */
  engine(refuses = false): void {
    const effect = this.asked.shift();
    if (effect?.kind === "start") {
      const { attempt } = effect;
      if (refuses) {
        this.tell({ kind: "start_failed", attempt, error: "refused" });
        return;
      }
      this.task = { attempt, atMs: this.nowMs };
      this.tell({ kind: "started", attempt, handle: { pid: 7 }, startedAt: this.nowMs });
    } else if (effect?.kind === "stop") {
      if (this.task?.attempt === effect.attempt) this.exit({ kind: "signaled", signal: "SIGTERM" });
      this.tell({ kind: "stopped", attempt: effect.attempt });
    }
  }

  /** Its node answers what it was asked for, if anything. */
  answerRoom(isThere: boolean): void {
    const { asked: resources } = this.room;
    if (resources === undefined) return;
    this.room = isThere ? { has: resources } : { asked: resources };
    this.tell({ kind: "room", resources, ...(!isThere && { refusal: "has too little memory" }) });
  }

  exit(exit: Exit): void {
    if (this.task === undefined) return;
    const { attempt } = this.task;
    this.task = undefined;
    this.tell({ kind: "exited", attempt, exit, atMs: this.nowMs });
  }

  /** The node is killed and comes back; what it had asked for may or may not have been done. */
  crash(exit?: Exit): void {
    const asked = this.asked.shift();
    this.asked = [];
    if (asked?.kind === "start" && this.nowMs % 2 === 0) {
      this.task = { attempt: asked.attempt, atMs: this.nowMs };
    }
    this.timerSet = false;
    this.room = {};
    const { task } = this;
    let found: Found = { kind: "nothing" };
    if (task !== undefined && exit !== undefined) {
      found = { kind: "gone", attempt: task.attempt, exit, atMs: this.nowMs };
      this.task = undefined;
    } else if (task !== undefined) {
      found = { kind: "running", attempt: task.attempt, handle: { pid: 7 }, startedAt: task.atMs };
    }
    if (this.removedAt !== undefined) return;
    this.state = resume(readAgain(this.published), this.state.desired);
    this.tell({ kind: "adopted", found });
  }
}

/** As another life of the node reads it: through the store and its parser. */
function readAgain(status: InstanceStatus): InstanceStatus {
  const record = { service: "web", instance: "0123456789abcdef", uid: "0123456789abcdef" };
  const text = JSON.stringify({ ...record, node: "0123456789abcdef", status });
  return parseStatus(JSON.parse(text)).status;
}

export function happen(world: World, what: Happening): void {
  switch (what.kind) {
    case "deploy": {
      const stamp = world.nextStamp();
      const spec = specOf(what.env, what.files, what.when);
      world.want({ spec, specStamp: stamp, run: "running", runStamp: stamp });
      return;
    }
    case "run":
      world.want({ run: "running", runStamp: world.nextStamp() });
      return;
    case "stop":
      world.want({ run: "stopped", runStamp: world.nextStamp() });
      return;
    case "restart":
      world.want({ restartStamp: world.nextStamp() });
      return;
    case "remove":
      world.want({ removed: true });
      return;
    case "dependency": {
      const [db] = world.state.desired.spec.requires;
      const waitingFor = what.isThere || db === undefined ? [] : [{ name: db, why: "is away" }];
      world.tell({ kind: "dependencies", waitingFor });
      return;
    }
    case "timer":
      if (!world.timerSet) return;
      world.nowMs += 60_000;
      world.tell({ kind: "timer", timer: "restart" });
      return;
    case "crash":
      world.crash();
      return;
    case "health": {
      const { attempt } = world.state.status;
      const why = what.healthy === true ? {} : { why: "tcp port 80: connection refused" };
      world.tell({ kind: "health", attempt, healthy: what.healthy, ...why });
      return;
    }
    case "own-health": {
      const { attempt } = world.state.status;
      world.tell({ kind: "own-health", attempt, health: { healthy: what.healthy } });
      return;
    }
    case "pause": {
      const { attempt } = world.state.status;
      world.tell({ kind: "paused", attempt, isPaused: what.isPaused });
      return;
    }
    case "exit":
      if (what.whileDown) world.crash(what.exit);
      else world.exit(what.exit);
      return;
    case "engine":
      world.engine();
      return;
    case "refuse":
      world.engine(true);
      return;
    case "room":
      world.answerRoom(what.isThere);
      return;
    case "pass":
      world.nowMs += what.ms;
      return;
    case "stale": {
      const attempt = world.state.status.attempt - 1;
      world.tell({ kind: "started", attempt, handle: {}, startedAt: 0 });
      world.tell({ kind: "exited", attempt, exit: { kind: "exited", code: 1 }, atMs: 0 });
      world.tell({ kind: "start_failed", attempt, error: "late" });
      world.tell({ kind: "stopped", attempt });
      return;
    }
  }
}

/** Lets everything that is under way come to its end. */
export function comeToRest(world: World): void {
  for (let i = 0; i < 20; i++) {
    world.answerRoom(true);
    world.engine();
    happen(world, { kind: "timer" });
  }
}
