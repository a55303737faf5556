/** The API's commands about actors: asks the inspector of the node concerned, and says which it was. */
import type { ActorFactsTree } from "../actors/actor-facts.ts";
import type { InspectorProtocol } from "../actors/inspector.ts";
import { suspendMsMax } from "../actors/inspector-protocol.ts";
import { names } from "../actors/names.ts";
import type { ActorView } from "../api/actor-shapes.ts";
import type { Commands } from "../api/commands.ts";
import { BadRequest } from "../core/errors.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { named } from "../otp/ref.ts";
import type { Locate } from "./actor-tracing.ts";

const suspendMsDefault = 60_000;
/** A subtree stops within the `shutdown` of each of its actors, one after the other. */
const restartTimeoutMs = 60_000;

type ActorCommands = Pick<Commands, "actors" | "actor" | "suspend" | "resume" | "restartActor">;

/** `call`: as `system` calls, and with more patience. */
export function actorCommands(
  system: ActorSystem,
  call: ActorSystem["call"],
  locate: Locate,
): ActorCommands {
  const find = (wanted: string, on: string | undefined) => {
    const { node, target } = locate(wanted, on);
    const inspector = named<InspectorProtocol>(node.id, names.inspector);
    return { node: node.name, target, inspector };
  };
  return {
    async actors(wanted) {
      return actorView(await call(find(names.mob, wanted).inspector, "tree", undefined));
    },
    async actor(wanted, on) {
      const { node, target, inspector } = find(wanted, on);
      return { node, ...(await call(inspector, "detail", { target })) };
    },
    async suspend(wanted, { node: on, forMs = suspendMsDefault, session } = {}) {
      if (forMs > suspendMsMax) {
        throw new BadRequest(`an actor is suspended for at most ${suspendMsMax / 60_000} minutes`);
      }
      const { node, target, inspector } = find(wanted, on);
      const owner = session === undefined ? undefined : system.whereis(session);
      const asked = { target, forMs, ...(owner !== undefined && { owner }) };
      return { node, ...(await call(inspector, "suspend", asked)) };
    },
    async resume(wanted, on) {
      const { node, target, inspector } = find(wanted, on);
      return { node, ...(await call(inspector, "resume", { target })) };
    },
    async restartActor(wanted, on) {
      const { node, target, inspector } = find(wanted, on);
      const options = { timeoutMs: restartTimeoutMs };
      return { node, ...(await call(inspector, "restart", { target }, options)) };
    },
  };
}

function actorView({ children, ...facts }: ActorFactsTree): ActorView {
  return { ...facts, children: children.map(actorView) };
}
