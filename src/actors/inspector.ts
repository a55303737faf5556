/**
 * Shows the actors of this node to whoever asks, from any node, and does what may be done to them:
 * suspend, resume, restart, trace. What someone attached has begun ends with them: their session is
 * watched from here, wherever it is.
 */
import { Conflict, NotFound } from "../core/errors.ts";
import { NoSuchActor } from "../otp/errors.ts";
import {
  type Behaviour,
  type Caller,
  type Cancel,
  refuse,
  replyLater,
  type Self,
} from "../otp/gen-server.ts";
import type { ActorRef } from "../otp/ref.ts";
import { detailFacts, treeFacts } from "./actor-facts.ts";
import { type InspectorProtocol, inspectorParsers, type Restarted } from "./inspector-protocol.ts";
import { names } from "./names.ts";
import { Sessions } from "./sessions.ts";
import { type TracePiece, TraceRing } from "./trace-ring.ts";

export type { InspectorProtocol } from "./inspector-protocol.ts";

/** Traces at a time on one node. */
const tracesMax = 32;
/** Between the answer and a restart that cuts off whoever asked: time for the answer to get out. */
const restartDelayMs = 300;

type Info =
  /** There is something for the reader of a trace. */
  | { readonly type: "traced"; readonly trace: number }
  | { readonly type: "waited"; readonly trace: number; readonly reader: Caller<TracePiece> }
  | { readonly type: "restart"; readonly target: string };

interface Trace {
  readonly ring: TraceRing;
  readonly stop: () => void;
  /** Of the read that waits. */
  cancelWait: Cancel;
}

interface State {
  readonly self: Self<InspectorProtocol, Info>;
  readonly sessions: Sessions;
  readonly traces: Map<number, Trace>;
  lastTrace: number;
}

export function inspector(): Behaviour<State, InspectorProtocol, Info> {
  return {
    init(self) {
      const traces = new Map<number, Trace>();
      // Not `terminate`, which a kill passes over: no one would read what they go on to keep.
      self.system.monitor(self.ref, () => {
        for (const { stop } of traces.values()) stop();
      });
      return { self, sessions: new Sessions(self), traces, lastTrace: 0 };
    },
    handlers: {
      tree(state) {
        const tree = treeFacts(state.self.system.inspect);
        return tree === undefined ? refuse(state, notFound(names.mob)) : [state, tree];
      },
      detail: (state, { target }) =>
        answer(state, target, () => detailFacts(state.self.system.inspect, target)),
      suspend: (state, { target, forMs, owner }) =>
        answer(state, target, () => suspend(state, target, forMs, owner)),
      resume: (state, { target }) => answer(state, target, () => resume(state, target)),
      restart: (state, { target }, caller) =>
        answer(state, target, () => restart(state, target, caller)),
      startTrace: (state, request) =>
        answer(state, request.target, () => startTrace(state, request)),
      readTrace: (state, request, caller) => readTrace(state, request, caller),
      stopTrace(state, { trace }) {
        stopTrace(state, trace);
        return [state, "stopped"];
      },
    },
    info(state, message) {
      if (message.type === "DOWN") state.sessions.ended(message.monitor);
      else if (message.type !== "EXIT") react(state, message);
      return state;
    },
    describe: ({ traces, sessions }) => ({ traces: traces.size, sessions: sessions.describe() }),
    remote: inspectorParsers,
  };
}

/** What the actor layer refuses is the asker's affair, and no crash of this actor. */
function answer<Reply>(state: State, target: string, ask: () => Reply) {
  try {
    return [state, ask()] as const;
  } catch (error) {
    if (error instanceof NoSuchActor) return refuse(state, notFound(target));
    if (error instanceof Conflict) return refuse(state, error);
    throw error;
  }
}

function react(state: State, message: Info): void {
  switch (message.type) {
    case "traced":
      state.traces.get(message.trace)?.cancelWait();
      state.traces.get(message.trace)?.ring.answer();
      return;
    case "waited": {
      const ring = state.traces.get(message.trace)?.ring;
      if (ring?.isReadBy(message.reader) === true) ring.expire();
      return;
    }
    case "restart":
      state.self.system.inspect.restart(message.target).catch((error: unknown) => {
        state.self.log.error("an ordered restart failed", { actor: message.target, error });
      });
      return;
  }
}

function suspend(state: State, target: string, forMs: number, owner?: ActorRef<unknown>) {
  const { self, sessions } = state;
  const { inspect } = self.system;
  const { path } = inspect.status(target);
  const why = neededBecause(state, path);
  if (why !== undefined) throw new Conflict(`${path} cannot be suspended: ${why}`);
  inspect.suspend(path, forMs);
  self.log.warn("an actor is suspended", { suspended: path, forMs });
  if (owner !== undefined) {
    sessions.add(owner, `suspended ${path}`, () => {
      if (isRunning(state, path)) inspect.resume(path);
    });
  }
  return { path, resumesAt: self.env.clock.wall() + forMs };
}

function resume({ self, sessions }: State, target: string) {
  const { inspect } = self.system;
  const { path } = inspect.status(target);
  sessions.drop(`suspended ${path}`);
  return { path, wasSuspended: inspect.resume(path) };
}

function isRunning({ self }: State, path: string): boolean {
  try {
    self.system.inspect.status(path);
    return true;
  } catch {
    return false; // It has ended since, and its suspension with it.
  }
}

/** Why an actor must go on, if it must: what looks at the others, and what others count on by the second. */
function neededBecause(state: State, path: string): string | undefined {
  if (isBelow(state, path, [names.inspector])) return "it is what would resume it";
  if (isBelow(state, path, [names.api, names.sessions]))
    return "whoever is attached would be cut off";
  if (isBelow(state, path, [names.ringMember, names.connections])) {
    return "other nodes would take this one for dead, and move its services";
  }
  return undefined;
}

/** Whether `path` is one of those actors, or below one. */
function isBelow({ self }: State, path: string, tops: readonly string[]): boolean {
  return tops.some((name) => {
    const top = self.system.whereis(name)?.path;
    return top !== undefined && isSameOrBelow(path, top);
  });
}

function isSameOrBelow(path: string, top: string): boolean {
  return path === top || path.startsWith(`${top}/`);
}

function restart(
  { self }: State,
  target: string,
  caller: Caller<Restarted>,
): Restarted | typeof replyLater {
  const { inspect } = self.system;
  const paths = inspect.tiedTo(target);
  self.log.warn("actors are restarted by order", { paths });
  if (cutsOff(self, paths)) {
    self.sendAfter(restartDelayMs, { type: "restart", target });
    return { result: "begun", paths };
  }
  inspect.restart(target).then(
    () => caller.reply({ result: "restarted", paths }),
    (error: unknown) => caller.fail(error),
  );
  return replyLater;
}

/** Whether one of these is, or holds, what an answer goes through: then it would never arrive. */
function cutsOff({ system }: State["self"], paths: readonly string[]): boolean {
  const way = [names.inspector, names.api, names.sessions, names.connections];
  return paths.some((path) =>
    way.some((name) => {
      const there = system.whereis(name)?.path;
      return there !== undefined && (isSameOrBelow(there, path) || isSameOrBelow(path, there));
    }),
  );
}

function startTrace(state: State, request: InspectorProtocol["startTrace"]["request"]) {
  const { self, sessions, traces } = state;
  const { target, messagesMax, perSecondMax, content, owner } = request;
  const { path } = self.system.inspect.status(target);
  if (isBelow(state, path, [names.inspector, names.sessions])) {
    throw new Conflict(`${path} cannot be traced: the trace would be what it is doing`);
  }
  if (traces.size >= tracesMax) {
    throw new Conflict(`${tracesMax} traces are on at this node, which is the most`);
  }
  state.lastTrace++;
  const trace = state.lastTrace;
  const ring = new TraceRing(content, () => self.tell({ type: "traced", trace }));
  const stop = self.system.inspect.trace(path, {
    messagesMax,
    perSecondMax,
    sink: (event) => ring.add(event),
    onEnd: (why) => ring.end(why),
  });
  traces.set(trace, { ring, stop, cancelWait() {} });
  sessions.add(owner, `trace ${trace} of ${path}`, () => stopTrace(state, trace));
  return { trace, path };
}

function readTrace(
  state: State,
  { trace, waitMs }: InspectorProtocol["readTrace"]["request"],
  reader: Caller<TracePiece>,
) {
  const known = state.traces.get(trace);
  if (known === undefined)
    return refuse(state, new NotFound(`there is no trace ${trace} any more`));
  known.cancelWait();
  known.ring.read(reader);
  if (known.ring.isReadBy(reader)) {
    known.cancelWait = state.self.sendAfter(waitMs, { type: "waited", trace, reader });
  }
  return [state, replyLater] as const;
}

function stopTrace({ traces }: State, trace: number): void {
  const known = traces.get(trace);
  traces.delete(trace);
  known?.cancelWait();
  known?.stop();
  known?.ring.expire();
}

function notFound(target: string): NotFound {
  return new NotFound(`there is no actor ${target}`);
}
