/**
 * A network of streams on virtual time, with what can go wrong on a real one: links that are slow, cut
 * in one direction or both, or late now and then; connections that break and lose what was not yet
 * received, or that only one side holds for open; hosts that refuse, and hosts that do not answer.
 */
import type { Random } from "../core/env.ts";
import { Unavailable, Unreachable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import {
  type Connection,
  DialRefused,
  type Listener,
  type Transport,
} from "../transport/transport.ts";
import type { Owner, Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import { End, type Medium, type Place } from "./virtual-connection.ts";
import { type LinkQuality, VirtualLinks } from "./virtual-links.ts";

export interface VirtualNetworkOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly trace: Trace;
  /** How every link is that nobody changed. */
  readonly quality: LinkQuality;
}

interface Listening {
  readonly place: Place;
  readonly accept: (connection: Connection) => void;
}

/** Time after which a dial that nobody answers is given up, as in the real transport. */
const dialMsMax = 3_000;
/** The first segment is sent again after this, once within the time of a dial: TCP's initial timeout. */
const dialAgainMs = 1_000;

export class VirtualNetwork {
  readonly links: VirtualLinks;
  readonly #medium: Medium;
  readonly #listening = new Map<string, Listening>();
  /** By the machine that has them. */
  readonly #ends = new Map<string, Set<End>>();
  #connections = 0;

  constructor({ scheduler, random, trace, quality }: VirtualNetworkOptions) {
    this.links = new VirtualLinks(quality, random);
    this.#medium = {
      scheduler,
      random,
      trace,
      links: this.links,
      kernel: { name: "kernel", dead: false },
      forget: (end) => this.#endsAt(end.place.machine).delete(end),
    };
  }

  /** From now on nothing that is sent gets from `a` to `b`; the other direction is another cut. */
  cut(a: string, b: string): void {
    this.links.cut(a, b);
  }

  /** Takes one cut back. */
  mend(a: string, b: string): void {
    this.links.mend(a, b);
    for (const end of this.#endsAt(a)) if (end.other?.place.machine === b) end.mended();
  }

  /** Ends every cut. */
  heal(): void {
    this.links.mendAll();
    this.#sendAgain();
  }

  /** Every connection between two machines breaks, and what had not arrived may be lost. */
  reset(a: string, b: string): void {
    for (const end of this.#between(a, b)) end.reset();
  }

  /** Nothing gets through the connections that two machines have now; new ones are as good as ever. */
  swallow(a: string, b: string): void {
    for (const end of this.#between(a, b)) end.swallow();
  }

  /** Most bytes that wait in one direction of any connection. */
  unsentBytesMax(): number {
    return this.#allEnds().reduce((most, { unsentBytes }) => Math.max(most, unsentBytes), 0);
  }

  /** The network as one life of a node uses it. */
  /** Open connections of the node on `machine`. */
  connectionsOf(machine: string): number {
    return this.#ends.get(machine)?.size ?? 0;
  }

  transport(owner: Owner, node: NodeId): Transport {
    const place: Place = { owner, machine: machineOf(owner), node };
    return {
      listen: async (address, accept) => this.#listen(place, address, accept),
      dial: (address) => this.#dial(place, address),
    };
  }

  /** The process is gone; its machine tells the others, as soon as a frame could come. */
  crash(owner: Owner): void {
    this.#unlisten(owner);
    for (const end of this.#allEnds()) if (end.place.owner === owner) end.abandon();
  }

  /** The machine is without power: nobody is told anything, until it is back and knows nothing. */
  powerOff(machine: string, owner: Owner | undefined): void {
    this.links.setOff(machine, true);
    if (owner !== undefined) this.#unlisten(owner);
    for (const end of [...this.#endsAt(machine)]) end.vanish();
  }

  powerOn(machine: string): void {
    this.links.setOff(machine, false);
    this.#sendAgain();
  }

  #unlisten(owner: Owner): void {
    for (const [address, { place }] of this.#listening) {
      if (place.owner === owner) this.#listening.delete(address);
    }
  }

  #sendAgain(): void {
    for (const end of this.#allEnds()) end.mended();
  }

  #endsAt(machine: string): Set<End> {
    const held = this.#ends.get(machine) ?? new Set();
    this.#ends.set(machine, held);
    return held;
  }

  #allEnds(): readonly End[] {
    return [...this.#ends.values()].flatMap((ends) => [...ends]);
  }

  #between(a: string, b: string): readonly End[] {
    const between = (from: string, to: string) =>
      [...this.#endsAt(from)].filter(({ other }) => other?.place.machine === to);
    return [...between(a, b), ...between(b, a)];
  }

  #listen(place: Place, address: string, accept: (connection: Connection) => void): Listener {
    if (this.#listening.has(address)) throw new Unavailable(`${address} is in use`);
    const listening = { place, accept };
    this.#listening.set(address, listening);
    return {
      address,
      close: async () => {
        if (this.#listening.get(address) === listening) this.#listening.delete(address);
      },
    };
  }

  #dial(place: Place, address: string): Promise<Connection> {
    const { scheduler, kernel } = this.#medium;
    return new Promise((resolve, reject) => {
      const dial: Dial = { place, address, isOver: false, resolve, reject };
      const silence = () => {
        if (dial.isOver) return;
        dial.isOver = true;
        reject(new Unreachable(`no answer from ${address} within ${dialMsMax} ms`));
      };
      scheduler.after(dialMsMax, silence, place.owner, "timer");
      this.#knock(dial);
      scheduler.after(dialAgainMs, () => this.#knock(dial), kernel);
    });
  }

  /** Sends the first segment. */
  #knock(dial: Dial): void {
    const { machine, owner } = dial.place;
    const there = hostOf(dial.address);
    if (dial.isOver || owner.dead || this.links.isBlocked(machine, there)) return;
    this.#later(machine, there, () => this.#answer(dial, there));
  }

  /** The kernel that was dialed answers, whatever its process is doing. */
  #answer(dial: Dial, there: string): void {
    const { machine, owner } = dial.place;
    if (dial.isOver || owner.dead) return;
    if (this.links.isBlocked(machine, there) || this.links.isBlocked(there, machine)) return;
    const listening = this.#listening.get(dial.address);
    const { scheduler } = this.#medium;
    dial.isOver = true;
    const delay = this.#delay(there, machine);
    if (listening === undefined) {
      const refused = () => dial.reject(new DialRefused(`nobody listens at ${dial.address}`));
      scheduler.after(delay, refused, owner);
      return;
    }
    const keyingMaterial = this.#nextKeyingMaterial();
    const here = new End(this.#medium, dial.place, {
      remoteAddress: dial.address,
      peer: listening.place.node,
      keyingMaterial,
    });
    const accepted = new End(this.#medium, listening.place, {
      remoteAddress: owner.name,
      peer: dial.place.node,
      keyingMaterial,
    });
    End.connect(here, accepted);
    for (const end of [here, accepted]) this.#endsAt(end.place.machine).add(end);
    scheduler.after(0, () => listening.accept(accepted), listening.place.owner);
    scheduler.after(delay, () => dial.resolve(here), owner);
  }

  /** Another for each connection, as TLS gives both its ends; no one here listens in. */
  #nextKeyingMaterial(): Uint8Array {
    this.#connections += 1;
    const material = new Uint8Array(32);
    new DataView(material.buffer).setUint32(28, this.#connections);
    return material;
  }

  #later(from: string, to: string, run: () => void): void {
    const { scheduler, kernel } = this.#medium;
    scheduler.after(this.#delay(from, to), run, kernel);
  }

  #delay(from: string, to: string): number {
    const { now } = this.#medium.scheduler;
    return this.links.arrival(from, to, 0, now) - now;
  }
}

interface Dial {
  readonly place: Place;
  readonly address: string;
  isOver: boolean;
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: Error) => void;
}

/** An owner is a life of a machine's node: `a#2`. */
function machineOf({ name }: Owner): string {
  return name.split("#", 1)[0] ?? name;
}

function hostOf(address: string): string {
  return address.split(":", 1)[0] ?? address;
}
