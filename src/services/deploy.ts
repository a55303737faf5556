/**
 * What a deploy makes of what is there: a new creation, a new generation of it, or nothing at all.
 */
import { canonicalText } from "./plain-data.ts";
import type { GroupRecord, RunStateRecord } from "./records.ts";
import { type ServiceSpec, specToJson } from "./spec.ts";

export type DeployResult = "created" | "updated" | "unchanged";

/** Whether `next` says anything that `last` does not, defaults filled in and order of keys aside. */
export function deployResult(last: ServiceSpec | undefined, next: ServiceSpec): DeployResult {
  if (last === undefined) return "created";
  const isSame = canonicalText(specToJson(last)) === canonicalText(specToJson(next));
  return isSame ? "unchanged" : "updated";
}

/**
 * The record to write; `last` itself where nothing changes in it. Whoever deploys wants it to run: what
 * was stopped is updated, and started, by the spec that it has.
 * @param last what is deployed under the name; undefined when nothing is, or it was removed
 * @param run what users last wanted of it
 * @param newUid names a new creation
 */
export function deployed(
  last: GroupRecord | undefined,
  run: RunStateRecord["run"],
  spec: ServiceSpec,
  newUid: string,
): { readonly result: DeployResult; readonly record: GroupRecord } {
  const result = deployResult(last?.spec, spec);
  if (last === undefined)
    return { result, record: { name: spec.name, uid: newUid, spec, generation: 1 } };
  if (result === "unchanged") {
    return { result: run === "stopped" ? "updated" : result, record: last };
  }
  return { result, record: { ...last, spec, generation: last.generation + 1 } };
}
