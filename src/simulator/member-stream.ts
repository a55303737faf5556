/**
 * A TCP connection between two members, as they see it: messages of a direction arrive in order, so one
 * that is late holds up those behind it; over a cut they wait, and break the connection when that lasts.
 */
import type { NodeId } from "../core/ids.ts";
import type { MemberHost, MemberProcess } from "./member-host.ts";
import type { Scheduler } from "./scheduler.ts";

/** Unanswered for so long, a stream breaks: less than TCP's own limit, more than a suspicion. */
const brokenAfterMs = 20_000;

export interface MemberStreamOptions {
  readonly scheduler: Scheduler;
  /** The time that the next message takes. */
  readonly delayMs: () => number;
  readonly isCut: (from: MemberHost, to: MemberHost) => boolean;
  /** The stream has ended for that end, which still lives. */
  readonly ended: (end: MemberHost, other: MemberHost) => void;
}

interface Direction {
  lastArrivalMs: number;
  /** What could not be sent, and since when; undefined: all goes well. */
  held: { readonly sinceMs: number; readonly deliveries: (() => void)[] } | undefined;
}

export class MemberStream {
  readonly #options: MemberStreamOptions;
  readonly #ends: readonly [MemberHost, MemberHost];
  readonly #processes: readonly [MemberProcess | undefined, MemberProcess | undefined];
  readonly #directions: readonly [Direction, Direction];
  isOpen = true;

  constructor(options: MemberStreamOptions, a: MemberHost, b: MemberHost) {
    this.#options = options;
    this.#ends = [a, b];
    this.#processes = [a.process, b.process];
    const direction = () => ({ lastArrivalMs: 0, held: undefined });
    this.#directions = [direction(), direction()];
  }

  /** Whether both ends are those that it was made for. */
  get isCurrent(): boolean {
    const [a, b] = this.#ends;
    return this.isOpen && a.process === this.#processes[0] && b.process === this.#processes[1];
  }

  /** Each end that lives while at the other there is another node by now, and which one was there. */
  *bereft(): Iterable<readonly [MemberHost, NodeId]> {
    for (const way of [0, 1] as const) {
      const [end, other] = [this.#ends[way], this.#ends[1 - way]];
      const peer = this.#processes[1 - way]?.state.self;
      if (peer === undefined || end.process !== this.#processes[way]) continue;
      if (other?.process?.state.self !== peer) yield [end, peer];
    }
  }

  /** Runs `deliver` at the other end, in its turn. */
  send(from: MemberHost, deliver: () => void): void {
    const { scheduler, isCut, delayMs } = this.#options;
    const way = from === this.#ends[0] ? 0 : 1;
    const direction = this.#directions[way];
    const to = this.#ends[1 - way] ?? from;
    if (from.process !== this.#processes[way]) return; // A later life has no such connection.
    if (to.process !== undefined && to.process !== this.#processes[1 - way] && !isCut(from, to)) {
      this.close(from); // Its host has started anew, and answers with a reset.
      return;
    }
    if (direction.held !== undefined) {
      direction.held.deliveries.push(deliver);
      return;
    }
    if (to.isVanished || isCut(from, to)) {
      const held = { sinceMs: scheduler.now, deliveries: [deliver] };
      direction.held = held;
      const giveUp = () => {
        if (direction.held === held) this.close(from);
      };
      scheduler.after(brokenAfterMs, giveUp, from.process?.owner);
      return;
    }
    const atMs = Math.max(scheduler.now + delayMs(), direction.lastArrivalMs);
    direction.lastArrivalMs = atMs;
    const process = to.process;
    scheduler.after(
      atMs - scheduler.now,
      () => {
        if (this.isOpen && to.process === process) to.take(deliver);
      },
      process?.owner,
    );
  }

  /** The network is whole again: what waits is sent once TCP tries again, up to twice the wait later. */
  heal(draw: () => number): void {
    const { scheduler, isCut } = this.#options;
    for (const way of [0, 1] as const) {
      const direction = this.#directions[way];
      const from = this.#ends[way];
      const to = this.#ends[1 - way] ?? from;
      const { held } = direction;
      if (held === undefined || to.isVanished || isCut(from, to)) continue;
      const waitMs = draw() * (scheduler.now - held.sinceMs);
      const resend = () => {
        if (direction.held !== held || !this.isOpen) return;
        direction.held = undefined;
        for (const deliver of held.deliveries) this.send(from, deliver);
      };
      scheduler.after(waitMs, resend, from.process?.owner);
    }
  }

  /** One end closes it, or its process ends: the other learns of it, if anything gets there. */
  close(from: MemberHost): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { scheduler, isCut, delayMs, ended } = this.#options;
    const way = from === this.#ends[0] ? 0 : 1;
    const other = this.#ends[1 - way] ?? from;
    const process = other.process;
    if (from.process === this.#processes[way]) ended(from, other);
    if (process !== this.#processes[1 - way]) return;
    const tell = () => {
      if (other.process === process) other.take(() => ended(other, from));
    };
    const isLost = isCut(from, other) || from.isVanished;
    scheduler.after(isLost ? brokenAfterMs : delayMs(), tell, process?.owner);
  }
}
