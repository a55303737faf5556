/** Notes in the audit log what administrators do through the API, and how it ended. */
import type { FastifyInstance } from "fastify";
import type { Audit } from "../core/audit.ts";
import { parseApiToken } from "../trust/api-token.ts";
import type { Gate } from "./access.ts";
import { routeAccess } from "./route-access.ts";

/** Most characters of a field that are noted. */
const fieldCharactersMax = 100;

export function auditActs(app: FastifyInstance, gate: Gate, audit: Audit): void {
  // When the answer is there, not when it was sent: a client that has gone does not undo the act.
  app.addHook("onSend", async (request, reply) => {
    const route = routeAccess.get(`${request.method} ${request.routeOptions.url}`);
    if (route?.act === undefined) return;
    const { who, how, role } = gate.authorise(request.raw);
    const detail = detailOf(request.body, route.objects ?? []);
    audit.record({
      what: route.act,
      outcome: reply.statusCode < 400 ? "done" : "failed",
      who,
      how,
      role,
      ...(detail !== "" && { detail }),
    });
  });
}

/** The fields of a body that say to what something is done; of a token its id alone. */
function detailOf(body: unknown, fields: readonly string[]): string {
  const given = typeof body === "object" && body !== null ? Object.entries(body) : [];
  return given
    .filter(([field]) => fields.includes(field))
    .map(([, value]) => String(value))
    .map((text) => (parseApiToken(text)?.id ?? text).slice(0, fieldCharactersMax))
    .join(" ");
}
