/** The HTTP API: which path leads to which command, and what a request must look like. */
import type { FastifyInstance } from "fastify";
import { check } from "../api/check.ts";
import type { Commands } from "../api/commands.ts";
import { actionPath, apiVersion, paths } from "../api/paths.ts";
import {
  ActorQuery,
  ActorsQuery,
  DeployRequest,
  EmptyRequest,
  EndpointsQuery,
  JoinRequest,
  LeaveRequest,
  NamesRequest,
  NodeRequest,
  RevokeRequest,
  ScaleRequest,
  TokenRequest,
  VolumeRequest,
} from "../api/requests.ts";
import type { VersionView } from "../api/shapes.ts";
import { version } from "../api/version.ts";
import { parseApiToken } from "../trust/api-token.ts";
import type { Gate } from "./access.ts";
import { addActorRoutes } from "./actor-routes.ts";
import { addLeftoverRoutes } from "./leftover-routes.ts";
import { addLogRoute } from "./log-route.ts";
import { servicesIn } from "./services-query.ts";
import { queryOf } from "./streaming.ts";
import { addTrustRoutes } from "./trust-routes.ts";
import { addWatchRoutes } from "./watch-route.ts";

/** `closing` ends the streams: the API is being closed. */
export function addRoutes(
  app: FastifyInstance,
  commands: Commands,
  gate: Gate,
  closing: AbortSignal,
): void {
  app.get(paths.version, async (): Promise<VersionView> => ({ version, api: apiVersion }));

  app.get(paths.nodes, () => commands.nodes());
  app.post(paths.join, async ({ body }) => {
    return commands.join(check(JoinRequest, body, "the body").address);
  });
  app.post(paths.leave, async ({ body }) => {
    return commands.leave(check(LeaveRequest, body, "the body"));
  });
  for (const act of ["forget", "drain", "undrain"] as const) {
    app.post(paths[act], async ({ body }) => {
      return commands[act](check(NodeRequest, body, "the body").node);
    });
  }
  app.post(paths.shutdown, async ({ body }) => {
    check(EmptyRequest, body, "the body");
    return commands.shutdown();
  });

  app.get(paths.endpoints, async (request) => {
    return commands.endpoints(check(EndpointsQuery, queryOf(request), "the query").service);
  });
  app.get(paths.stats, async (request) => commands.stats(servicesIn(request)));
  app.get(paths.services, async (request) => commands.services(servicesIn(request)));
  app.get<{ Params: { name: string } }>(paths.service, ({ params }) => commands.show(params.name));
  app.post(paths.deploy, async ({ body }) => {
    return commands.deploy(check(DeployRequest, body, "the body").documents);
  });
  app.post(paths.plan, async ({ body }) => {
    return commands.plan(check(DeployRequest, body, "the body").documents);
  });
  app.post<{ Params: { name: string } }>(paths.scale, async ({ params, body }) => {
    return commands.scale(params.name, check(ScaleRequest, body, "the body").instances);
  });
  app.post<{ Params: { name: string } }>(paths.rollback, async ({ params, body }) => {
    check(EmptyRequest, body, "the body");
    return commands.rollback(params.name);
  });
  for (const action of ["start", "stop", "restart", "remove"] as const) {
    app.post(actionPath(action), async ({ body }) => {
      return commands.act(action, check(NamesRequest, body, "the body").names);
    });
  }
  for (const act of ["pause", "unpause"] as const) {
    app.post(paths[act], async ({ body }) => {
      return commands[act](check(NamesRequest, body, "the body").names);
    });
  }
  app.get<{ Params: { name: string } }>(paths.history, ({ params }) =>
    commands.history(params.name),
  );
  app.post<{ Params: { name: string } }>(paths.invoke, ({ params, body }) =>
    commands.invoke(params.name, body),
  );
  addLogRoute(app, commands, gate, closing);
  addWatchRoutes(app, commands, gate, closing);
  addTrustRoutes(app, commands);

  app.get(paths.volumes, () => commands.volumes());
  app.post(paths.removeVolume, async ({ body }) => {
    return commands.removeVolume(check(VolumeRequest, body, "the body").name);
  });
  app.get(paths.providers, () => commands.providers());
  app.get(paths.actors, async (request) => {
    return commands.actors(check(ActorsQuery, queryOf(request), "the query").node);
  });
  app.get(paths.actor, async (request) => {
    const { target, node } = check(ActorQuery, queryOf(request), "the query");
    return commands.actor(target, node);
  });
  addActorRoutes(app, commands);
  addLeftoverRoutes(app, commands);
  addTokenRoutes(app, commands);
}

function addTokenRoutes(app: FastifyInstance, commands: Commands): void {
  app.get(paths.tokens, () => commands.tokens());
  app.post(paths.tokens, async ({ body }) => {
    const { role, name, for: holds } = check(TokenRequest, body, "the body");
    return commands.createToken({
      role,
      ...(name !== undefined && { name }),
      ...(holds !== undefined && { for: holds }),
    });
  });
  app.post(paths.revokeTokens, async ({ body }) => {
    const { token } = check(RevokeRequest, body, "the body");
    return commands.revokeToken(parseApiToken(token)?.id ?? token);
  });
}
