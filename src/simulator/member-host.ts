/**
 * A host of the membership-only simulation, and the process on it: the pure state machine with its one
 * timer. When the process stands still, what arrives waits; when it goes on, timers fire before what
 * waits in the sockets is read, as in Node.
 */
import type { Random } from "../core/env.ts";
import { asNodeId, type NodeId } from "../core/ids.ts";
import type { MembershipEffect, MembershipEvent } from "../membership/events.ts";
import { stepMembership } from "../membership/membership.ts";
import type { MembershipOptions } from "../membership/options.ts";
import { type MembershipState, startMembership } from "../membership/state.ts";
import type { Facts } from "../membership/view.ts";
import type { Owner, ScheduledEvent, Scheduler } from "./scheduler.ts";

/** One life of the node on a host. */
export interface MemberProcess {
  readonly owner: Owner;
  readonly state: MembershipState;
  timer: ScheduledEvent | undefined;
  timerAtMs: number;
}

export interface MemberStart {
  /** Default: one above the last. */
  readonly boot?: number;
  /** Default: `node-N`. */
  readonly name?: string;
  /** Default: the host's. */
  readonly id?: NodeId;
}

/** Pause between the timers of a loop's turn and what its sockets bring, in virtual ms. */
const pollMs = 1;

const facts: Facts = { providers: [], labels: {}, version: "0" };

export class MemberHost {
  readonly number: number;
  readonly address: string;
  process: MemberProcess | undefined;
  /** Answers nothing: no power, or no cable. */
  isVanished = false;
  boot = 0;
  /** Of its process, or of the last one. */
  id: NodeId;
  readonly #scheduler: Scheduler;
  readonly #carryOut: (host: MemberHost, effect: MembershipEffect) => void;
  #stalledUntil = 0;
  #waiting: (() => void)[] = [];
  #lives = 0;

  constructor(
    number: number,
    scheduler: Scheduler,
    carryOut: (host: MemberHost, effect: MembershipEffect) => void,
  ) {
    this.number = number;
    this.id = idOf(number);
    this.address = `10.0.0.${number}:1`;
    this.#scheduler = scheduler;
    this.#carryOut = carryOut;
  }

  get isStalled(): boolean {
    return this.#stalledUntil > this.#scheduler.now;
  }

  start(draw: Random, options: Partial<MembershipOptions>, asked: MemberStart): void {
    const boot = asked.boot ?? this.boot + 1;
    this.boot = boot;
    this.isVanished = false;
    this.#lives += 1;
    const id = asked.id ?? idOf(this.number);
    this.id = id;
    const name = asked.name ?? `node-${this.number}`;
    const self = { id, name, address: this.address, boot, facts };
    this.process = {
      owner: { name: `${this.number}#${this.#lives}`, dead: false },
      state: startMembership(self, this.#scheduler.now, draw, options),
      timer: undefined,
      timerAtMs: Number.POSITIVE_INFINITY,
    };
    this.#setTimer(this.process);
  }

  /** The process is gone, with all that it would have done. */
  end(): void {
    if (this.process !== undefined) this.process.owner.dead = true;
    this.process = undefined;
    this.#waiting = [];
    this.#stalledUntil = 0;
  }

  /** From now on, for `ms`, the process does nothing. */
  stall(ms: number): void {
    const { process } = this;
    if (process === undefined) return;
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#scheduler.now + ms);
    this.#scheduler.after(ms, () => this.#resume(process), process.owner);
  }

  /** Something comes in for the process; it waits while that stands still. */
  take(run: () => void): void {
    if (this.isStalled) this.#waiting.push(run);
    else run();
  }

  feed(event: MembershipEvent): void {
    const { process } = this;
    if (process === undefined) return;
    const { effects } = stepMembership(process.state, event, this.#scheduler.now);
    for (const effect of effects) this.#carryOut(this, effect);
    this.#setTimer(process);
  }

  #resume(process: MemberProcess): void {
    if (this.isStalled || this.process !== process) return;
    if (process.timerAtMs <= this.#scheduler.now) this.#fire(process);
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#scheduler.after(pollMs, () => runAll(waiting), process.owner);
  }

  /** As the real shell does: an earlier due time moves the timer, a later one lets it fire in vain. */
  #setTimer(process: MemberProcess): void {
    const { dueAtMs } = process.state;
    if (process.timerAtMs <= dueAtMs) return;
    if (process.timer !== undefined) process.timer.cancelled = true;
    process.timer = undefined;
    process.timerAtMs = dueAtMs;
    if (dueAtMs === Number.POSITIVE_INFINITY) return;
    const inMs = Math.max(1, dueAtMs - this.#scheduler.now);
    process.timer = this.#scheduler.after(inMs, () => this.#fire(process), process.owner);
  }

  #fire(process: MemberProcess): void {
    if (this.isStalled) return; // It fires when the process goes on.
    process.timer = undefined;
    process.timerAtMs = Number.POSITIVE_INFINITY;
    this.feed({ kind: "timer" });
  }
}

/** The id of a host's node, unless it was started with another. In the order of the numbers' hash. */
export function idOf(number: number): NodeId {
  const mixed = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  return asNodeId(
    mixed.toString(16).padStart(8, "0") + (number + 1).toString(16).padStart(24, "0"),
  );
}

function runAll(waiting: readonly (() => void)[]): void {
  for (const run of waiting) run();
}
