/**
 * Looks into the running actors of one system, for people and for the API. Reads only what the actors
 * count anyway, so that looking costs them nothing; a trace costs while it is on.
 */
import type { ChildRecord } from "./blueprint.ts";
import { NoSuchActor } from "./errors.ts";
import type {
  ActorState,
  ActorStatus,
  ActorTree,
  ChildSummary,
  Inspector,
  TraceOptions,
} from "./inspection.ts";
import type { Process } from "./process.ts";
import { showTarget, type Target } from "./ref.ts";
import { Tracer } from "./tracer.ts";

/** Where the inspector finds the actors. */
export interface Inspected {
  roots(): Iterable<Process>;
  /** By reference, name or path. */
  find(target: Target<unknown>): Process | undefined;
}

export function createInspector(inspected: Inspected): Inspector {
  const find = (target: Target<unknown>): Process => {
    const process = inspected.find(target);
    if (process === undefined) throw new NoSuchActor(showTarget(target));
    return process;
  };
  return {
    tree: () => [...inspected.roots()].map(treeOf),
    status: (target) => statusOf(find(target)),
    state(target) {
      const { behaviour, loop } = find(target);
      return behaviour.describe?.(loop.state);
    },
    suspend: (target) => find(target).loop.suspend(),
    resume: (target) => find(target).loop.resume(),
    trace: (target, options) => startTrace(find(target), options),
  };
}

function startTrace(process: Process, options: TraceOptions): () => void {
  const tracer = new Tracer(process.ref.path, process.clock, options);
  process.loop.tracer = tracer;
  return () => {
    if (process.loop.tracer === tracer) process.loop.tracer = undefined;
  };
}

function treeOf(process: Process): ActorTree {
  const { offspring } = process;
  const children = (offspring?.list() ?? []).map(treeOf);
  const idle = [...(offspring?.known() ?? [])]
    .filter(({ state }) => state === "stopped" || state === "restarting")
    .map((record) => idleChild(`${process.ref.path}/${record.spec.id}`, record));
  return { ...statusOf(process), children: [...children, ...idle] };
}

function statusOf(process: Process): ActorStatus {
  const { ref, kind, name, record, history, inbox, loop } = process;
  return {
    path: ref.path,
    kind,
    state: stateOf(process),
    ref,
    ...(name === undefined ? {} : { name }),
    ...(record === undefined ? {} : { child: summaryOf(record) }),
    mailboxLength: inbox.length,
    refused: inbox.refused,
    messagesHandled: loop.messagesHandled,
    usedMs: loop.usedMs,
    restarts: history.restarts,
    ...(history.lastCrash === undefined ? {} : { lastCrash: history.lastCrash }),
  };
}

function stateOf({ life, loop }: Process): ActorState {
  switch (life.phase) {
    case "running":
      return loop.isSuspended ? "suspended" : "running";
    case "starting":
      return "starting";
    case "stopping":
    case "ended":
      return "stopping";
  }
}

function summaryOf({ spec }: ChildRecord): ChildSummary {
  return { id: spec.id, kind: spec.start.kind, restart: spec.restart, shutdown: spec.shutdown };
}

/** A child that its supervisor knows and that does not run. */
function idleChild(path: string, record: ChildRecord): ActorTree {
  const { restarts, lastCrash } = record.history;
  return {
    path,
    kind: record.spec.start.kind,
    state: record.state,
    child: summaryOf(record),
    mailboxLength: 0,
    refused: 0,
    messagesHandled: 0,
    usedMs: 0,
    restarts,
    ...(lastCrash === undefined ? {} : { lastCrash }),
    children: [],
  };
}
