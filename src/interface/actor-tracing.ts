/**
 * Traces of actors on any node, for sessions of this one: asks the inspector there, and goes on asking
 * for what it has gathered, with calls that wait, so that a quiet trace costs a message now and then.
 */
import type { InspectorProtocol } from "../actors/inspector.ts";
import { traceLimits, traceWaitMsMax } from "../actors/inspector-protocol.ts";
import { names } from "../actors/names.ts";
import type { NodeInfo } from "../actors/node-view.ts";
import type { TraceRecordView } from "../api/actor-shapes.ts";
import { BadRequest } from "../core/errors.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { type ActorRef, named as actorNamed } from "../otp/ref.ts";

/** Beyond the wait itself: a call that takes longer has been lost. */
const marginMs = 10_000;

export interface TraceRequest {
  /** A path or a registered name. */
  readonly target: string;
  /** Name or id of its node; default: this one. */
  readonly node?: string;
  readonly messagesMax: number;
  readonly perSecondMax: number;
}

export interface OpenTrace {
  readonly node: string;
  readonly path: string;
  /** Resolves when there is something, or after a while with nothing. */
  read(): Promise<{ readonly records: readonly TraceRecordView[]; readonly ended?: string }>;
  stop(): void;
}

/** An actor, where it is. */
export interface Located {
  readonly node: Pick<NodeInfo, "id" | "name">;
  /** Its path or registered name there. */
  readonly target: string;
}

/**
 * Finds an actor that users name: on the node of that name or id, or on this one; `service/NAME`, and
 * what is below it, wherever that service runs. @throws NotFound, Conflict before it is placed
 */
export type Locate = (target: string, node: string | undefined) => Located;

export interface TracingOptions {
  readonly system: ActorSystem;
  /** As `system` calls, and with more patience: for what begins a trace. */
  readonly call: ActorSystem["call"];
  readonly locate: Locate;
  /** The name of a node that a message came from. */
  readonly nameOf: (id: NodeInfo["id"]) => string;
}

/**
 * Begins a trace that ends with `owner`. `content`: whether what is in the messages may be told.
 * @throws NotFound, Unreachable, BadRequest, Conflict
 */
export async function openTrace(
  { system, call, locate, nameOf }: TracingOptions,
  { target: named, node: wanted, messagesMax, perSecondMax }: TraceRequest,
  owner: ActorRef<unknown>,
  content: boolean,
): Promise<OpenTrace> {
  const { messagesMax: most, perSecondMax: fastest } = traceLimits;
  if (messagesMax > most || perSecondMax > fastest) {
    throw new BadRequest(`a trace shows at most ${most} messages, and ${fastest} a second`);
  }
  const { node, target } = locate(named, wanted);
  const inspector = actorNamed<InspectorProtocol>(node.id, names.inspector);
  const asked = { target, messagesMax, perSecondMax, content, owner };
  const { trace, path } = await call(inspector, "startTrace", asked);
  return {
    node: node.name,
    path,
    async read() {
      const request = { trace, waitMs: traceWaitMsMax };
      const timeoutMs = traceWaitMsMax + marginMs;
      const { records, ended } = await system.call(inspector, "readTrace", request, { timeoutMs });
      const views = records.map(({ from, ...record }) => ({
        ...record,
        ...(from !== undefined && { from: nameOf(from) }),
      }));
      return { records: views, ...(ended !== undefined && { ended }) };
    },
    stop: () => system.cast(inspector, "stopTrace", { trace }),
  };
}
