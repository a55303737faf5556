/** The HTTP API of who is let in among nodes: join tokens, and the network's keys. */
import type { FastifyInstance } from "fastify";
import { check } from "../api/check.ts";
import type { Commands } from "../api/commands.ts";
import { keyPath, paths } from "../api/paths.ts";
import { JoinByTokenRequest, JoinTokenRequest, KeyRequest } from "../api/requests.ts";
import { keySteps } from "../api/trust-shapes.ts";

export function addTrustRoutes(app: FastifyInstance, commands: Commands): void {
  app.post(paths.joinTokens, async ({ body }) => {
    return commands.issueJoinToken(check(JoinTokenRequest, body, "the body").for);
  });
  app.post(paths.joinByToken, async ({ body }) => {
    const { token, address } = check(JoinByTokenRequest, body, "the body");
    return commands.joinByToken(token, address);
  });
  app.get(paths.keys, () => commands.keys());
  for (const step of keySteps) {
    app.post(keyPath(step), async ({ body }) => {
      return commands.rotateKeys(step, check(KeyRequest, body, "the body").key);
    });
  }
}
