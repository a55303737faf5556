/**
 * Actor systems of several nodes in one process, joined by a `Remote` that carries frames through a
 * real codec, to prove that they are plain data, and that a test can hold back or cut.
 */
import { pack, unpack } from "msgpackr";
import { asNodeId, type NodeId } from "../../src/core/ids.ts";
import type { RemoteFrame } from "../../src/otp/remote.ts";
import { type ActorSystem, createSystem } from "../../src/otp/system.ts";
import { ManualEnv, settle } from "./manual-env.ts";

interface Sent {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly bytes: Uint8Array;
}

export class ActorNetwork {
  readonly env = new ManualEnv();
  /** All frames carried, in order, also those that were lost later. */
  readonly frames: RemoteFrame[] = [];
  /** What is on its way while `hold` is set. */
  private readonly onTheWay: Sent[] = [];
  private readonly systems = new Map<NodeId, ActorSystem>();
  private readonly boots = new Map<NodeId, number>();
  private readonly unreachable = new Set<NodeId>();
  private held = false;

  /** Starts a node, or starts it again with the next boot counter. */
  addNode(name: string): ActorSystem {
    const node = asNodeId(name);
    const boot = (this.boots.get(node) ?? 0) + 1;
    this.boots.set(node, boot);
    const send = (to: NodeId, frame: RemoteFrame) => this.send(node, to, frame);
    const system = createSystem({
      node,
      boot,
      env: this.env,
      remote: { send, reaches: () => false, nameOf: (to) => `${to}@test` },
    });
    this.systems.set(node, system);
    return system;
  }

  get carried(): string[] {
    return this.frames.map(({ kind }) => kind);
  }

  /** From now on frames wait, until `deliver`. */
  hold(): void {
    this.held = true;
  }

  /** Delivers what waits, in order, and from now on at once. */
  async deliver(): Promise<void> {
    this.held = false;
    for (const sent of this.onTheWay.splice(0)) this.arrive(sent);
    await settle();
  }

  /** Loses what is on its way. */
  lose(): void {
    this.held = false;
    this.onTheWay.splice(0);
  }

  /** Nothing can be sent to it any more. */
  cutOff(name: string): void {
    this.unreachable.add(asNodeId(name));
  }

  /** It can be sent to again. */
  connect(name: string): void {
    this.unreachable.delete(asNodeId(name));
  }

  async end(): Promise<void> {
    await Promise.all([...this.systems.values()].map((system) => system.shutdown()));
  }

  private send(from: NodeId, to: NodeId, frame: RemoteFrame): boolean {
    if (this.unreachable.has(to) || !this.systems.has(to)) return false;
    this.frames.push(frame);
    const sent = { from, to, bytes: pack(frame) };
    if (this.held) this.onTheWay.push(sent);
    else queueMicrotask(() => this.arrive(sent));
    return true;
  }

  private arrive({ from, to, bytes }: Sent): void {
    this.systems.get(to)?.receive(from, unpack(bytes));
  }
}

/** Runs `body` with two nodes, `near` and `far`, and ends them whatever happens. */
export async function withTwoNodes(
  body: (near: ActorSystem, far: ActorSystem, network: ActorNetwork) => Promise<void>,
): Promise<void> {
  const network = new ActorNetwork();
  try {
    await body(network.addNode("near"), network.addNode("far"), network);
  } finally {
    await network.end();
  }
}
