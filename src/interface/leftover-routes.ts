/** What is left of nodes that are gone, over HTTP. */
import type { FastifyInstance } from "fastify";
import { check } from "../api/check.ts";
import type { Commands } from "../api/commands.ts";
import { paths } from "../api/paths.ts";
import { LeftoversQuery, RemoveLeftoversRequest } from "../api/requests.ts";
import { queryOf } from "./streaming.ts";

export function addLeftoverRoutes(app: FastifyInstance, commands: Commands): void {
  app.get(paths.leftovers, async (request) => {
    return commands.leftovers(check(LeftoversQuery, queryOf(request), "the query").node);
  });
  app.post(paths.removeLeftovers, async ({ body }) => {
    const { node, ids } = check(RemoveLeftoversRequest, body, "the body");
    return commands.removeLeftovers({
      ...(node !== undefined && { node }),
      ...(ids !== undefined && { ids }),
    });
  });
}
