/**
 * The calls that this node has made to others and that wait for their reply. Each is settled once:
 * by the reply of the very node that was asked, by the loss of that node, or by its deadline.
 */
import { OutcomeUnknown, RemoteError, Unreachable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { Call, CallHolder } from "./call.ts";
import { QueueFull } from "./errors.ts";
import type { Address } from "./ref.ts";
import type { Remote, RemoteFrame } from "./remote.ts";

/** A deadline longer than this is cut to it on its way: not every codec has an `Infinity`. */
const remoteTimeoutMsMax = 24 * 60 * 60 * 1_000;

/** A call that waits, and what forgets it once it is settled: one object, since there may be many. */
class Asked implements CallHolder {
  readonly id: number;
  readonly node: NodeId;
  readonly call: Call;
  private readonly all: Map<number, Asked>;

  constructor(all: Map<number, Asked>, id: number, node: NodeId, call: Call) {
    this.all = all;
    this.id = id;
    this.node = node;
    this.call = call;
    all.set(id, this);
    call.heldBy(this);
  }

  delete(): void {
    this.all.delete(this.id);
  }
}

export class RemoteCalls {
  private readonly remote: Remote;
  private readonly asked = new Map<number, Asked>();

  constructor(remote: Remote) {
    this.remote = remote;
  }

  /** Sends `call`; fails it at once, as Unreachable or QueueFull, when it cannot be sent. */
  send(id: number, call: Call, target: Address): void {
    const { node } = target;
    new Asked(this.asked, id, node, call);
    const { method, request: payload } = call.question;
    const timeoutMs = Math.min(call.question.timeoutMs, remoteTimeoutMsMax);
    const frame = { kind: "call", id, target, method, payload, timeoutMs } as const;
    if (!this.remote.send(node, frame)) {
      const name = this.remote.nameOf(node);
      call.fail(
        this.remote.reaches(node)
          ? new QueueFull(`too much waits to be sent to node ${name}: nothing was asked of it`)
          : new Unreachable(`node ${name} cannot be reached for ${call.target}`),
      );
    }
  }

  receive(from: NodeId, reply: RemoteFrame & { readonly kind: "reply" }): void {
    const asked = this.asked.get(reply.id);
    if (asked === undefined || asked.node !== from) return; // Too late, or none of its business.
    if (reply.ok) asked.call.reply(reply.payload);
    else asked.call.fail(new RemoteError(reply.error));
  }

  isAsking(node: NodeId): boolean {
    for (const asked of this.asked.values()) if (asked.node === node) return true;
    return false;
  }

  nodeDown(node: NodeId, reason: string): void {
    const name = this.remote.nameOf(node);
    for (const { node: asked, call } of [...this.asked.values()]) {
      if (asked !== node) continue;
      call.fail(
        new OutcomeUnknown(`node ${name} was lost before ${call.target} answered: ${reason}`),
      );
    }
  }

  /** No connection with `node` came about: nothing was asked of it. */
  nodeUnreached(node: NodeId, reason: string): void {
    const name = this.remote.nameOf(node);
    for (const { node: asked, call } of [...this.asked.values()]) {
      if (asked !== node) continue;
      call.fail(new Unreachable(`node ${name} cannot be reached for ${call.target}: ${reason}`));
    }
  }

  /** Fails all of them: this node ends. */
  stop(): void {
    for (const { node, call } of [...this.asked.values()]) {
      const name = this.remote.nameOf(node);
      call.fail(new OutcomeUnknown(`this node ended before ${call.target} on ${name} answered`));
    }
  }
}
