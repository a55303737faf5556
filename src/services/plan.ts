/**
 * Foretells a deploy: what it would write, and where the controllers would then place it. Pure, and by
 * the very functions of the deploy itself, so that the two cannot come to differ.
 */
import type { NodeId, ServiceName } from "../core/ids.ts";
import type { Booking } from "./bookings.ts";
import { type Deployment, type DeployResult, deployed } from "./deploy.ts";
import { noStamp } from "./instance-status.ts";
import {
  type Candidate,
  choiceText,
  type PortHolder,
  refusalsText,
  stateText,
} from "./placement.ts";
import { type Decision, type DesiredGroup, reconcile } from "./reconcile.ts";
import type { GroupRecord, PlacementRecord, Refusal } from "./records.ts";
import type { ServiceSpec } from "./spec.ts";
import { type FieldChange, specChanges } from "./spec-changes.ts";

/** A service that would be deployed. */
export interface Wanted {
  readonly spec: ServiceSpec;
  /** Undefined: nothing is deployed under its name. */
  readonly standing?: Deployment | undefined;
  /** Where it is placed now, by slot; also of earlier creations. */
  readonly present: readonly PlacementRecord[];
  /** What is seen of what is placed. */
  readonly observe: DesiredGroup["observe"];
}

export interface PlannedInstance {
  readonly name: ServiceName;
  readonly slot: number;
  /**
   * `place`: there is none yet. `keep`: it stays where it is. `replace`: another takes the place of the
   * present one. `wait`: no node can take it. `remove`: there are to be fewer.
   */
  readonly action: "place" | "keep" | "replace" | "wait" | "remove";
  /** Null: none can take it. */
  readonly node: NodeId | null;
  /** Where it is now, if anywhere. */
  readonly from: NodeId | null;
  /** For people. */
  readonly reason: string;
  /** Every node's every reason, where none can take it. */
  readonly refusals: readonly Refusal[];
}

export interface PlannedDeploy {
  readonly group: ServiceName;
  readonly result: DeployResult;
  /** That it would have. */
  readonly generation: number;
  /** Of an update; `wanted`, where it starts what was stopped. */
  readonly changes: readonly FieldChange[];
  /** In order of slots. */
  readonly instances: readonly PlannedInstance[];
}

/**
 * What deploying all of `wanted` would do, in that order. They are placed one after the other, in order of
 * names, as one controller does it. @param nodes every node known, with its instances
 * @param portHolder what has a port of a node now
 * @param bookings what is reserved on nodes now
 */
export function planDeploys(
  self: NodeId,
  wanted: readonly Wanted[],
  nodes: readonly Candidate[],
  portHolder: PortHolder = () => undefined,
  bookings: () => Iterable<Booking> = () => [],
): readonly PlannedDeploy[] {
  const planned = wanted.map((service) => {
    const { spec, standing } = service;
    return { ...service, ...deployed(standing, spec, newUid) };
  });
  const decisions = reconcile({
    self,
    groups: planned.map(({ result, record, standing, present, observe }) => ({
      group: record,
      specStamp: result === "unchanged" ? (standing?.stamp ?? noStamp) : noStamp,
      removed: false,
      present,
      observe,
      // As it will be in the end, not where it begins.
      updatesMax: Number.POSITIVE_INFINITY,
    })),
    nodes,
    portHolder,
    bookings,
    missedForMs: () => 0,
  });
  return planned.map(({ result, record, ...service }) => ({
    group: record.name,
    result,
    generation: record.generation,
    changes: changesOf(service),
    instances: plannedInstances(service, record, decisions.filter(isOf(record.name)), nodes),
  }));
}

/** What a deploy would draw; as with `noStamp`, which stands for the stamp of its write, nothing has it. */
const newUid = "";

function isOf(name: ServiceName): (decision: Decision) => boolean {
  return ({ placement }) => placement.service === name;
}

function changesOf({ spec, standing }: Wanted): readonly FieldChange[] {
  if (standing === undefined) return [];
  const changes = specChanges(standing.group.spec, spec);
  if (standing.run === "running") return changes;
  return [...changes, { path: "wanted", from: "stopped", to: "running" }];
}

function plannedInstances(
  { present }: Wanted,
  { uid }: GroupRecord,
  decisions: readonly Decision[],
  nodes: readonly Candidate[],
): readonly PlannedInstance[] {
  const now = new Map(present.filter((it) => it.uid === uid).map((it) => [it.slot, it]));
  const decided = new Map(decisions.map((decision) => [decision.placement.slot, decision]));
  return [...new Set([...now.keys(), ...decided.keys()])]
    .sort((a, b) => a - b)
    .flatMap((slot) => plannedInstance(now.get(slot), decided.get(slot), nodes) ?? []);
}

/** Undefined: of an earlier creation, which is no concern of the present one. */
function plannedInstance(
  now: PlacementRecord | undefined,
  decision: Decision | undefined,
  nodes: readonly Candidate[],
): PlannedInstance | undefined {
  const placement = decision?.placement ?? now;
  if (placement === undefined || (now === undefined && decision?.kind === "withdraw"))
    return undefined;
  const { service: name, slot, node, refusals } = placement;
  const from = now?.node ?? null;
  const about = { name, slot, node, from, refusals };
  if (decision?.kind === "withdraw") {
    return { ...about, node: null, action: "remove", reason: "there are to be fewer" };
  }
  if (node === null) return { ...about, action: "wait", reason: refusalsText(refusals) };
  if (decision?.choice === undefined) {
    return { ...about, action: "keep", reason: whyKept(node, nodes) };
  }
  const reason = choiceText(decision.choice);
  if (from === null) return { ...about, action: "place", reason };
  const isSame = placement.instance === now?.instance;
  return { ...about, action: isSame ? "keep" : "replace", reason };
}

/** Nothing is decided of it: nothing changes, or its node cannot be asked. */
function whyKept(id: NodeId, nodes: readonly Candidate[]): string {
  const node = nodes.find((candidate) => candidate.id === id);
  if (node?.state === "alive") return "it is there already";
  const where = node === undefined ? "is not known" : stateText(node.state);
  return `its node ${where}, and what is placed there is left there`;
}
