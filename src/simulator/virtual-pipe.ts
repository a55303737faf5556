/**
 * One direction of a connection, as TCP has it: what was sent arrives in order and without a gap, or
 * the connection ends and a suffix of it never arrives. While the link is cut nothing arrives and no
 * one learns why: it is sent again when the link is whole, or the sender gives up.
 */
import type { Random } from "../core/env.ts";
import type { Owner, Scheduler } from "./scheduler.ts";
import type { VirtualLinks } from "./virtual-links.ts";

/** Undelivered bytes before `send` refuses: as in the real transport. */
const queueBytesMax = 16 * 1024 * 1024;
/** The sender gives up what nobody acknowledges after this, drawn between the two (virtual ms). */
const giveUpMs = { min: 20_000, max: 60_000 };
/** After a cut it takes this long at most until TCP tries again: its back-off, capped (virtual ms). */
const sendAgainMsMax = 3_000;

/** What travels: a frame, or the end of the stream. */
export type Item =
  | { readonly kind: "frame"; readonly frame: Uint8Array }
  | { readonly kind: "end"; readonly error: Error | undefined };

export interface PipeOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly links: VirtualLinks;
  readonly from: string;
  readonly to: string;
  /** Whose event an arrival is; where it is dead, its machine's kernel takes what comes. */
  readonly receiver: Owner;
  readonly kernel: Owner;
  readonly deliver: (item: Item) => void;
  /** Nobody acknowledged what was sent for too long. */
  readonly giveUp: () => void;
}

/** One direction of a virtual connection: frames on their way, in order. */
export class Pipe {
  readonly #options: PipeOptions;
  #queue: Item[] = [];
  #bytes = 0;
  #lastArrival = 0;
  /** Arrivals under way count only if they are of this round. */
  #round = 0;
  /** Something was lost on the way: nothing arrives until it was sent again. */
  #isHeld = false;
  /** Nothing that is sent arrives any more, though the link is whole. */
  #isBlackHole = false;

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  /** Bytes sent that have not arrived. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing is on its way. */
  get isIdle(): boolean {
    return this.#queue.length === 0;
  }

  /** False, and nothing is sent, once too much is on its way. */
  send(item: Item): boolean {
    const bytes = bytesOf(item);
    if (this.#bytes + bytes > queueBytesMax) return false;
    this.#queue.push(item);
    this.#bytes += bytes;
    if (this.#isBlocked()) this.#hold();
    else if (!this.#isHeld) this.#carry(item);
    return true;
  }

  /** The link is whole again: what was lost is sent again, sooner or later. */
  mended(): void {
    if (!this.#isHeld || this.#isBlocked()) return;
    const { scheduler, random, kernel } = this.#options;
    const round = ++this.#round;
    const again = () => {
      if (round === this.#round) this.#carryAll();
    };
    scheduler.after(random() * sendAgainMsMax, again, kernel);
  }

  /** The stream ends after a random part of what is on its way; the rest never arrives. */
  reset(error: Error): void {
    const { random } = this.#options;
    const kept = Math.floor(random() * (this.#queue.length + 1));
    const lost = this.#queue.slice(kept);
    this.#bytes -= lost.reduce((sum, item) => sum + bytesOf(item), 0);
    this.#queue = [...this.#queue.slice(0, kept), { kind: "end", error }];
    this.#round++;
    this.#carryAll();
  }

  /** As when a firewall forgot the connection: both ends hold it for open. */
  swallow(): void {
    this.#isBlackHole = true;
    if (this.#queue.length > 0) this.#hold();
  }

  /** Nothing arrives any more, and nobody is told. */
  drop(): void {
    this.#round++;
    this.#queue = [];
    this.#bytes = 0;
  }

  #carryAll(): void {
    this.#isHeld = false;
    if (this.#isBlocked()) this.#hold();
    else for (const item of this.#queue) this.#carry(item);
  }

  #carry(item: Item): void {
    const { scheduler, links, from, to, receiver, kernel } = this.#options;
    const arrival = links.arrival(from, to, bytesOf(item), scheduler.now);
    this.#lastArrival = Math.max(arrival, this.#lastArrival);
    const round = this.#round;
    const owner = receiver.dead ? kernel : receiver;
    scheduler.after(this.#lastArrival - scheduler.now, () => this.#arrive(round), owner);
  }

  #arrive(round: number): void {
    if (round !== this.#round) return;
    if (this.#isBlocked()) {
      this.#hold();
      return;
    }
    const item = this.#queue.shift();
    if (item === undefined) return;
    this.#bytes -= bytesOf(item);
    this.#options.deliver(item);
  }

  #hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    const { scheduler, random, kernel, giveUp } = this.#options;
    const round = ++this.#round;
    const ms = giveUpMs.min + random() * (giveUpMs.max - giveUpMs.min);
    const late = () => {
      if (round === this.#round) giveUp();
    };
    scheduler.after(ms, late, kernel);
  }

  #isBlocked(): boolean {
    const { links, from, to } = this.#options;
    return this.#isBlackHole || links.isBlocked(from, to);
  }
}

function bytesOf(item: Item): number {
  return item.kind === "frame" ? item.frame.length : 0;
}
