/**
 * A plan of a deploy, as a node knows the network: nothing is asked of those who would decide, who know
 * the same and decide by the same functions.
 */
import type { NodeId } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import type { Spec } from "../services/group.ts";
import { membersOf } from "../services/group-members.ts";
import { type PlannedDeploy, planDeploys, type Wanted } from "../services/plan.ts";
import type { PlacementRecord } from "../services/records.ts";
import { candidatesOf, portHolders } from "./candidates.ts";
import type { Catalog } from "./catalog.ts";
import { type CheckParams, checkDocuments } from "./deploy-checks.ts";
import { desiredService } from "./desired-service.ts";
import { deciderOf } from "./ownership.ts";
import { untilReady } from "./readiness.ts";
import { bookingsIn, waitingIn } from "./reservations.ts";
import { volumeHomes } from "./volume-view.ts";

export interface PlanOptions {
  readonly node: NodeId;
  readonly system: ActorSystem;
  readonly catalog: Catalog;
  readonly checkParams: CheckParams;
}

/**
 * What deploying the documents would do now, in their order.
 * @throws InvalidSpec with every error of every document; Unavailable where no one could decide
 */
export async function planFor(
  { node, system, catalog, checkParams }: PlanOptions,
  documents: readonly unknown[],
): Promise<readonly PlannedDeploy[]> {
  const specs = await checkDocuments(documents, catalog, checkParams);
  await Promise.all(specs.map(({ name }) => untilReady(system, name)));
  for (const { name } of specs) deciderOf(catalog.view, name);
  return planDeploys(
    specs.map((spec) => wantedOf(catalog, spec)),
    {
      self: node,
      nodes: candidatesOf(catalog),
      portHolder: portHolders(catalog),
      bookings: () => bookingsIn(catalog),
      waiting: () => waitingIn(catalog),
      volumeHome: volumeHomes(catalog),
    },
  );
}

function wantedOf(catalog: Catalog, spec: Spec): Wanted {
  const held = catalog.group(spec.name);
  const present = catalog.placementsIn(spec.name);
  if (held === undefined) return { spec, present, observe: () => unseen };
  const { record: group, stamp } = held;
  const members = membersOf(spec);
  // As its instances will be seen once the spec is written.
  const observe = (placement: PlacementRecord) => {
    const member = members.get(placement.service);
    if (member === undefined) return unseen;
    return desiredService(catalog, { record: { ...group, spec }, stamp, member }).observe(
      placement,
    );
  };
  return { spec, standing: { group, stamp, run: catalog.runState(group).run }, present, observe };
}

const unseen = {
  isIdle: false,
  isReady: false,
  needsNewTask: false,
  hasTakenOver: false,
} as const;
