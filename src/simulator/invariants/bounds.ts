/**
 * Invariant 10: queues are bounded, and once it is quiet they are empty: nothing waits for ever.
 */
import type { ActorTree } from "../../otp/inspection.ts";
import type { Stage } from "../stage.ts";
import type { Invariant, Objection } from "./invariant.ts";

/** Of one direction of a connection: what the transport takes before it refuses. */
const unsentBytesMax = 16 * 1024 * 1024;
/** No load of these runs comes near it; a loop that feeds itself soon does. */
export const mailboxMax = 5_000;
/** Drawing the trees of all nodes is what costs most here. */
const secondsBetweenTrees = 5;
/** Events that wait, a node: timers, frames on their way, promises of engines. */
const eventsMaxPerNode = 20_000;

export function bounds(stage: Stage, object: Objection): Invariant {
  const { simulation } = stage;
  let looks = 0;
  return {
    number: 10,
    each() {
      if (simulation.network.unsentBytesMax() > unsentBytesMax) object("a connection has no bound");
      if (simulation.scheduler.waiting > eventsMaxPerNode * stage.machines.length) {
        object(`${simulation.scheduler.waiting} events wait`);
      }
      looks++;
      if (looks % secondsBetweenTrees !== 0) return;
      for (const { machine, actor } of actors(stage)) {
        if (actor.mailboxLength <= mailboxMax) continue;
        object(`${actor.path} on ${machine} has ${actor.mailboxLength} messages waiting`);
      }
    },
    atEnd() {
      for (const { machine, actor } of actors(stage)) {
        if (actor.mailboxLength <= quietMailboxMax) continue;
        object(`${actor.path} on ${machine} still has ${actor.mailboxLength} messages waiting`);
      }
    },
  };
}

/** Some messages are always on their way. */
export const quietMailboxMax = 20;

function actors(stage: Stage): readonly { machine: string; actor: ActorTree }[] {
  return stage.machines.flatMap((machine) => {
    const roots = stage.node(machine)?.system.inspect.tree() ?? [];
    return roots.flatMap(flat).map((actor) => ({ machine, actor }));
  });
}

function flat(actor: ActorTree): readonly ActorTree[] {
  return [actor, ...actor.children.flatMap(flat)];
}
