/**
 * Serves what other nodes ask of this one's actors. A payload is parsed by the actor's own `remote`
 * before it is queued, so that no actor ever sees one that it would not accept; a method without a
 * parser does not exist for other nodes. An idle actor handles it at once: the socket's turn is as good
 * as one of its own, which the caller would wait for.
 */
import { errorShape, OutcomeUnknown } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { ErasedBehaviour } from "./blueprint.ts";
import { Call } from "./call.ts";
import type { Deadlines } from "./deadlines.ts";
import { Cast, type Envelope } from "./envelope.ts";
import { NoSuchActor, NoSuchMethod } from "./errors.ts";
import type { Cancel } from "./gen-server.ts";
import { type Address, showTarget } from "./ref.ts";
import type { Remote, RemoteFrame } from "./remote.ts";
import type { Watcher } from "./ties.ts";

type CallFrame = RemoteFrame & { readonly kind: "call" };
type CastFrame = RemoteFrame & { readonly kind: "cast" };

/** An actor of this node that may be asked. */
export interface Askable {
  readonly behaviour: ErasedBehaviour;
  acceptAtOnce(envelope: Envelope): void;
}

/** The system, as far as other nodes reach into it. */
export interface Served {
  find(target: Address): Askable | undefined;
  watch(target: Address, watcher: Watcher): Cancel;
}

export class RemoteRequests {
  private readonly remote: Remote;
  private readonly deadlines: Deadlines;
  private readonly served: Served;
  /** Monitors that other nodes keep on this one's actors, by node and their id. */
  private readonly monitors = new Map<NodeId, Map<number, Cancel>>();

  constructor(remote: Remote, deadlines: Deadlines, served: Served) {
    this.remote = remote;
    this.deadlines = deadlines;
    this.served = served;
  }

  call(from: NodeId, frame: CallFrame): void {
    const { id, target, method, timeoutMs } = frame;
    try {
      const actor = this.served.find(target);
      if (actor === undefined) throw new NoSuchActor(showTarget(target));
      const call = new Call(
        { target, method, request: parse(actor, frame), timeoutMs, from },
        this.deadlines,
        (payload) => this.reply(from, frame, payload),
        (error) => this.fail(from, id, error),
      );
      actor.acceptAtOnce(call);
    } catch (error) {
      this.fail(from, id, error);
    }
  }

  cast(from: NodeId, frame: CastFrame): void {
    const actor = this.served.find(frame.target);
    if (actor === undefined) return;
    try {
      actor.acceptAtOnce(new Cast(from, frame.method, parse(actor, frame)));
    } catch {
      // Whoever casts wants no answer, not even this one.
    }
  }

  monitor(from: NodeId, id: number, target: Address): void {
    const theirs = this.monitors.get(from) ?? new Map<number, Cancel>();
    this.monitors.set(from, theirs);
    theirs.get(id)?.(); // Sent twice: answered once all the same.
    const cancel = this.served.watch(target, (reason) => {
      if (theirs.delete(id)) this.remote.send(from, { kind: "down", id, reason });
    });
    theirs.set(id, cancel);
  }

  demonitor(from: NodeId, id: number): void {
    const theirs = this.monitors.get(from);
    theirs?.get(id)?.();
    theirs?.delete(id);
  }

  /** Whether `node` watches an actor of this one, or waits for an answer. */
  isServing(node: NodeId): boolean {
    if ((this.monitors.get(node)?.size ?? 0) > 0) return true;
    return this.deadlines.some((one) => one instanceof Call && one.node === node);
  }

  /** Nobody is there any more to be told. */
  nodeDown(node: NodeId): void {
    for (const cancel of this.monitors.get(node)?.values() ?? []) cancel();
    this.monitors.delete(node);
  }

  /** How many monitors other nodes keep here. */
  get monitorCount(): number {
    let count = 0;
    for (const theirs of this.monitors.values()) count += theirs.size;
    return count;
  }

  /** What no codec takes must not leave the caller waiting. */
  private reply(from: NodeId, { id, target }: CallFrame, payload: unknown): void {
    if (this.remote.send(from, { kind: "reply", id, ok: true, payload })) return;
    const why = `the reply of ${showTarget(target)} could not be sent`;
    this.fail(from, id, new OutcomeUnknown(why));
  }

  private fail(from: NodeId, id: number, error: unknown): void {
    this.remote.send(from, { kind: "reply", id, ok: false, error: errorShape(error) });
  }
}

/** @throws NoSuchMethod, and whatever the actor's parser throws. */
function parse(actor: Askable, frame: CallFrame | CastFrame): unknown {
  const { remote } = actor.behaviour;
  // Own properties alone: a method called `constructor` must not find Object's.
  const parser =
    remote !== undefined && Object.hasOwn(remote, frame.method) ? remote[frame.method] : undefined;
  if (parser === undefined) throw new NoSuchMethod(showTarget(frame.target), frame.method);
  return parser(frame.payload);
}
