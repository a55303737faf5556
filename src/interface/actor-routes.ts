/** What can be done to actors over HTTP, and where a WebSocket is to be asked for. */
import type { FastifyInstance } from "fastify";
import { check } from "../api/check.ts";
import type { Commands } from "../api/commands.ts";
import { paths } from "../api/paths.ts";
import { ActorRequest, SuspendRequest } from "../api/requests.ts";
import { BadRequest } from "../core/errors.ts";
import { sessionOf } from "./tunnel.ts";

export function addActorRoutes(app: FastifyInstance, commands: Commands): void {
  app.post(paths.suspendActor, async ({ body, raw }) => {
    const { target, node, forMs } = check(SuspendRequest, body, "the body");
    const session = sessionOf(raw);
    return commands.suspend(target, {
      ...(node !== undefined && { node }),
      ...(forMs !== undefined && { forMs }),
      ...(session !== undefined && { session }),
    });
  });
  app.post(paths.resumeActor, async ({ body }) => {
    const { target, node } = check(ActorRequest, body, "the body");
    return commands.resume(target, node);
  });
  app.post(paths.restartActor, async ({ body }) => {
    const { target, node } = check(ActorRequest, body, "the body");
    return commands.restartActor(target, node);
  });
  app.get(paths.attach, async () => {
    throw new BadRequest("a WebSocket is spoken here: it wants the headers of an upgrade");
  });
}
