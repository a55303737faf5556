/**
 * What a watch tells of services: the changes of their records, read as every reader of records reads
 * them. The same on every node, so that a watch goes on through another one.
 */
import { InvalidSpec } from "../core/errors.ts";
import type { InstanceId, NodeId, ServiceName } from "../core/ids.ts";
import { parseKey } from "../services/keys.ts";
import {
  parseGroup,
  parseLost,
  parsePlacement,
  parseRestart,
  parseRunState,
  parseStatus,
} from "../services/record-parsers.ts";
import type {
  GroupRecord,
  LostRecord,
  PlacementRecord,
  RestartRecord,
  RunStateRecord,
  StatusRecord,
} from "../services/records.ts";
import type { Change } from "../store/watching.ts";
import { toldOf } from "../store/watching.ts";
import type { WatchRange } from "./record-watch.ts";

/** A record of a service has changed. Where it has no record, it was removed, or none can be read. */
export type ServiceChange = {
  readonly key: string;
  readonly stamp: string;
  readonly removed: boolean;
  /** Wall clock of the node that wrote it, ms. */
  readonly atMs: number;
  readonly by: NodeId;
  readonly name: ServiceName;
} & (
  | { readonly kind: "spec"; readonly record?: GroupRecord }
  | { readonly kind: "run"; readonly record?: RunStateRecord }
  | { readonly kind: "restart"; readonly record?: RestartRecord }
  | { readonly kind: "placement"; readonly slot: number; readonly record?: PlacementRecord }
  | { readonly kind: "status"; readonly instance: InstanceId; readonly record?: StatusRecord }
  | { readonly kind: "lost"; readonly record?: LostRecord }
);

/** What is the store's own business, and tokens, are not told. */
const kinds: ReadonlySet<string> = new Set([
  "spec",
  "run",
  "restart",
  "placement",
  "status",
  "lost",
]);

/** Of those groups; of all where none is named. */
export function rangeOf(groups: readonly string[]): WatchRange {
  return groups.length === 0 ? { kinds } : { kinds, groups: new Set(groups) };
}

/** Undefined: of no service. */
export function serviceChange(change: Change): ServiceChange | undefined {
  const key = parseKey(change.key);
  if (key === undefined) return undefined;
  const { wall: atMs, origin: by } = change.stamp;
  const common = { ...toldOf(change), atMs, by };
  const record = <T>(parse: (value: unknown) => T) => read(parse, change.value);
  switch (key.kind) {
    case "spec":
      return { ...common, kind: "spec", name: key.group, ...record(parseGroup) };
    case "run":
      return { ...common, kind: "run", name: key.name, ...record(parseRunState) };
    case "restart":
      return { ...common, kind: "restart", name: key.name, ...record(parseRestart) };
    case "placement": {
      const { name, slot } = key;
      return { ...common, kind: "placement", name, slot, ...record(parsePlacement) };
    }
    case "status": {
      const { group: name, instance } = key;
      return { ...common, kind: "status", name, instance, ...record(parseStatus) };
    }
    case "lost":
      return { ...common, kind: "lost", name: key.group, ...record(parseLost) };
    case "removed":
    case "token":
      return undefined;
  }
}

/** A record of a newer version, which cannot be read here, is told without what is in it. */
function read<T>(parse: (value: unknown) => T, value: unknown): { readonly record?: T } {
  if (value === undefined) return {};
  try {
    return { record: parse(value) };
  } catch (error) {
    if (error instanceof InvalidSpec) return {};
    throw error;
  }
}
