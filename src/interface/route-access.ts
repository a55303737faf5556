/**
 * Which role each route needs: the one table. A route that is not in it cannot be served, and a test
 * holds that each of its rows is one.
 */
import { actionPath, keyPath, paths } from "../api/paths.ts";
import type { Role } from "../trust/role.ts";

/**
 * `open`: asked before there is anyone to trust. The proof is: with it a client makes sure of the node
 * before it sends its token. It tells nothing to one who does not hold the token.
 */
export type Need = Role | "open";

export interface RouteAccess {
  readonly needs: Need;
  /** What the audit log calls it; of what administrators do, and of what leaves no record that says who did it. */
  readonly act?: string;
  /** The fields of the request's body that say to what it is done. */
  readonly objects?: readonly string[];
}

const actor = ["target", "node"];

export const routeAccess: ReadonlyMap<string, RouteAccess> = new Map<string, RouteAccess>([
  [`POST ${paths.proof}`, { needs: "open" }],
  [`GET ${paths.version}`, { needs: "read" }],
  [`GET ${paths.nodes}`, { needs: "read" }],
  [`GET ${paths.services}`, { needs: "read" }],
  [`GET ${paths.service}`, { needs: "read" }],
  [`GET ${paths.logs}`, { needs: "read" }],
  [`GET ${paths.endpoints}`, { needs: "read" }],
  [`GET ${paths.stats}`, { needs: "read" }],
  [`GET ${paths.history}`, { needs: "read" }],
  [`GET ${paths.watch}`, { needs: "read" }],
  [`POST ${paths.watch}`, { needs: "read" }],
  [`GET ${paths.providers}`, { needs: "read" }],
  [`GET ${paths.volumes}`, { needs: "read" }],
  [`GET ${paths.leftovers}`, { needs: "read" }],
  [`GET ${paths.actors}`, { needs: "read" }],
  [`GET ${paths.actor}`, { needs: "read" }],
  [`GET ${paths.attach}`, { needs: "read" }],
  [`POST ${paths.plan}`, { needs: "read" }],
  [`POST ${paths.deploy}`, { needs: "deploy" }],
  [`POST ${paths.scale}`, { needs: "deploy" }],
  [`POST ${paths.rollback}`, { needs: "deploy" }],
  [`POST ${actionPath("start")}`, { needs: "deploy" }],
  [`POST ${actionPath("stop")}`, { needs: "deploy" }],
  [`POST ${actionPath("restart")}`, { needs: "deploy" }],
  [`POST ${actionPath("remove")}`, { needs: "deploy" }],
  [`POST ${paths.pause}`, { needs: "deploy", act: "pause", objects: ["names"] }],
  [`POST ${paths.unpause}`, { needs: "deploy", act: "resume", objects: ["names"] }],
  [`POST ${paths.invoke}`, { needs: "deploy" }],
  [`POST ${paths.removeVolume}`, { needs: "deploy" }],
  [`POST ${paths.join}`, { needs: "admin", act: "join", objects: ["address"] }],
  [`POST ${paths.joinByToken}`, { needs: "admin", act: "join", objects: ["address"] }],
  [`POST ${paths.leave}`, { needs: "admin", act: "leave" }],
  [`POST ${paths.forget}`, { needs: "admin", act: "forget node", objects: ["node"] }],
  [`POST ${paths.drain}`, { needs: "admin", act: "drain node", objects: ["node"] }],
  [`POST ${paths.undrain}`, { needs: "admin", act: "undrain node", objects: ["node"] }],
  [`POST ${paths.shutdown}`, { needs: "admin", act: "shutdown" }],
  [`POST ${paths.joinTokens}`, { needs: "admin", act: "issue join token", objects: ["for"] }],
  [`GET ${paths.keys}`, { needs: "read" }],
  [`POST ${keyPath("install")}`, { needs: "admin", act: "install key" }],
  [`POST ${keyPath("use")}`, { needs: "admin", act: "use key", objects: ["key"] }],
  [`POST ${keyPath("remove")}`, { needs: "admin", act: "remove key", objects: ["key"] }],
  [`POST ${keyPath("replace")}`, { needs: "admin", act: "replace key" }],
  [
    `POST ${paths.removeLeftovers}`,
    { needs: "admin", act: "remove leftovers", objects: ["node", "ids"] },
  ],
  [`POST ${paths.suspendActor}`, { needs: "admin", act: "suspend actor", objects: actor }],
  [`POST ${paths.resumeActor}`, { needs: "admin", act: "resume actor", objects: actor }],
  [`POST ${paths.restartActor}`, { needs: "admin", act: "restart actor", objects: actor }],
  [`GET ${paths.tokens}`, { needs: "admin" }],
  [`POST ${paths.tokens}`, { needs: "admin", act: "create token", objects: ["role", "name"] }],
  [`POST ${paths.revokeTokens}`, { needs: "admin", act: "revoke token", objects: ["token"] }],
]);
