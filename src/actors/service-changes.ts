/**
 * What a watch tells of services: the changes of their records, read as every reader of records reads
 * them. The same on every node, so that a watch goes on through another one.
 */
import { BadRequest, InvalidSpec, NotFound } from "../core/errors.ts";
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
  EndedCopy,
  GroupRecord,
  LostRecord,
  PlacementRecord,
  RestartRecord,
  RunStateRecord,
  StatusRecord,
} from "../services/records.ts";
import { groupOf, isServiceName } from "../services/service-name.ts";
import { parseStamp } from "../store/hlc.ts";
import { type Change, toldOf } from "../store/watching.ts";
import type { Records } from "./records.ts";

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

/** The version of a service before the one that holds, to which a rollback goes back. */
export interface PreviousVersion {
  readonly kind: "previous";
  readonly atMs: number;
  readonly by: NodeId;
  readonly record: Pick<GroupRecord, "uid" | "generation" | "spec">;
}

/** A second copy of an instance was ended in favour of another. */
export interface CopyEnd {
  readonly kind: "copy";
  readonly atMs: number;
  /** Who decided. */
  readonly by: NodeId;
  readonly name: ServiceName;
  readonly slot: number;
  readonly copy: EndedCopy;
}

/** What is remembered of a service. */
export type Remembered = ServiceChange | PreviousVersion | CopyEnd;

/** What is the store's own business, and tokens, are not told. */
const kinds: ReadonlySet<string> = new Set([
  "spec",
  "run",
  "restart",
  "placement",
  "status",
  "lost",
]);

/** As `Operations.watch`. */
export function watchServices(
  records: Records,
  names: readonly string[],
  told: readonly unknown[],
  signal: AbortSignal,
): AsyncIterable<readonly ServiceChange[]> {
  const groups = new Set(names.map(groupNamed));
  const range = groups.size === 0 ? { kinds } : { kinds, groups };
  return readAll(records.watch(range, told, signal));
}

/** As `Operations.history`; `uid`: of the creation that is there. */
export function historyOf(
  records: Records,
  name: string,
  uid: string | undefined,
): readonly Remembered[] {
  const groups = new Set([groupNamed(name)]);
  const kept = records
    .list({ kinds: new Set(["spec", "run", "lost", "placement"]), groups })
    .map(serviceChange)
    .filter((change) => change !== undefined)
    .filter(({ kind, record }) => kind === "lost" || (record !== undefined && record.uid === uid));
  if (kept.length === 0) throw new NotFound(`there is no service ${name}, and none is remembered`);
  const all = kept.flatMap((change): readonly Remembered[] =>
    change.kind === "placement" ? copyEnds(change) : [change, ...previousVersion(change)],
  );
  return all.sort((a, b) => b.atMs - a.atMs);
}

function copyEnds({ record }: ServiceChange & { readonly kind: "placement" }): readonly CopyEnd[] {
  if (record === undefined) return [];
  const { service: name, slot, endedCopies = [] } = record;
  return endedCopies.map((copy) => {
    return { kind: "copy", atMs: copy.atMs, by: copy.by, name, slot, copy };
  });
}

function previousVersion(change: ServiceChange): readonly PreviousVersion[] {
  if (change.kind !== "spec" || change.record?.previous === undefined) return [];
  const { uid, generation, previous } = change.record;
  const stamp = parseStamp(previous.stamp);
  if (stamp === undefined) return [];
  const record = { uid, generation: generation - 1, spec: previous.spec };
  return [{ kind: "previous", atMs: stamp.wall, by: stamp.origin, record }];
}

async function* readAll(
  batches: AsyncIterable<readonly Change[]>,
): AsyncGenerator<readonly ServiceChange[]> {
  for await (const batch of batches) {
    yield batch.map(serviceChange).filter((change) => change !== undefined);
  }
}

function groupNamed(text: string): string {
  if (isServiceName(text)) return groupOf(text);
  throw new BadRequest(`"${text}" cannot be the name of a service`);
}

/** Undefined: of no service. */
function serviceChange(change: Change): ServiceChange | undefined {
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
      const { group, instance } = key;
      const status = record(parseStatus);
      // Of one that is gone only its group is known.
      const name = status.record?.service ?? group;
      return { ...common, kind: "status", name, instance, ...status };
    }
    case "lost":
      return { ...common, kind: "lost", name: key.group, ...record(parseLost) };
    case "removed":
    case "supervision":
    case "token":
    case "drain":
    case "volume":
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
