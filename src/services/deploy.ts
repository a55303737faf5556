/**
 * What a deploy makes of what is there: a new creation, a new generation of it, or nothing at all.
 */
import type { Spec } from "./group.ts";
import { membersOf, withInstances } from "./group-members.ts";
import { groupSpecToJson } from "./group-spec.ts";
import type { Stamp } from "./instance-status.ts";
import { canonicalText, isSameData } from "./plain-data.ts";
import type { GroupRecord, RunStateRecord } from "./records.ts";
import { taskDigest } from "./task-digest.ts";

export type DeployResult = "created" | "updated" | "unchanged";

/** Whether `next` says anything that `last` does not, defaults filled in and order of keys aside. */
export function deployResult(last: Spec | undefined, next: Spec): DeployResult {
  if (last === undefined) return "created";
  const isSame = isSameData(groupSpecToJson(last), groupSpecToJson(next));
  return isSame ? "unchanged" : "updated";
}

/** What is deployed under a name. */
export interface Deployment {
  readonly group: GroupRecord;
  /** That its record was written with. */
  readonly stamp: Stamp;
  /** What users last wanted of it. */
  readonly run: RunStateRecord["run"];
}

/**
 * The record to write; the last one itself where nothing changes in it. Whoever deploys wants it to run:
 * what was stopped is updated, and started, by the spec that it has.
 * @param last undefined: nothing is deployed under the name, or it was removed
 * @param newUid names a new creation
 */
export function deployed(
  last: Deployment | undefined,
  spec: Spec,
  newUid: string,
): { readonly result: DeployResult; readonly record: GroupRecord } {
  const result = deployResult(last?.group.spec, spec);
  if (last === undefined) {
    return { result, record: { name: spec.name, uid: newUid, spec, generation: 1 } };
  }
  if (result === "unchanged") {
    return { result: last.run === "stopped" ? "updated" : result, record: last.group };
  }
  return { result, record: next(last, spec) };
}

/**
 * The record that goes back to the version before, with as many instances of each service as there are to be now;
 * undefined: there is none.
 * @param reason for people
 */
export function rolledBack(last: Deployment, reason: string): GroupRecord | undefined {
  const { previous, spec } = last.group;
  if (previous === undefined) return undefined;
  const now = membersOf(spec);
  const back = withInstances(previous.spec, (name) => now.get(name)?.spec.instances);
  return { ...next(last, back), rollback: reason };
}

/** What needs no new task is no new version: one scales, and still rolls back to what ran before. */
function next({ group, stamp }: Deployment, spec: Spec): GroupRecord {
  const { name, uid, generation } = group;
  const isNewVersion = tasksOf(spec) !== tasksOf(group.spec);
  const previous = isNewVersion ? { spec: group.spec, stamp } : group.previous;
  return { name, uid, spec, generation: generation + 1, ...(previous && { previous }) };
}

/** Of all services; one text for specs whose tasks are alike. */
function tasksOf(spec: Spec): string {
  const digests = [...membersOf(spec)].map(([name, member]) => [name, taskDigest(member.spec)]);
  return canonicalText(Object.fromEntries(digests));
}
