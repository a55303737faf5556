/**
 * A network of streams on virtual time: each frame takes its time, frames of one connection stay in
 * order, and when a node dies its connections break and nobody listens where it did. Between machines
 * that are cut off from each other nothing arrives and no one learns why, as when a cable is pulled.
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

export interface VirtualNetworkOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly trace: Trace;
  /** Shortest and longest time that a frame takes, in virtual ms. */
  readonly latencyMs: { readonly min: number; readonly max: number };
}

interface Listening {
  readonly owner: Owner;
  readonly node: NodeId;
  readonly accept: (connection: Connection) => void;
}

export class VirtualNetwork {
  readonly options: VirtualNetworkOptions;
  readonly #listening = new Map<string, Listening>();
  readonly #ends = new Set<End>();
  /** Pairs of machines, each in both directions. */
  readonly #cuts = new Set<string>();
  #connections = 0;

  constructor(options: VirtualNetworkOptions) {
    this.options = options;
  }

  /** From now on nothing that is sent gets from `a` to `b`, nor back. */
  cut(a: string, b: string): void {
    this.#cuts.add(pair(a, b)).add(pair(b, a));
  }

  /** Ends every cut. Connections that lost something meanwhile break, as TCP's would. */
  heal(): void {
    this.#cuts.clear();
    for (const end of [...this.#ends]) end.breakIfGappy();
  }

  isCut(a: Owner, b: Owner): boolean {
    return this.#cuts.has(pair(machineOf(a), machineOf(b)));
  }

  /** The network as one life of a node uses it. */
  transport(owner: Owner, node: NodeId): Transport {
    return {
      listen: async (address, accept) => this.#listen(address, { owner, node, accept }),
      dial: (address) => this.#dial(owner, node, address),
    };
  }

  /** The life is over: its connections break, which the others learn as soon as a frame could come. */
  crash(owner: Owner): void {
    for (const [address, { owner: listener }] of this.#listening) {
      if (listener === owner) this.#listening.delete(address);
    }
    for (const end of this.#ends) {
      if (end.owner === owner) end.sever();
    }
  }

  forget(end: End): void {
    this.#ends.delete(end);
  }

  latency(): number {
    const { random, latencyMs } = this.options;
    return latencyMs.min + random() * (latencyMs.max - latencyMs.min);
  }

  /** Another for each connection, as TLS gives both its ends; no one here listens in. */
  #nextKeyingMaterial(): Uint8Array {
    this.#connections += 1;
    const material = new Uint8Array(32);
    new DataView(material.buffer).setUint32(28, this.#connections);
    return material;
  }

  #listen(address: string, listening: Listening): Listener {
    if (this.#listening.has(address)) throw new Unavailable(`${address} is in use`);
    this.#listening.set(address, listening);
    return {
      address,
      close: async () => {
        this.#listening.delete(address);
      },
    };
  }

  #dial(owner: Owner, node: NodeId, address: string): Promise<Connection> {
    const { scheduler } = this.options;
    return new Promise((resolve, reject) => {
      const there = this.#listening.get(address)?.owner;
      if (there !== undefined && this.isCut(owner, there)) {
        const silence = () => reject(new Unreachable(`no answer from ${address}`));
        scheduler.after(dialMsMax, silence, owner);
        return;
      }
      scheduler.after(
        this.latency(),
        () => this.#accept(owner, node, address, resolve, reject),
        there ?? owner,
      );
    });
  }

  /** Runs at the host that is dialed. */
  #accept(
    dialer: Owner,
    node: NodeId,
    address: string,
    resolve: (connection: Connection) => void,
    reject: (error: Error) => void,
  ): void {
    const { scheduler } = this.options;
    const listening = this.#listening.get(address);
    if (listening === undefined) {
      const refused = () => reject(new DialRefused(`nobody listens at ${address}`));
      scheduler.after(this.latency(), refused, dialer);
      return;
    }
    const keyingMaterial = this.#nextKeyingMaterial();
    const here = new End(this, dialer, address, { peer: listening.node, keyingMaterial });
    const there = new End(this, listening.owner, dialer.name, { peer: node, keyingMaterial });
    here.other = there;
    there.other = here;
    this.#ends.add(here).add(there);
    listening.accept(there);
    scheduler.after(this.latency(), () => resolve(here), dialer);
  }
}

/** One end of a connection. */
class End implements Connection {
  readonly owner: Owner;
  readonly remoteAddress: string;
  readonly peer: NodeId;
  readonly keyingMaterial: Uint8Array;
  other: End | undefined;
  readonly #network: VirtualNetwork;
  #isOpen = true;
  /** Something that was sent to this end is lost: nothing after it may arrive. */
  #isGappy = false;
  /** No frame arrives before the one that was sent before it. */
  #lastArrival = 0;
  readonly #early: Uint8Array[] = [];
  #handleFrame: ((frame: Uint8Array) => void) | undefined;
  #handleClose: ((error?: Error) => void) | undefined;

  constructor(
    network: VirtualNetwork,
    owner: Owner,
    remoteAddress: string,
    { peer, keyingMaterial }: Pick<Connection, "peer" | "keyingMaterial">,
  ) {
    this.#network = network;
    this.owner = owner;
    this.remoteAddress = remoteAddress;
    this.peer = peer;
    this.keyingMaterial = keyingMaterial;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  admit(): void {}

  send(frame: Uint8Array): boolean {
    const { other } = this;
    if (!this.#isOpen || other === undefined) return false;
    const copy = frame.slice();
    const { scheduler, trace } = this.#network.options;
    if (this.#isCutOff(other)) return true; // It goes out, and to nowhere.
    trace.add(scheduler.now, this.owner.name, `sends ${copy.length} bytes to ${other.owner.name}`);
    other.#afterLatency(() => other.#take(copy));
    return true;
  }

  onFrame(handle: (frame: Uint8Array) => void): void {
    this.#handleFrame = handle;
    for (const frame of this.#early.splice(0)) handle(frame);
  }

  onClose(handle: (error?: Error) => void): void {
    this.#handleClose = handle;
    if (!this.#isOpen) this.#afterLatency(() => handle());
  }

  close(): void {
    this.sever();
    this.#end();
  }

  /** Ends it for the other side alone: this one is dead, and nothing of it may run any more. */
  sever(): void {
    const { other } = this;
    if (other !== undefined && !this.#isCutOff(other)) other.#afterLatency(() => other.#end());
    this.#network.forget(this);
  }

  /** The network is whole again, and TCP finds that the stream is not. */
  breakIfGappy(): void {
    if (this.#isGappy) this.#afterLatency(() => this.#end());
  }

  #isCutOff(other: End): boolean {
    if (this.#network.isCut(this.owner, other.owner)) other.#isGappy = true;
    return other.#isGappy;
  }

  #take(frame: Uint8Array): void {
    if (!this.#isOpen) return;
    if (this.#handleFrame === undefined) this.#early.push(frame);
    else this.#handleFrame(frame);
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#network.forget(this);
    this.#handleClose?.();
  }

  #afterLatency(run: () => void): void {
    const { scheduler } = this.#network.options;
    const at = Math.max(scheduler.now + this.#network.latency(), this.#lastArrival);
    this.#lastArrival = at;
    scheduler.after(at - scheduler.now, run, this.owner);
  }
}

/** Time after which a dial that nobody answers is given up. */
const dialMsMax = 3_000;

function pair(a: string, b: string): string {
  return `${a} ${b}`;
}

/** An owner is a life of a machine's node: `a#2`. */
function machineOf({ name }: Owner): string {
  return name.split("#", 1)[0] ?? name;
}
