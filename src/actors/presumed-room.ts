/** What a node that starts takes to be in use of its own room, until its engines have told what runs. */
import type { InstanceId, NodeId } from "../core/ids.ts";
import { isNothing, noResources } from "../core/resources.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import type { Catalog } from "./catalog.ts";
import type { LedgerInfo } from "./ledger.ts";
import { names } from "./names.ts";

/** Whatever is placed here may be running: what is placed here anew must not be given the room of it. */
export function presumeRoom(catalog: Catalog, node: NodeId, system: ActorSystem): void {
  for (const { service, instance, node: at, outgoing } of catalog.placements()) {
    const spec = catalog.service(service)?.member.spec;
    const here = [{ instance, node: at }, outgoing].flatMap((one) =>
      one?.node === node ? [one.instance] : [],
    );
    for (const one of here) {
      if (!isToRun(catalog, one)) continue;
      const resources = catalog.status(one)?.reserved ?? spec?.resources ?? noResources;
      const message: LedgerInfo = { type: "hold", instance: one, resources };
      if (!isNothing(resources)) system.tell(names.ledger, message);
    }
  }
}

/** Whether an instance is placed on this node, or runs on here until another has taken over. */
export function isToRun(catalog: Catalog, instance: InstanceId): boolean {
  return catalog.desired(instance) !== undefined || catalog.takingOver(instance) !== undefined;
}
