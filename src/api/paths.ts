/**
 * Where everything is in the HTTP API: one table, read by the server as route patterns and by the
 * client as URLs. Kept apart from the schemas, so that a client need not load those.
 */
import type { Action } from "./shapes.ts";

/** Grows when a change breaks clients; it is also the `v1` of the paths. */
export const apiVersion = 1;
/** A header of every answer: what tells a node from any other HTTP server on a port. */
export const apiHeader = "mob-api";
/** Largest body of a request. */
export const bodyBytesMax = 1024 * 1024;
/** How logs are sent: see log-frames.ts. */
export const logContentType = "application/vnd.mob.log";

export const paths = {
  version: "/v1/version",
  nodes: "/v1/nodes",
  join: "/v1/nodes/join",
  forget: "/v1/nodes/forget",
  leave: "/v1/node/leave",
  shutdown: "/v1/node/shutdown",
  services: "/v1/services",
  service: "/v1/services/:name",
  logs: "/v1/services/:name/logs",
  deploy: "/v1/deploy",
  providers: "/v1/providers",
  actors: "/v1/actors",
  actor: "/v1/actors/detail",
} as const;

/** `/v1/services/stop`… */
export function actionPath<A extends Action>(action: A): `/v1/services/${A}` {
  return `/v1/services/${action}`;
}

/** Puts a service's name, of which `/` is a part, in place of `:name`. */
export function withName(path: string, name: string): string {
  return path.replace(":name", encodeURIComponent(name));
}
