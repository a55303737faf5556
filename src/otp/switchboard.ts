/**
 * Carries messages and monitors to whom they are for: an actor of this node at once, another node's
 * through the `Remote` port. The only place that asks where an actor lives.
 */
import type { Env } from "../core/env.ts";
import { BadRequest } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { Call, type Question } from "./call.ts";
import { Deadlines } from "./deadlines.ts";
import { Cast } from "./envelope.ts";
import { NoSuchActor } from "./errors.ts";
import { noproc } from "./exit-reason.ts";
import type { Cancel } from "./gen-server.ts";
import type { Process } from "./process.ts";
import { type Address, isRef, type Target } from "./ref.ts";
import type { Registry } from "./registry.ts";
import type { Remote, RemoteFrame } from "./remote.ts";
import { RemoteCalls } from "./remote-calls.ts";
import { RemoteMonitors } from "./remote-monitors.ts";
import { RemoteRequests } from "./remote-requests.ts";
import type { Watcher } from "./ties.ts";

/** Together they leave frame ids below 2^53, where every integer is a number. */
const idsPerBoot = 2 ** 32;
const bootsTold = 2 ** 20;

export interface SwitchboardOptions {
  readonly node: NodeId;
  readonly boot: number;
  readonly env: Env;
  readonly remote: Remote;
  readonly registry: Registry<Process>;
  readonly nextId: () => number;
}

export class Switchboard {
  private readonly options: SwitchboardOptions;
  private readonly deadlines: Deadlines;
  private readonly calls: RemoteCalls;
  private readonly monitors: RemoteMonitors;
  private readonly requests: RemoteRequests;

  constructor(options: SwitchboardOptions) {
    const remote = guarded(options.remote, options.env);
    this.options = { ...options, remote };
    this.deadlines = new Deadlines(options.env);
    this.calls = new RemoteCalls(remote);
    this.monitors = new RemoteMonitors(remote);
    this.requests = new RemoteRequests(remote, this.deadlines, {
      find: (target) => this.find(target),
      watch: (target, watcher) => this.watch(target, watcher),
    });
  }

  /** The actor of this node that is meant, if it has not ended. */
  find(target: Target<unknown>): Process | undefined {
    const { registry, node, boot } = this.options;
    if (typeof target === "string") return registry.named(target);
    if (target.node !== node) return undefined;
    if (!isRef(target)) return registry.named(target.name);
    return target.boot === boot ? registry.withSerial(target.serial) : undefined;
  }

  addressOf(target: Target<unknown>): Address {
    return typeof target === "string" ? { node: this.options.node, name: target } : target;
  }

  call(question: Question, atOnce: boolean): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { target } = question;
      const call = new Call(question, this.deadlines, resolve, reject);
      const actor = this.find(target);
      if (actor !== undefined && atOnce) actor.acceptAtOnce(call);
      else if (actor !== undefined) actor.accept(call);
      else if (this.isLocal(target)) call.fail(new NoSuchActor(call.target));
      else this.calls.send(this.nextFrameId(), call, this.addressOf(target));
    });
  }

  cast(target: Target<unknown>, method: string, request: unknown): void {
    const { node, remote } = this.options;
    const actor = this.find(target);
    if (actor !== undefined) actor.accept(new Cast(node, method, request));
    else if (!this.isLocal(target)) {
      const address = this.addressOf(target);
      remote.send(address.node, { kind: "cast", target: address, method, payload: request });
    }
  }

  /** @throws BadRequest for another node's actor: an info has no schema to be checked by. */
  tell(target: Target<unknown>, message: unknown): void {
    if (!this.isLocal(target)) throw new BadRequest("tell reaches this node's actors alone; cast");
    this.find(target)?.accept({ kind: "info", message });
  }

  /** As `tell`, where an idle actor has handled it on return, or is waited for. */
  deliver(target: Target<unknown>, message: unknown): void {
    if (!this.isLocal(target))
      throw new BadRequest("deliver reaches this node's actors alone; cast");
    this.find(target)?.acceptAtOnce({ kind: "info", message });
  }

  /** Tells `watcher` once when the target has ended; soon, when there is none. */
  watch(target: Address, watcher: Watcher): Cancel {
    const actor = this.find(target);
    if (actor !== undefined) return actor.ties.watch(watcher);
    if (!this.isLocal(target)) {
      return this.monitors.watch(this.nextFrameId(), target, watcher);
    }
    let wanted = true;
    queueMicrotask(() => {
      if (wanted) watcher(noproc);
    });
    return () => {
      wanted = false;
    };
  }

  receive(from: NodeId, frame: RemoteFrame): void {
    switch (frame.kind) {
      case "call":
        this.requests.call(from, frame);
        break;
      case "cast":
        this.requests.cast(from, frame);
        break;
      case "reply":
        this.calls.receive(from, frame);
        break;
      case "monitor":
        this.requests.monitor(from, frame.id, frame.target);
        break;
      case "demonitor":
        this.requests.demonitor(from, frame.id);
        break;
      case "down":
        this.monitors.fire(from, frame.id, frame.reason);
        break;
    }
  }

  /** Whether a call or a monitor would be lost with the connection with `node`. */
  isTiedTo(node: NodeId): boolean {
    const { calls, monitors, requests } = this;
    return calls.isAsking(node) || monitors.isWatching(node) || requests.isServing(node);
  }

  nodeDown(node: NodeId, reason: string): void {
    this.calls.nodeDown(node, reason);
    this.monitors.nodeDown(node, reason);
    this.requests.nodeDown(node);
  }

  nodeUnreached(node: NodeId, reason: string): void {
    this.calls.nodeUnreached(node, reason);
    this.monitors.nodeDown(node, reason);
  }

  /** Fails what still waits for other nodes. */
  stop(): void {
    this.calls.stop();
    this.deadlines.stop();
  }

  /** Differs from boot to boot, so that a late answer to the node's last life means nothing now. */
  private nextFrameId(): number {
    const { boot, nextId } = this.options;
    return (boot % bootsTold) * idsPerBoot + nextId();
  }

  private isLocal(target: Target<unknown>): boolean {
    return typeof target === "string" || target.node === this.options.node;
  }
}

/** Frames are sent in the midst of an actor's end: a port that throws must not break that off. */
function guarded(remote: Remote, { log }: Env): Remote {
  return {
    send(node, frame) {
      try {
        return remote.send(node, frame);
      } catch (error) {
        log.error("a frame could not be sent", { node, kind: frame.kind, error });
        return false;
      }
    },
    reaches: (node) => remote.reaches(node),
    nameOf: (node) => remote.nameOf(node),
  };
}
