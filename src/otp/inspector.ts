/**
 * Looks into the running actors of one system, for people and for the API. Reads only what the actors
 * count anyway, so that looking costs them nothing; a trace costs while it is on.
 */
import { Conflict } from "../core/errors.ts";
import type { ChildRecord } from "./blueprint.ts";
import { NoSuchActor } from "./errors.ts";
import type { ActorState, ActorStatus, ActorTree, ChildSummary, Inspector } from "./inspection.ts";
import type { Process } from "./process.ts";
import { type ActorRef, showTarget, type Target } from "./ref.ts";
import type { Tracers } from "./tracers.ts";

/** Where the inspector finds the actors. */
export interface Inspected {
  roots(): Iterable<Process>;
  /** By reference, name or path. */
  find(target: Target<unknown>): Process | undefined;
  readonly tracers: Tracers;
  /** Has a supervisor stop and start one of its children. */
  renew(supervisor: ActorRef, id: string): Promise<ActorRef>;
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
    suspend: (target, forMs) => find(target).loop.suspend(forMs),
    resume: (target) => find(target).loop.resume(),
    trace: (target, options) => inspected.tracers.start(find(target), options, inspected.find),
    async restart(target) {
      const { supervisor, id } = placeOf(inspected, target);
      if (supervisor.loop.isSuspended) {
        throw new Conflict(`${supervisor.ref.path}, which would restart it, is suspended`);
      }
      return inspected.renew(supervisor.ref, id);
    },
    tiedTo(target) {
      const { supervisor, id } = placeOf(inspected, target);
      const ids = supervisor.offspring?.tiedTo(id) ?? [];
      return ids.map((each) => `${supervisor.ref.path}/${each}`);
    },
  };
}

interface Place {
  readonly supervisor: Process;
  /** The child's id there. */
  readonly id: string;
}

/** Where the target stands, or would if it ran. @throws NoSuchActor, Conflict for a root */
function placeOf({ find }: Inspected, target: Target<unknown>): Place {
  const process = find(target);
  if (process === undefined) return placeOfIdle(find, showTarget(target));
  const { parent: supervisor, record, ref } = process;
  if (supervisor !== undefined && record !== undefined) return { supervisor, id: record.spec.id };
  throw new Conflict(`${ref.path} is a root: no supervisor is above it to start it again`);
}

/** A child that does not run is known to its supervisor alone, by its path. */
function placeOfIdle(find: Inspected["find"], path: string): Place {
  const cut = path.lastIndexOf("/");
  const supervisor = cut < 0 ? undefined : find(path.slice(0, cut));
  const id = path.slice(cut + 1);
  if (supervisor?.offspring?.tiedTo(id) === undefined) throw new NoSuchActor(path);
  return { supervisor, id };
}

function treeOf(process: Process): ActorTree {
  const { offspring } = process;
  const children = (offspring?.list() ?? []).map(treeOf);
  const idle = (offspring?.known() ?? [])
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
    ...(loop.resumesAt === undefined ? {} : { resumesAt: loop.resumesAt }),
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
