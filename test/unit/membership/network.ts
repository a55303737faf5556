/**
 * Nodes that run the membership rules, and the network between them, in synchronous steps of 100 ms:
 * dials and what is sent arrive within a step. Processes crash and restart, hosts vanish, links are cut.
 */
import { asNodeId, type NodeId } from "../../../src/core/ids.ts";
import {
  type MembershipEffect,
  type MembershipEvent,
  type MembershipState,
  startMembership,
  stepMembership,
} from "../../../src/membership/membership.ts";
import type { Facts, Member, View } from "../../../src/membership/view.ts";

export const idOf = (n: number): NodeId => asNodeId((n + 1).toString(16).padStart(32, "0"));
export const addressOf = (n: number): string => `10.0.0.${n}:1`;
export const facts: Facts = { providers: [], labels: {}, version: "0.1.0" };

interface Process {
  readonly state: MembershipState;
  readonly published: View[];
  readonly nameTaken: Member[];
}

export class MemberNetwork {
  nowMs = 0;
  readonly #size: number;
  readonly #running = new Map<number, Process>();
  readonly #boots = new Map<number, number>();
  /** Whose process runs, or last ran, on each host. */
  readonly #ids = new Map<number, NodeId>();
  /** Hosts that answer nothing. */
  readonly #vanished = new Set<number>();
  /** "a b" with a < b. */
  readonly #connections = new Set<string>();
  #stalled: ReadonlySet<number> = new Set();
  readonly #cut = new Set<string>();
  readonly #queue: (() => void)[] = [];
  /** Messages sent so far, to bound what idle nodes say. */
  sent = 0;
  dials = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get running(): readonly number[] {
    return [...this.#running.keys()];
  }

  start(n: number, options: { boot?: number; name?: string; id?: NodeId } = {}): void {
    if (this.#running.has(n)) return;
    const boot = options.boot ?? (this.#boots.get(n) ?? 0) + 1;
    this.#boots.set(n, boot);
    this.#vanished.delete(n);
    const name = options.name ?? `node-${n}`;
    const id = options.id ?? idOf(n);
    this.#ids.set(n, id);
    const self = { id, name, address: addressOf(n), boot, facts };
    const state = startMembership(self, this.nowMs);
    this.#running.set(n, { state, published: [], nameTaken: [] });
  }

  /** kill -9: connections close, dials are refused. */
  crash(n: number): void {
    this.#running.delete(n);
    for (let other = 0; other < this.#size; other++) this.#disconnect(n, other);
  }

  /** The host is gone: nothing closes, nothing answers. */
  vanish(n: number): void {
    this.#running.delete(n);
    this.#vanished.add(n);
  }

  cut(a: number, b: number): void {
    this.#cut.add(pair(a, b));
  }

  heal(): void {
    this.#cut.clear();
  }

  join(n: number, address: string): void {
    this.feed(n, { kind: "join-requested", address });
  }

  feed(n: number, event: MembershipEvent): void {
    const process = this.#running.get(n);
    if (process === undefined) return;
    for (const effect of stepMembership(process.state, event, this.nowMs).effects) {
      this.#carryOut(n, process, effect);
    }
  }

  process(n: number): Process {
    const process = this.#running.get(n);
    if (process === undefined) throw new RangeError(`node ${n} does not run`);
    return process;
  }

  member(at: number, about: number): Member | undefined {
    return this.process(at).state.view.members.find(({ id }) => id === idOf(about));
  }

  /** Lets time pass; `stalled` nodes neither act nor hear meanwhile. */
  pass(ms: number, stalled: ReadonlySet<number> = new Set()): void {
    this.#stalled = stalled;
    for (let passed = 0; passed < ms; passed += 100) {
      this.nowMs += 100;
      if (this.nowMs % 200 === 0) {
        for (const n of this.running) if (!stalled.has(n)) this.feed(n, { kind: "tick" });
      }
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next();
    }
  }

  #carryOut(n: number, process: Process, effect: MembershipEffect): void {
    switch (effect.kind) {
      case "send":
        this.sent += 1;
        this.#queue.push(() => {
          const to = this.#numberOf(effect.to);
          if (this.#reaches(n, to) && this.#connections.has(pair(n, to))) {
            this.feed(to, { kind: "received", from: this.#idAt(n), view: effect.view });
          }
        });
        return;
      case "dial":
        this.dials += 1;
        this.#queue.push(() => this.#dial(n, effect.address));
        return;
      case "publish":
        process.published.push(effect.view);
        return;
      case "close":
        this.#disconnect(n, this.#numberOf(effect.peer));
        return;
      case "name-taken":
        process.nameTaken.push(effect.by);
        return;
    }
  }

  #dial(n: number, address: string): void {
    const to = Array.from({ length: this.#size }, (_, m) => m).find(
      (m) => addressOf(m) === address,
    );
    const failed = (why: "refused" | "unreachable" | "rejected") =>
      this.feed(n, { kind: "dial-failed", address, why });
    if (to === n) failed("rejected");
    else if (to === undefined || this.#vanished.has(to) || this.#cut.has(pair(n, to))) {
      failed("unreachable");
    } else if (!this.#running.has(to)) failed("refused");
    else {
      this.#connections.add(pair(n, to));
      this.feed(to, { kind: "connected", peer: this.#idAt(n) });
      this.feed(n, { kind: "connected", peer: this.#idAt(to), dialed: address });
    }
  }

  #disconnect(a: number, b: number): void {
    if (!this.#connections.delete(pair(a, b))) return;
    const [idOfA, idOfB] = [this.#idAt(a), this.#idAt(b)];
    this.#queue.push(() => this.feed(a, { kind: "disconnected", peer: idOfB }));
    this.#queue.push(() => this.feed(b, { kind: "disconnected", peer: idOfA }));
  }

  #idAt(n: number): NodeId {
    return this.#ids.get(n) ?? idOf(n);
  }

  /** -1 for an id of no host's last process. */
  #numberOf(id: NodeId): number {
    for (const [n, last] of this.#ids) if (last === id) return n;
    return -1;
  }

  #reaches(from: number, to: number): boolean {
    if (this.#stalled.has(to)) return false;
    return this.#running.has(from) && this.#running.has(to) && !this.#cut.has(pair(from, to));
  }
}

function pair(a: number, b: number): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
