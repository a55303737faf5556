/**
 * Runs the life cycle of one instance: feeds the pure machine with what is wanted, what is waited for
 * and what becomes of the task, and carries out its effects through the provider. A crash of this
 * actor never touches the task: its next life adopts it.
 */
import type { Random, Timers } from "../core/env.ts";
import { Conflict, messageOf } from "../core/errors.ts";
import {
  type Behaviour,
  type Caller,
  type Cancel,
  refuse,
  replyLater,
  type Self,
} from "../otp/gen-server.ts";
import type {
  InstanceEffect,
  InstanceEvent,
  InstanceState,
  TimerId,
} from "../services/instance.ts";
import { begin, resume, step } from "../services/life-cycle.ts";
import { untold } from "./engine-absence.ts";
import { dependenciesHere, desiredHere } from "./instance-view.ts";
import { names } from "./names.ts";
import { doubt } from "./provider-watch.ts";
import {
  type ProviderWorkerInfo,
  type ProviderWorkerOptions,
  type ProviderWorkerProtocol,
  parseSetPaused,
  type SetPaused,
} from "./provider-worker-protocol.ts";
import { RoomAsked } from "./room-asked.ts";
import { runningTask } from "./running-task.ts";
import { TaskChecks } from "./task-checks.ts";
import { TaskHolder } from "./task-holder.ts";
import { TaskWork } from "./task-work.ts";
import { ToldStatus } from "./told-status.ts";

/** Time between two attempts to learn from the engine what it has of the instance. */
const takeUpAgainMs = 5_000;

interface State {
  readonly self: Self<ProviderWorkerProtocol, ProviderWorkerInfo>;
  readonly options: ProviderWorkerOptions;
  machine: InstanceState;
  readonly random: Random;
  readonly holder: TaskHolder;
  /** What was told of an engine that does not answer. */
  whyNotTakenUp: string | undefined;
  /** The engine has told what it has of the instance: before that, nothing is done. */
  isTakenUp: boolean;
  readonly work: TaskWork;
  readonly told: ToldStatus;
  readonly timers: Map<TimerId, Cancel>;
  readonly checks: TaskChecks;
  readonly room: RoomAsked;
  /** What it was, and was told of, when all was last found to be in order; undefined: something is not. */
  inOrder: { readonly catalogVersion: number; readonly machine: InstanceState } | undefined;
}

export function providerWorker(
  options: ProviderWorkerOptions,
): Behaviour<State, ProviderWorkerProtocol, ProviderWorkerInfo> {
  return {
    init: (self) => start(self, options),
    handlers: { task, setPaused },
    remote: { setPaused: parseSetPaused },
    info(state, message) {
      if (message.type !== "DOWN" && message.type !== "EXIT") react(state, message);
      return state;
    },
    async terminate(state) {
      await state.work.done();
      state.holder.release();
    },
    describe: ({ machine }) => machine.status,
  };
}

function start(self: State["self"], options: ProviderWorkerOptions): State {
  const { catalog, placement } = options;
  const { instance } = placement;
  const desired = desiredHere(catalog, placement, options.desired);
  const held = catalog.status(instance);
  const wallMs = self.env.clock.wall();
  const { type } = options.provider;
  const work = new TaskWork({ self, instance, provider: type, turns: options.work });
  const state: State = {
    self,
    options,
    machine: held === undefined ? begin(desired, wallMs) : resume(held, desired),
    random: self.env.random(`life-cycle/${instance}`),
    holder: new TaskHolder({
      instance,
      provider: options.provider,
      ports: options.ports,
      volumes: options.volumes,
      log: self.log,
      tell: (event) => self.tell({ type: "event", event }),
      failed: (error) => doubt(self.system, type, error),
      wait: (ms, unless) => wait(self.env.timers, ms, unless),
      isOver: () => work.hasEnded,
    }),
    whyNotTakenUp: undefined,
    isTakenUp: false,
    work,
    told: new ToldStatus(options, self.system),
    timers: new Map(),
    checks: new TaskChecks(self, instance, options.healthChecker),
    room: new RoomAsked(instance, (message) => self.system.tell(names.ledger, message)),
    inOrder: undefined,
  };
  self.tell({ type: "take-up" });
  return state;
}

function task(state: State) {
  const { machine, options } = state;
  const running = runningTask(options.placement.instance, machine);
  if (running !== undefined)
    return [state, { ...running, provider: options.provider.type }] as const;
  const { state: phase, reason } = machine.status;
  return refuse(
    state,
    new Conflict(`it does not run: it is ${phase}${reason ? `, ${reason}` : ""}`),
  );
}

/** In its turn: a task that is being ended, or started, is not what was meant. */
function setPaused(state: State, { isPaused }: SetPaused, caller: Caller<"done">) {
  const { work, holder } = state;
  work.addFor(caller, async () => {
    const { adopting, status } = state.machine;
    if (work.hasEnded || adopting || status.state !== "running") {
      throw new Conflict(`it does not run: it is ${status.state}`);
    }
    await holder.setPaused(status.attempt, isPaused);
  });
  return [state, replyLater] as const;
}

function react(state: State, message: ProviderWorkerInfo): void {
  switch (message.type) {
    case "look":
      look(state);
      return;
    case "repair":
      repair(state);
      return;
    case "event":
      feed(state, message.event);
      return;
    case "checker-ready":
      state.checks.begun(state.machine);
      return;
    case "take-up":
      state.work.add(() => takeUp(state));
      return;
    case "taken-up":
      state.isTakenUp = true;
      if (state.machine.adopting || message.found.kind !== "nothing") {
        feed(state, { kind: "adopted", found: message.found });
      }
      state.room.giveBack(state.machine);
      look(state);
      if (state.whyNotTakenUp !== undefined) tellAgain(state);
      return;
  }
}

/** An engine that does not answer is asked again. Until then what was last told of the instance stands, with why. */
async function takeUp(state: State): Promise<void> {
  const { self, options, holder, machine } = state;
  try {
    const { ports = {}, attempt } = machine.status;
    self.tell({ type: "taken-up", found: await holder.takeUp(ports, attempt) });
  } catch (error) {
    self.log.warn("an instance cannot be taken up yet", { error });
    self.sendAfter(takeUpAgainMs, { type: "take-up" });
    doubt(self.system, options.provider.type, error);
    const reason = `${untold}: ${messageOf(error)}`;
    if (state.whyNotTakenUp === reason) return;
    state.whyNotTakenUp = reason;
    state.told.tell({ ...machine.status, reason });
  }
}

/** Does again what may have been lost. Of a task that runs, while nothing changes, that is nothing. */
function repair(state: State): void {
  const { catalog } = state.options;
  const { inOrder } = state;
  const isAsBefore = catalog.version === inOrder?.catalogVersion;
  if (isAsBefore && state.machine === inOrder.machine) return;
  state.room.askAgain(state.machine);
  const { status } = state.machine;
  const isTold = tellAgain(state);
  state.told.confirmAnew();
  look(state);
  const { machine } = state;
  const isSame = machine.status === status && status.state === "running";
  const isAsking = machine.asking !== undefined;
  const isAsked = state.told.askedUnder !== undefined;
  const isInOrder = isTold && isSame && !isAsking && !isAsked;
  state.inOrder = isInOrder ? { catalogVersion: catalog.version, machine } : undefined;
}

/** Compares what is wanted, and waited for, with what the machine was told. */
function look(state: State): void {
  if (!state.isTakenUp) return;
  const { options, machine } = state;
  const desired = desiredHere(options.catalog, options.placement, machine.desired);
  feed(state, { kind: "desired", desired });
  const { startedWith = {} } = state.machine.status;
  feed(state, dependenciesHere(options, desired, startedWith));
  state.told.confirm(state.machine.status);
}

/** Whether what was told, and may have been lost on its way, was not. */
function tellAgain({ told, machine, isTakenUp }: State): boolean {
  told.repeatGone();
  return isTakenUp && !machine.removing && told.repeat(machine.status);
}

function feed(state: State, event: InstanceEvent): void {
  const wallMs = state.self.env.clock.wall();
  const { state: machine, effects } = step(state.machine, event, wallMs, state.random);
  state.machine = machine;
  for (const effect of effects) carryOut(state, effect);
  state.checks.follow(machine);
}

function carryOut(state: State, effect: InstanceEffect): void {
  switch (effect.kind) {
    case "publish":
      state.told.tell(effect.status);
      return;
    case "start":
      state.work.add(() => state.holder.start(effect));
      // After the start, which must not wait for it. Where a crash comes first, `takeUp` does it.
      if (effect.attempt > 1) {
        state.work.add(() => state.holder.forget(effect.attempt - 1));
      }
      return;
    case "stop":
      state.work.add(() => state.holder.stop(effect));
      return;
    case "setTimer":
      setTimer(state, effect.timer, effect.ms);
      return;
    case "reserve":
      state.room.ask(state.machine, effect.resources);
      return;
    case "hold":
      state.room.hold(effect.resources);
      return;
    case "release":
      state.room.release();
      return;
    case "cancelTimer":
      state.timers.get(effect.timer)?.();
      state.timers.delete(effect.timer);
      return;
    case "remove":
      state.work.add(async () => {
        await state.holder.remove();
        state.told.tellGone();
      });
      return;
  }
}

function setTimer(state: State, timer: TimerId, ms: number): void {
  state.timers.get(timer)?.();
  const fired: ProviderWorkerInfo = { type: "event", event: { kind: "timer", timer } };
  state.timers.set(timer, state.self.sendAfter(ms, fired));
}

function wait(timers: Timers, ms: number, unless: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = timers.set(ms, resolve);
    void unless.then(() => {
      timers.cancel(timer);
      resolve();
    });
  });
}
