/**
 * Runs the life cycle of one instance: feeds the pure machine with what is wanted, what is waited for
 * and what becomes of the task, and carries out its effects through the provider. A crash of this
 * actor never touches the task: its next life adopts it.
 */
import type { Random } from "../core/env.ts";
import { messageOf, NotFound } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import type { Behaviour, Cancel, Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { FoundTask, Provider, Task } from "../providers/provider.ts";
import { type Waiting, waitingFor } from "../services/dependencies.ts";
import type {
  Desired,
  Found,
  InstanceEffect,
  InstanceEvent,
  InstanceState,
  TimerId,
} from "../services/instance.ts";
import type { InstanceStatus } from "../services/instance-status.ts";
import { begin, resume, step } from "../services/life-cycle.ts";
import type { PlacementRecord } from "../services/records.ts";
import type { Catalog } from "./catalog.ts";
import { names } from "./names.ts";

export interface ProviderWorkerOptions {
  readonly instance: InstanceId;
  readonly catalog: Catalog;
  readonly provider: Provider;
  readonly publish: PublishStatus;
}

/**
 * Makes the status of an instance known to the network; undefined: it is gone. Not waited for: a
 * later one makes up for a lost one.
 */
export type PublishStatus = (
  placement: Pick<PlacementRecord, "service" | "instance" | "uid">,
  status: InstanceStatus | undefined,
) => void;

export type ProviderWorkerInfo =
  /** Something that this instance depends on may have changed in the catalog. */
  { readonly type: "look" } | { readonly type: "event"; readonly event: InstanceEvent };

interface State {
  readonly self: Self<Protocol, ProviderWorkerInfo>;
  readonly options: ProviderWorkerOptions;
  /** What it was placed by, for as long as it lives: the record itself may be gone before it. */
  readonly placement: PlacementRecord;
  machine: InstanceState;
  readonly random: Random;
  task: Task | undefined;
  /** What is done with the engine, one thing after the other. Never rejects. */
  work: Promise<void>;
  readonly timers: Map<TimerId, Cancel>;
}

export function providerWorker(
  options: ProviderWorkerOptions,
): Behaviour<State, Protocol, ProviderWorkerInfo> {
  return {
    init: (self) => start(self, options),
    handlers: {},
    info(state, message) {
      if (message.type === "look") look(state);
      else if (message.type === "event") feed(state, message.event);
      return state;
    },
    async terminate(state) {
      await state.work;
      state.task?.release();
    },
    describe: ({ machine }) => machine.status,
  };
}

/** Takes up the instance where the catalog and the engine say that it is. */
async function start(
  self: Self<Protocol, ProviderWorkerInfo>,
  options: ProviderWorkerOptions,
): Promise<State> {
  const { catalog, instance, provider } = options;
  const desired = catalog.desired(instance);
  const placement = catalog.placementOf(instance);
  if (desired === undefined || placement === undefined) {
    throw new NotFound(`${instance} is not placed on this node`);
  }
  const held = catalog.status(instance);
  const wallMs = self.env.clock.wall();
  const state: State = {
    self,
    options,
    placement,
    machine: held === undefined ? begin(desired, wallMs) : resume(held, desired),
    random: self.env.random(`life-cycle/${instance}`),
    task: undefined,
    work: Promise.resolve(),
    timers: new Map(),
  };
  const tasks = (await provider.list(instance)).toSorted((a, b) => b.attempt - a.attempt);
  const [newest, ...older] = tasks;
  for (const { attempt } of older) await provider.forget(instance, attempt);
  if (held !== undefined || newest !== undefined) {
    feed(state, { kind: "adopted", found: await adopt(state, newest) });
  }
  look(state);
  return state;
}

async function adopt(state: State, newest: FoundTask | undefined): Promise<Found> {
  if (newest === undefined) return { kind: "nothing" };
  const { attempt, handle } = newest;
  const task = await state.options.provider.adopt(newest);
  if ("gone" in task) return { kind: "gone", attempt, exit: task.exit, atMs: task.atMs };
  hold(state, task, attempt);
  return { kind: "running", attempt, handle, startedAt: task.startedAt };
}

/** Compares what is wanted, and waited for, with what the machine was told. */
function look(state: State): void {
  const { catalog, instance } = state.options;
  const last = state.machine.desired;
  const desired: Desired = catalog.desired(instance) ?? { ...last, removed: true };
  feed(state, { kind: "desired", desired });
  const waiting: readonly Waiting[] = waitingFor(desired.spec.requires, catalog.phaseOf);
  feed(state, { kind: "dependencies", waitingFor: waiting });
}

function feed(state: State, event: InstanceEvent): void {
  const wallMs = state.self.env.clock.wall();
  const { state: machine, effects } = step(state.machine, event, wallMs, state.random);
  state.machine = machine;
  for (const effect of effects) carryOut(state, effect);
}

function carryOut(state: State, effect: InstanceEffect): void {
  switch (effect.kind) {
    case "publish":
      state.options.publish(state.placement, effect.status);
      return;
    case "start":
      enqueue(state, () => startTask(state, effect));
      return;
    case "stop":
      enqueue(state, () => stopTask(state, effect));
      return;
    case "setTimer":
      setTimer(state, effect.timer, effect.ms);
      return;
    case "cancelTimer":
      state.timers.get(effect.timer)?.();
      state.timers.delete(effect.timer);
      return;
    case "remove":
      enqueue(state, () => remove(state));
      return;
  }
}

async function startTask(
  state: State,
  { attempt, spec }: InstanceEffect & { kind: "start" },
): Promise<void> {
  const { provider, instance } = state.options;
  try {
    const context = { service: spec.name, attempt, env: spec.env, logs: spec.logs };
    if (attempt > 1) await provider.forget(instance, attempt - 1);
    const handle = await provider.start(instance, provider.parseParams(spec.params), context);
    const task = await provider.adopt({ instance, attempt, handle });
    if ("gone" in task) {
      event(state, { kind: "started", attempt, handle, startedAt: task.atMs });
      event(state, { kind: "exited", attempt, exit: task.exit, atMs: task.atMs });
      return;
    }
    hold(state, task, attempt);
    event(state, { kind: "started", attempt, handle: task.handle, startedAt: task.startedAt });
  } catch (error) {
    state.self.log.warn("a task could not be started", { attempt, error });
    event(state, { kind: "start_failed", attempt, error: messageOf(error) });
  }
}

async function stopTask(
  state: State,
  { attempt, signal, graceMs }: InstanceEffect & { kind: "stop" },
): Promise<void> {
  const { task } = state;
  if (task !== undefined) {
    await task.stop({ signal, graceMs });
    const { exit, atMs } = await task.exited;
    event(state, { kind: "exited", attempt, exit, atMs });
  }
  event(state, { kind: "stopped", attempt });
}

async function remove(state: State): Promise<void> {
  const { provider, instance, publish } = state.options;
  state.task?.release();
  state.task = undefined;
  await provider.remove(instance);
  publish(state.placement, undefined);
  state.self.system.tell(names.agent, { type: "removed", instance });
}

function hold(state: State, task: Task, attempt: number): void {
  state.task = task;
  void task.exited.then(({ exit, atMs }) => {
    if (state.task === task) event(state, { kind: "exited", attempt, exit, atMs });
  });
}

function setTimer(state: State, timer: TimerId, ms: number): void {
  state.timers.get(timer)?.();
  const fired: ProviderWorkerInfo = { type: "event", event: { kind: "timer", timer } };
  state.timers.set(timer, state.self.sendAfter(ms, fired));
}

function event(state: State, what: InstanceEvent): void {
  state.self.tell({ type: "event", event: what });
}

/** An error that the engine's code did not foresee crashes this actor, as any other would. */
function enqueue(state: State, work: () => Promise<void>): void {
  state.work = state.work.then(work).catch((error: unknown) => {
    state.self.log.error("work on a task failed", { error });
    state.self.stop({
      kind: "crashed",
      error: { code: "internal", message: messageOf(error), details: [] },
    });
  });
}
