/**
 * What people talk to in front of a composed node: the API with all that it commands, and the sessions
 * of those who attach.
 */
import { ApiTokens } from "../actors/api-tokens.ts";
import { TrustOperations, type TrustOptions } from "../actors/trust-operations.ts";
import type { Env } from "../core/env.ts";
import type { NodeId } from "../core/ids.ts";
import type { GateOptions } from "../interface/access.ts";
import { createLocate } from "../interface/actor-location.ts";
import { apiChild, type ServeHttp } from "../interface/api-actor.ts";
import { networkCommands } from "../interface/commands.ts";
import { Sessions } from "../interface/sessions.ts";
import type { ChildSpec } from "../otp/definition.ts";
import type { ComposedNode } from "./compose.ts";
import type { NodeIdentity } from "./identity.ts";

export interface ApiFrontOptions extends Pick<TrustOptions, "address" | "keys" | "desk" | "door"> {
  readonly identity: NodeIdentity;
  /** The node's. */
  readonly name: string;
  readonly env: Env;
  /** Of this node's public key. */
  readonly pin: string;
  readonly serveHttp: ServeHttp;
  readonly socketPath: string;
  readonly gate: Omit<GateOptions, "tokens">;
  /** Has the node stop soon. */
  readonly stop: () => void;
}

/** The children of the `interface` supervisor. */
export function apiFront(node: ComposedNode, options: ApiFrontOptions): readonly ChildSpec[] {
  const { operations, system, catalog } = node;
  const { identity, name, env, pin, stop, serveHttp, socketPath, gate } = options;
  const trust = new TrustOperations({ ...options, node: identity.id, system, catalog, operations });
  const tokens = new ApiTokens({ system, tokens: catalog.tokens, env, pin });
  const locate = createLocate({ operations, own: { id: identity.id, name } });
  const nodeName = (id: NodeId) => operations.nodeName(id);
  const { call } = operations;
  const sessions = new Sessions({ system, call, locate, nameOf: nodeName, name, operations });
  const api = apiChild({
    commands: networkCommands({ operations, system, tokens, trust, name, stop }),
    serveHttp,
    socketPath,
    gate: { ...gate, tokens: catalog.tokens },
    sessions,
  });
  return [sessions.child, api];
}
