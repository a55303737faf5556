/**
 * One end of a connection. What the kernel of a machine does for a process that died is done here too:
 * it tells the other side, or cannot, where the whole machine is gone.
 */
import type { Random } from "../core/env.ts";
import { Unreachable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { Connection } from "../transport/transport.ts";
import type { Owner, Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import type { VirtualLinks } from "./virtual-links.ts";
import { type Item, Pipe } from "./virtual-pipe.ts";

/** What the ends of a network share. */
export interface Medium {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly links: VirtualLinks;
  readonly trace: Trace;
  /** Does for the processes of all machines what their kernels do; never dead. */
  readonly kernel: Owner;
  /** Nothing comes of this end any more. */
  readonly forget: (end: End) => void;
}

/** Where an end is. */
export interface Place {
  readonly owner: Owner;
  readonly machine: string;
  readonly node: NodeId;
}

/** What an end knows of the other side. */
type Introduction = Pick<Connection, "remoteAddress" | "peer" | "keyingMaterial">;

/** One end of a virtual connection. */
export class End implements Connection {
  readonly place: Place;
  readonly remoteAddress: string;
  readonly peer: NodeId;
  readonly keyingMaterial: Uint8Array;
  readonly #medium: Medium;
  #outward: Pipe | undefined;
  #other: End | undefined;
  #isOpen = true;
  #hasEnded = false;
  /** Came before anyone asked for frames. */
  readonly #early: Uint8Array[] = [];
  #handleFrame: ((frame: Uint8Array) => void) | undefined;
  #handleClose: ((error?: Error) => void) | undefined;
  #endedBy: Error | undefined;

  constructor(medium: Medium, place: Place, { remoteAddress, peer, keyingMaterial }: Introduction) {
    this.#medium = medium;
    this.place = place;
    this.remoteAddress = remoteAddress;
    this.peer = peer;
    this.keyingMaterial = keyingMaterial;
  }

  /** Joins two ends; each sends to the other from then on. */
  static connect(a: End, b: End): void {
    a.#joinTo(b);
    b.#joinTo(a);
  }

  get other(): End | undefined {
    return this.#other;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** There is always room in here. */
  admit(): void {}

  /** Bytes sent by this end that have not arrived. */
  get unsentBytes(): number {
    return this.#outward?.bytes ?? 0;
  }

  send(frame: Uint8Array): boolean {
    const { scheduler, trace } = this.#medium;
    const to = this.#other?.place.owner.name;
    if (!this.#isOpen || this.#outward === undefined) return false;
    trace.add(scheduler.now, this.place.owner.name, `sends ${frame.length} bytes to ${to}`);
    return this.#outward.send({ kind: "frame", frame: frame.slice() });
  }

  onFrame(handle: (frame: Uint8Array) => void): void {
    this.#handleFrame = handle;
    for (const frame of this.#early.splice(0)) handle(frame);
  }

  onClose(handle: (error?: Error) => void): void {
    this.#handleClose = handle;
    if (this.#hasEnded) this.#soon(() => handle(this.#endedBy));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#outward?.send({ kind: "end", error: undefined });
    this.#soon(() => this.#end(undefined));
  }

  /** The process is gone and its kernel says so: all that was sent arrives, or a part of it. */
  abandon(): void {
    this.#isOpen = false;
    this.#hasEnded = true;
    if (this.#medium.random() < 0.5) this.#outward?.send({ kind: "end", error: undefined });
    else this.#outward?.reset(brokenOff());
  }

  /** The machine is gone: nothing it sent arrives, and nothing is said. */
  vanish(): void {
    this.#isOpen = false;
    this.#hasEnded = true;
    this.#outward?.drop();
    this.#release();
  }

  /** Someone between the two ends breaks the connection off. */
  reset(): void {
    this.#outward?.reset(brokenOff());
  }

  /** Nothing gets through any more in this direction. */
  swallow(): void {
    this.#outward?.swallow();
  }

  /** The link to the other side may be whole again. */
  mended(): void {
    this.#outward?.mended();
  }

  #joinTo(other: End): void {
    this.#other = other;
    const { scheduler, random, links, kernel } = this.#medium;
    this.#outward = new Pipe({
      scheduler,
      random,
      links,
      kernel,
      from: this.place.machine,
      to: other.place.machine,
      receiver: other.place.owner,
      deliver: (item) => {
        other.#take(item);
        this.#release();
      },
      giveUp: () => this.#giveUp(),
    });
  }

  #take(item: Item): void {
    if (item.kind === "end") {
      this.#end(item.error);
    } else if (!this.#isOpen) {
      this.#other?.refuse();
    } else if (this.#handleFrame === undefined) {
      this.#early.push(item.frame);
    } else {
      this.#handleFrame(item.frame);
    }
  }

  /** What this end sent came where the connection is not known any more. */
  refuse(): void {
    this.#soon(() => this.#fail("the other side does not know the connection"));
  }

  #giveUp(): void {
    this.#outward?.drop();
    this.#release();
    this.#soon(() => this.#fail("nobody acknowledges what was sent"));
  }

  #fail(why: string): void {
    this.#outward?.drop();
    this.#end(new Unreachable(`${this.remoteAddress}: ${why}`));
  }

  #end(error: Error | undefined): void {
    if (this.#hasEnded) return;
    this.#isOpen = false;
    this.#hasEnded = true;
    this.#endedBy = error;
    this.#release();
    this.#handleClose?.(error);
  }

  #release(): void {
    if (this.#hasEnded && (this.#outward?.isIdle ?? true)) this.#medium.forget(this);
  }

  #soon(run: () => void): void {
    this.#medium.scheduler.after(0, run, this.place.owner);
  }
}

function brokenOff(): Error {
  return new Unreachable("the connection was reset");
}
