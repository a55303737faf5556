/**
 * Where everything is in the HTTP API: one table, read by the server as route patterns and by the
 * client as URLs. Kept apart from the schemas, so that a client need not load those.
 */
import type { Action } from "./results.ts";
import type { KeyStep } from "./trust-shapes.ts";

/** Grows when a change breaks clients; it is also the `v1` of the paths. */
export const apiVersion = 1;
/** A header of every answer: what tells a node from any other HTTP server on a port. */
export const apiHeader = "mob-api";
/** Largest body of a request. */
export const bodyBytesMax = 1024 * 1024;
/** Largest body of a request for a watch, which tells what was seen of up to 100,000 keys. */
export const watchBodyBytesMax = 16 * 1024 * 1024;
/** How a watch is sent: a line of JSON a change, and an empty one where nothing changes for a while. */
export const watchContentType = "application/x-ndjson";
/** Longest time in which a watch sends nothing, ms. */
export const watchBeatMs = 5_000;
/** How logs are sent: see log-frames.ts. */
export const logContentType = "application/vnd.mob.log";

export const paths = {
  version: "/v1/version",
  nodes: "/v1/nodes",
  join: "/v1/nodes/join",
  forget: "/v1/nodes/forget",
  drain: "/v1/nodes/drain",
  undrain: "/v1/nodes/undrain",
  leave: "/v1/node/leave",
  shutdown: "/v1/node/shutdown",
  services: "/v1/services",
  endpoints: "/v1/endpoints",
  stats: "/v1/stats",
  service: "/v1/services/:name",
  scale: "/v1/services/:name/scale",
  rollback: "/v1/services/:name/rollback",
  pause: "/v1/services/pause",
  unpause: "/v1/services/resume",
  logs: "/v1/services/:name/logs",
  history: "/v1/services/:name/history",
  invoke: "/v1/services/:name/invoke",
  watch: "/v1/watch",
  deploy: "/v1/deploy",
  plan: "/v1/plan",
  providers: "/v1/providers",
  volumes: "/v1/volumes",
  removeVolume: "/v1/volumes/remove",
  leftovers: "/v1/leftovers",
  removeLeftovers: "/v1/leftovers/remove",
  actors: "/v1/actors",
  actor: "/v1/actors/detail",
  suspendActor: "/v1/actors/suspend",
  resumeActor: "/v1/actors/resume",
  restartActor: "/v1/actors/restart",
  attach: "/v1/attach",
  tokens: "/v1/tokens",
  revokeTokens: "/v1/tokens/revoke",
  proof: "/v1/proof",
  joinTokens: "/v1/join-tokens",
  joinByToken: "/v1/nodes/join-by-token",
  keys: "/v1/keys",
} as const;

/** `/v1/services/stop`… */
export function actionPath<A extends Action>(action: A): `/v1/services/${A}` {
  return `/v1/services/${action}`;
}

/** `/v1/keys/install`… */
export function keyPath<S extends KeyStep>(step: S): `/v1/keys/${S}` {
  return `/v1/keys/${step}`;
}

/** Puts a service's name, of which `/` is a part, in place of `:name`. */
export function withName(path: string, name: string): string {
  return path.replace(":name", encodeURIComponent(name));
}
