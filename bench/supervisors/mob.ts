import { bashService, RealNodes, removeAll } from "../real-nodes.ts";
import { type Contender, processesMarked } from "./contender.ts";

/** One node, or the first of several, of which the last runs what is deployed. */
export async function startMob(nodeCount = 1): Promise<Contender> {
  const nodes = new RealNodes();
  const first = await nodes.start();
  let target: string | undefined;
  for (let count = 1; count < nodeCount; count++) {
    const next = await nodes.start();
    const all = await next.client.join(`127.0.0.1:${first.port}`);
    target = all.find(({ address }) => address.endsWith(`:${next.port}`))?.name;
  }
  const placement = target && { placement: { constraints: [`node.name == ${target}`] } };
  return {
    name: nodeCount === 1 ? "Mob" : `Mob, ${nodeCount} nodes`,
    async start(services) {
      const specs = services.map(({ name, command }) => bashService(name, command));
      await first.client.deploy(specs.map((spec) => ({ ...spec, ...placement })));
    },
    removeAll: () => removeAll(first.client),
    processes: () => processesMarked(nodes.folder),
    close: () => nodes.close(),
  };
}
