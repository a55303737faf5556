/**
 * What ties one actor to others and to time: links, those who watch it, its own monitors and timers.
 * All of it is cut when the actor ends, which is what makes a `DOWN` come exactly once. The sets are
 * made when first needed: most actors have none.
 */
import type { Timers } from "../core/env.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { Cancel } from "./gen-server.ts";
import type { ActorRef } from "./ref.ts";
import type { MonitorId } from "./signals.ts";

/** The other end of a link. */
export interface Linkable {
  readonly ref: ActorRef;
  readonly ties: Ties;
  /** Takes the exit signal of an actor that it was linked to. */
  signal(from: ActorRef<unknown>, reason: ExitReason): void;
}

export type Watcher = (reason: ExitReason) => void;

export class Ties {
  private links: Set<Linkable> | undefined;
  private watchers: Set<Watcher> | undefined;
  private monitors: Map<MonitorId, Cancel> | undefined;
  private timers: Set<Cancel> | undefined;

  link(other: Linkable): void {
    this.links ??= new Set();
    this.links.add(other);
  }

  unlink(other: Linkable): void {
    this.links?.delete(other);
  }

  /** Has `watcher` told the reason when this actor ends. */
  watch(watcher: Watcher): Cancel {
    this.watchers ??= new Set();
    this.watchers.add(watcher);
    return () => this.watchers?.delete(watcher);
  }

  /** Keeps what takes back a monitor of this actor's. */
  addMonitor(monitor: MonitorId, cancel: Cancel): void {
    this.monitors ??= new Map();
    this.monitors.set(monitor, cancel);
  }

  /** Takes a monitor back, or marks it as fired. False when it was neither any more. */
  dropMonitor(monitor: MonitorId): boolean {
    const cancel = this.monitors?.get(monitor);
    if (cancel === undefined) return false;
    this.monitors?.delete(monitor);
    cancel();
    return true;
  }

  /** A timer that dies with this actor. */
  after(timers: Timers, ms: number, fire: () => void): Cancel {
    this.timers ??= new Set();
    const pending = this.timers;
    const handle = timers.set(ms, () => {
      pending.delete(cancel);
      fire();
    });
    const cancel = () => {
      pending.delete(cancel);
      timers.cancel(handle);
    };
    pending.add(cancel);
    return cancel;
  }

  /** The end of `self`: tells those who watch and those who are linked, drops everything else. */
  cut(self: Linkable, reason: ExitReason): void {
    for (const cancel of this.timers ?? []) cancel();
    for (const cancel of this.monitors?.values() ?? []) cancel();
    for (const watcher of this.watchers ?? []) watcher(reason);
    for (const other of this.links ?? []) {
      other.ties.unlink(self);
      // Not at once: a long chain of links must not become a deep stack.
      queueMicrotask(() => other.signal(self.ref, reason));
    }
    this.timers = undefined;
    this.monitors = undefined;
    this.watchers = undefined;
    this.links = undefined;
  }
}
