/**
 * Foretells a deploy: what it would write, and where the controllers would then place it. Pure, and by
 * the very functions of the deploy itself, so that the two cannot come to differ.
 */
import type { NodeId, ServiceName } from "../core/ids.ts";
import type { Decision, DesiredService, ReconcileInput } from "./decision.ts";
import { type Deployment, type DeployResult, deployed } from "./deploy.ts";
import { type Candidate, stateText } from "./eligibility.ts";
import type { Spec } from "./group.ts";
import { type Member, membersOf } from "./group-members.ts";
import { noStamp } from "./instance-status.ts";
import { choiceText, refusalsText, waitsText } from "./placement-text.ts";
import { reconcile } from "./reconcile.ts";
import type { GroupRecord, PlacementRecord, Refusal } from "./records.ts";
import { type FieldChange, specChanges } from "./spec-changes.ts";
import { taskDigest } from "./task-digest.ts";

/** What would be deployed under a name. */
export interface Wanted {
  readonly spec: Spec;
  /** Undefined: nothing is deployed under its name. */
  readonly standing?: Deployment | undefined;
  /** Where all of it is placed now, by service and slot; also of earlier creations, and what is to go. */
  readonly present: readonly PlacementRecord[];
  /** What is seen of what is placed. */
  readonly observe: DesiredService["observe"];
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
  /** Of each service in the order of their start, in order of slots. */
  readonly instances: readonly PlannedInstance[];
}

/** The network as it is now; of `waiting`, what is deployed again counts no more. */
export type PlanInput = Pick<
  ReconcileInput,
  "self" | "nodes" | "portHolder" | "bookings" | "waiting" | "volumeHome"
>;

/**
 * What deploying all of `wanted` would do, in that order. They are placed one after the other, in order of
 * priority and of names, as one controller does it.
 */
export function planDeploys(
  wanted: readonly Wanted[],
  network: PlanInput,
): readonly PlannedDeploy[] {
  const planned = wanted.map((group) => {
    const { spec, standing } = group;
    return { ...group, ...deployed(standing, spec, newUid) };
  });
  const { nodes, waiting = () => [] } = network;
  const isWanted = new Set(planned.flatMap(({ record }) => [...membersOf(record.spec).keys()]));
  const decisions = reconcile({
    ...network,
    waiting: () => [...waiting()].filter(({ name }) => !isWanted.has(name)),
    services: planned.flatMap(({ result, record, standing, present, observe }) =>
      [...membersOf(record.spec).values()].map(({ spec }) => ({
        spec,
        uid: record.uid,
        specStamp: result === "unchanged" ? (standing?.stamp ?? noStamp) : noStamp,
        present: present.filter(({ service }) => service === spec.name),
        observe,
        // As it will be in the end, not where it begins.
        updatesMax: Number.POSITIVE_INFINITY,
      })),
    ),
    missedForMs: () => 0,
  });
  return planned.map(({ result, record, ...group }) => ({
    group: record.name,
    result,
    generation: record.generation,
    changes: changesOf(group),
    instances: instancesOf(group, record, decisions, nodes),
  }));
}

function instancesOf(
  { present, standing }: Wanted,
  { uid, spec }: GroupRecord,
  decisions: readonly Decision[],
  nodes: readonly Candidate[],
): readonly PlannedInstance[] {
  const members = membersOf(spec);
  const names = new Set(members.keys());
  const before =
    standing === undefined ? new Map<ServiceName, Member>() : membersOf(standing.group.spec);
  const gone = present.filter(({ service }) => !names.has(service));
  const withdrawn = gone.map((placement): Decision => ({ kind: "withdraw", placement }));
  const all = [...decisions, ...withdrawn];
  return [...names, ...new Set(gone.map(({ service }) => service))].flatMap((name) => {
    const now = present.filter((one) => one.uid === uid && one.service === name);
    const isNewTask = differs(before.get(name), members.get(name));
    return plannedInstances(now, all.filter(isOf(name)), nodes, isNewTask);
  });
}

/** Whether what runs is ended for it. */
function differs(before: Member | undefined, after: Member | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  return taskDigest(before.spec) !== taskDigest(after.spec);
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
  present: readonly PlacementRecord[],
  decisions: readonly Decision[],
  nodes: readonly Candidate[],
  isNewTask: boolean,
): readonly PlannedInstance[] {
  const now = new Map(present.map((it) => [it.slot, it]));
  const decided = new Map(decisions.map((decision) => [decision.placement.slot, decision]));
  return [...new Set([...now.keys(), ...decided.keys()])]
    .sort((a, b) => a - b)
    .flatMap((slot) => plannedInstance(now.get(slot), decided.get(slot), nodes, isNewTask) ?? []);
}

/** Undefined: of an earlier creation, which is no concern of the present one. */
function plannedInstance(
  now: PlacementRecord | undefined,
  decision: Decision | undefined,
  nodes: readonly Candidate[],
  isNewTask: boolean,
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
    const reason = refusals.length > 0 ? waitsText(refusals) : whyKept(node, nodes, isNewTask);
    return { ...about, action: "keep", reason };
  }
  const reason = choiceText(decision.choice);
  if (from === null) return { ...about, action: "place", reason };
  if (placement.instance !== now?.instance) return { ...about, action: "replace", reason };
  return { ...about, action: "keep", reason: isNewTask ? `${reason}${newTask}` : reason };
}

const newTask = ", and gets a new task";

/** Nothing is decided of it: nothing changes, or its node cannot be asked. */
function whyKept(id: NodeId, nodes: readonly Candidate[], isNewTask: boolean): string {
  const node = nodes.find((candidate) => candidate.id === id);
  const isThere = choiceText({ kind: "present" });
  if (node?.state === "alive") return isNewTask ? `${isThere}${newTask}` : isThere;
  const where = node === undefined ? "is not known" : stateText(node.state);
  return `its node ${where}, and what is placed there is left there`;
}
