/** The API's commands about the nodes of the network and what they offer. */
import type { NodeInfo } from "../actors/node-view.ts";
import type { Operations } from "../actors/operations.ts";
import type { Commands } from "../api/commands.ts";
import type { ProviderView } from "../api/shapes.ts";
import type { NodeId } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { acknowledgement } from "./acknowledgement.ts";
import { nodeView } from "./node-shape.ts";

type NodeCommands = Pick<
  Commands,
  "nodes" | "join" | "leave" | "forget" | "drain" | "undrain" | "providers" | "shutdown"
>;

export interface NodeCommandsOptions {
  readonly operations: Operations;
  readonly system: Pick<ActorSystem, "node">;
  /** This node's own name. */
  readonly name: string;
  /** Has this node stop soon. */
  readonly stop: () => void;
}

export function nodeCommands(options: NodeCommandsOptions): NodeCommands {
  const { operations, system, name, stop } = options;
  const nodeName = (id: NodeId | null) => (id === null ? null : operations.nodeName(id));
  const nodes = () => operations.nodes().map(nodeView);
  return {
    nodes: async () => nodes(),
    async join(address) {
      await operations.join(address);
      return nodes();
    },
    async leave({ now = false } = {}) {
      await operations.leave(now);
      const running = runningOn(operations, system.node);
      const own = operations.volumes().filter((volume) => volume.node === system.node);
      stop();
      return { name, pid: process.pid, running, volumes: own.map((volume) => volume.name) };
    },
    async forget(node) {
      await operations.forget(node);
      return nodes();
    },
    async drain(node) {
      const { node: id, receipt, instances } = await operations.drain(node);
      const places = instances.map((one) => ({ ...one, node: nodeName(one.node) }));
      return {
        node: operations.nodeName(id),
        instances: places,
        ...acknowledgement(receipt, nodeName),
      };
    },
    async undrain(node) {
      await operations.undrain(node);
      return nodes();
    },
    providers: async () =>
      operations
        .nodes()
        .filter(({ isLive }) => isLive)
        .flatMap(providerViews),
    async shutdown() {
      stop();
      return { name, pid: process.pid, running: runningOn(operations, system.node) };
    },
  };
}

/** Names of the services whose tasks run on `node` now. */
export function runningOn(operations: Operations, node: NodeId): string[] {
  return operations
    .instances()
    .filter((instance) => instance.node === node && "pid" in instance.handle)
    .map((instance) => instance.name);
}

function providerViews({ name, providers }: NodeInfo): ProviderView[] {
  return providers.map((fact) => {
    const { type, available, version, features = [], lacks = {}, reason, since } = fact;
    return {
      node: name,
      type,
      available,
      features: [...features],
      lacks: { ...lacks },
      ...(version !== undefined && { version }),
      ...(reason !== undefined && { reason }),
      ...(since !== undefined && { since }),
    };
  });
}
