/**
 * What lies in a mailbox. A call and a cast lie there themselves, and are what the handler knows as
 * its caller: one object a message. The rest is wrapped, so that the kinds can be told apart whatever
 * users send.
 */
import type { NodeId } from "../core/ids.ts";
import type { Call } from "./call.ts";
import type { Caller } from "./gen-server.ts";
import type { Down } from "./signals.ts";

/** A request whose sender wants no answer. */
export class Cast implements Caller<unknown> {
  readonly kind = "cast";
  readonly method: string;
  readonly request: unknown;
  readonly node: NodeId;

  constructor(node: NodeId, method: string, request: unknown) {
    this.node = node;
    this.method = method;
    this.request = request;
  }

  reply(): void {}

  fail(): void {}
}

/** What a handler takes. */
export type Request = Call | Cast;

export type Envelope =
  | Request
  | { readonly kind: "info"; readonly message: unknown }
  | { readonly kind: "down"; readonly down: Down };

/** For crash reports: what the actor was doing. */
export function showEnvelope(envelope: Envelope): string {
  return envelope.kind === "call" || envelope.kind === "cast" ? envelope.method : "info";
}
