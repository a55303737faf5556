/** What a node says to its user when it has started and when it has stopped. */
import type { LeftView, NodeView } from "../api/shapes.ts";
import type { RunningNode } from "../node/start.ts";
import type { Paint } from "../shell/style.ts";

type Started = Pick<RunningNode, "name" | "address" | "providers">;
type Left = Pick<LeftView, "name" | "running" | "volumes">;

/** `nodes`: the network as the node sees it. `joining`: addresses that it was told to join. */
export function greeting(
  node: Started,
  nodes: readonly NodeView[],
  joining: readonly string[],
  paint: Paint,
): string {
  const { offered, refused } = node.providers;
  const others = nodes.filter(({ name }) => name !== node.name);
  const alone =
    joining.length === 0
      ? "a network of its own"
      : `search of its network at ${joining.join(", ")}`;
  const network =
    others.length === 0
      ? alone
      : `one network with ${others.map(({ name, state }) => `${name} (${state})`).join(", ")}`;
  const lines = [
    `${paint("bold", node.name)} is up on ${node.address}, in ${network}`,
    `providers: ${offered.join(", ") || "none: it can run no service itself"}`,
    ...refused.map(({ type, reason }) => `${paint("yellow", `not offered: ${type}`)}: ${reason}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** At its shell a node says how to find out more, and how to leave. */
export const shellHint = ".help shows what can be typed here; Ctrl-D stops the node\n";

/** `asked`: the node that was attached to; `node`: the one whose actors are meant. */
export function attachedTo(asked: string, node: string, role: string): string {
  const through = node === asked ? "" : `, through ${asked}`;
  return `attached to ${node}${through}, with the role ${role}; .help shows what can be typed here\n`;
}

/** `running`: names of the services whose tasks run on, each as often as it has instances here. */
export function farewell(name: string, running: readonly string[], port: number): string {
  if (running.length === 0) return `${name} has stopped; no service runs on it\n`;
  const services = [...new Set(running)];
  const isOne = services.length === 1;
  const run = isOne ? "its service runs" : `its ${services.length} services run`;
  return (
    `${name} has stopped; ${run} on without it: ${services.join(" ")}\n` +
    `to stop ${isOne ? "it" : "them"}, start the node again (mob -p ${port}), ` +
    `then: mob stop -p ${port} ${whatStops(services)}\n`
  );
}

/** A service of a group is stopped with its group. */
function whatStops(services: readonly string[]): string {
  return [...new Set(services.map((service) => service.replace(/\/.*/, "")))].join(" ");
}

/** As `farewell`, of a node that has left its network: what runs there is no one else's to look after. */
export function goodbye({ name, running, volumes }: Left, port: number): string {
  const kept =
    volumes.length === 0 ? "" : `volumes that stay in its data folder: ${volumes.join(" ")}\n`;
  if (running.length === 0)
    return `${name} has left its network and stopped; no service runs on it\n${kept}`;
  const services = [...new Set(running)];
  const isOne = services.length === 1;
  const what = isOne ? "its service still runs" : "its services still run";
  return (
    `${name} has left its network and stopped; ${what} on its machine: ${services.join(" ")}\n` +
    `others take over once it is forgotten (mob nodes forget ${name}). To stop ${isOne ? "it" : "them"}, start the node ` +
    `again (mob -p ${port}), then: mob stop -p ${port} ${whatStops(services)}\n${kept}`
  );
}
