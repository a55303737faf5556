/** What a node that starts takes to be in use of its own room, until its engines have told what runs. */
import type { NodeId, ServiceName } from "../core/ids.ts";
import { isNothing, noResources } from "../core/resources.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import type { Catalog } from "./catalog.ts";
import { isToRun } from "./former-instances.ts";
import type { LedgerInfo } from "./ledger.ts";
import { names } from "./names.ts";

/** Whatever is placed here, or runs on here, may be running: what is placed here anew must not be given its room. */
export function presumeRoom(catalog: Catalog, node: NodeId, system: ActorSystem): void {
  const placed = catalog.placements().filter((placement) => placement.node === node);
  const told = catalog.statuses().filter((status) => status.node === node);
  const specs = new Map([...placed, ...told].map((one) => [one.instance, specOf(catalog, one)]));
  for (const [instance, spec] of specs) {
    if (!isToRun(catalog, instance)) continue;
    const resources = catalog.status(instance)?.reserved ?? spec?.resources ?? noResources;
    const message: LedgerInfo = { type: "hold", instance, resources };
    if (!isNothing(resources)) system.tell(names.ledger, message);
  }
}

function specOf(catalog: Catalog, { service }: { readonly service: ServiceName }) {
  return catalog.service(service)?.member.spec;
}
