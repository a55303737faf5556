/** Changes and former versions of services, in the shapes that the API promises. */
import type { CopyEnd, Remembered, ServiceChange } from "../actors/service-changes.ts";
import type { ServiceChange as ChangeView, HistoryEntry } from "../api/watch-shapes.ts";
import type { NodeId } from "../core/ids.ts";
import { groupSpecToJson } from "../services/group-spec.ts";
import { copyText, refusalsText, waitsText } from "../services/placement-text.ts";
import { parseGroup, parseRunState } from "../services/record-parsers.ts";
import type {
  GroupRecord,
  LostRecord,
  PlacementRecord,
  StatusRecord,
} from "../services/records.ts";
import { exitView } from "./instance-shape.ts";

export type NameOf = (node: NodeId) => string;

export function changeView(change: ServiceChange, nameOf: NameOf): ChangeView {
  const { key, stamp, removed, atMs, by, name, kind } = change;
  const common = { key, stamp, removed, at: atMs, by: nameOf(by), name };
  switch (kind) {
    case "spec": {
      const { record } = change;
      return { ...common, kind, ...(record && specFields(record)) };
    }
    case "run":
      return { ...common, kind, ...(change.record && { run: change.record.run }) };
    case "placement": {
      const { slot, record } = change;
      return { ...common, kind, slot, ...(record && placementFields(record, nameOf)) };
    }
    case "status": {
      const { instance: id, record } = change;
      return { ...common, kind, id, ...(record && statusFields(record, nameOf)) };
    }
    case "restart":
    case "lost":
      return { ...common, kind };
  }
}

/** What holds of a service, the version before, what lost a conflict, and copies that were not kept. */
export function historyEntries(
  changes: readonly Remembered[],
  nameOf: NameOf,
): readonly HistoryEntry[] {
  return changes.flatMap((change): HistoryEntry[] => {
    const { kind, atMs, by } = change;
    const written = { at: atMs, by: nameOf(by), removed: false };
    if (kind === "previous") {
      return [{ state: kind, ...written, kind: "spec", ...specFields(change.record) }];
    }
    if (kind === "copy") return [copyEntry(change, nameOf)];
    if (kind === "spec" && change.record !== undefined) {
      return [{ state: "current", ...written, kind, ...specFields(change.record) }];
    }
    if (kind === "run" && change.record !== undefined) {
      return [{ state: "current", ...written, kind, run: change.record.run }];
    }
    return kind === "lost" && change.record !== undefined ? [lostEntry(change.record, nameOf)] : [];
  });
}

function copyEntry({ atMs, by, name, slot, copy }: CopyEnd, nameOf: NameOf): HistoryEntry {
  const reason = copyText(nameOf(copy.keptOn), copy.merit);
  const entry = { state: "ended", at: atMs, by: nameOf(by), removed: false, kind: "copy" } as const;
  return { ...entry, name, slot, node: nameOf(copy.node), reason };
}

function lostEntry({ key, value, wall, origin }: LostRecord, nameOf: NameOf): HistoryEntry {
  const removed = value === undefined;
  const common = { state: "lost", at: wall, by: nameOf(origin), removed } as const;
  if (key.startsWith("run/")) {
    return { ...common, kind: "run", ...(!removed && { run: parseRunState(value).run }) };
  }
  return { ...common, kind: "spec", ...(!removed && specFields(parseGroup(value))) };
}

function specFields({
  uid,
  spec,
  generation,
  rollback,
}: Pick<GroupRecord, "uid" | "spec" | "generation" | "rollback">) {
  const version = { uid, generation, spec: groupSpecToJson(spec) };
  return rollback === undefined ? version : { ...version, rollback };
}

function placementFields({ instance, node, epoch, refusals }: PlacementRecord, nameOf: NameOf) {
  const placed = { id: instance, epoch: epoch.counter };
  if (node === null) return { ...placed, node, reason: refusalsText(refusals) };
  const reason = refusals.length > 0 && { reason: waitsText(refusals) };
  return { ...placed, node: nameOf(node), ...reason };
}

function statusFields({ node, status, placed }: StatusRecord, nameOf: NameOf) {
  const { state, healthy, handle = {}, exit, restarts, since, reason, pausedAt } = status;
  return {
    ...(placed && { slot: placed.slot }),
    node: nameOf(node),
    state,
    healthy,
    handle: { ...handle },
    ...(status.ports && { ports: { ...status.ports } }),
    ...(exit && { exit: exitView(exit) }),
    restarts,
    since,
    ...(reason !== undefined && { reason }),
    ...(pausedAt !== undefined && { pausedSince: pausedAt }),
  };
}
