/** Completes names inside quotes in a call of `mob`: of services, nodes or actors, as the call wants. */
import type { CompleterResult } from "node:readline";
import type { ActorView } from "../api/actor-shapes.ts";
import type { Client } from "../client/client.ts";

const actorCall = "actor|trace|untrace|suspend|resumeActor|restartActor";
const quote = "[\"'`]";
const begun = `${quote}([^"'\`]*)$`;
const serviceName = new RegExp(
  `\\bmob\\.(?:services|show|endpoints|scale|rollback|start|stop|restart|rm|pause|resume|stats|logs|history)\\([^)]*${begun}`,
);
const actorName = new RegExp(`\\bmob\\.(?:${actorCall})\\(\\s*${begun}`);
/** Alone in \`tree\`, else after the actor, also in \`{ node: \`. */
const nodeName = new RegExp(
  `\\bmob\\.(?:(?:tree|forget|drain|undrain)\\(|(?:${actorCall})\\(\\s*${quote}[^"'\`]*${quote}\\s*,[^)]*)\\s*${begun}`,
);

export interface CompletionOptions {
  readonly client: Pick<Client, "services" | "nodes" | "actors">;
  /** Nodes whose actors are offered; undefined: that of the one attached to. */
  readonly nodes: () => readonly (string | undefined)[];
}

/** Undefined when `line` does not end inside such quotes. */
export async function completeNames(
  { client, nodes }: CompletionOptions,
  line: string,
): Promise<CompleterResult | undefined> {
  const service = serviceName.exec(line)?.[1];
  if (service !== undefined) return fitting(await serviceNames(client), service);
  const node = nodeName.exec(line)?.[1];
  if (node !== undefined)
    return fitting(
      (await client.nodes()).map(({ name }) => name),
      node,
    );
  const actor = actorName.exec(line)?.[1];
  if (actor === undefined) return undefined;
  return fitting(await actorNames(client, nodes(), actor), actor);
}

function fitting(names: readonly string[], start: string): CompleterResult {
  return [[...new Set(names)].filter((name) => name.startsWith(start)).sort(), start];
}

async function serviceNames(client: CompletionOptions["client"]): Promise<string[]> {
  return (await client.services()).flatMap(({ name, group }) => [group, name]);
}

/** Registered names and services; places in the tree for who has begun to type one. */
async function actorNames(
  client: CompletionOptions["client"],
  nodes: readonly (string | undefined)[],
  start: string,
): Promise<string[]> {
  const trees = await Promise.allSettled(nodes.map((node) => client.actors(node)));
  const actors = trees.flatMap((tree) => (tree.status === "fulfilled" ? all(tree.value) : []));
  const names = actors.flatMap(({ name }) => name ?? []);
  const services = (await client.services()).map(({ name }) => `service/${name}`);
  const paths = start.startsWith("mob") ? actors.map(({ path }) => path) : [];
  return [...names, ...services, ...paths];
}

function all(actor: ActorView): ActorView[] {
  return [actor, ...actor.children.flatMap(all)];
}
