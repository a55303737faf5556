/**
 * Parses what arrives of the store's records from other nodes and from disk. Strict in what it needs
 * and silent on what it does not know: a newer version may have added fields.
 */
import {
  asInstanceId,
  asNodeId,
  asServiceName,
  type InstanceId,
  type NodeId,
  type ServiceName,
} from "../core/ids.ts";
import { Fields, type Place, type Reader, readAll } from "../core/reading.ts";
import { anyText, choice, count, listOf, mapOf, number } from "../core/value-readers.ts";
import { copyMerits } from "./copies.ts";
import { readGroupSpec } from "./group-spec.ts";
import { isHexId } from "./keys.ts";
import { deepFreeze } from "./plain-data.ts";
import {
  type EndedCopy,
  type Epoch,
  endedMax,
  type GroupRecord,
  type LostRecord,
  type PlacedAs,
  type PlacedInstance,
  type PlacementRecord,
  type Refusal,
  type RemovedRecord,
  type RestartRecord,
  type RunStateRecord,
  type StatusRecord,
  type SupervisionRecord,
  type Version,
  type VolumeRecord,
} from "./records.ts";
import { isServiceName, serviceNamePattern } from "./service-name.ts";
import { readStatus } from "./status-reader.ts";

/** Most nodes that a refusal can tell of, and reasons of one. */
const refusalsMax = 10_000;

const wallMs = number({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** More than there can be slots and groups in a record of the largest size. */
const namesMax = 1_000_000;

const readCause = choice(["lost", "rebalance"]);
const readLives = mapOf(/^[a-z0-9/-]{1,600}$/, count, namesMax);
const readRestartedAt = mapOf(
  serviceNamePattern,
  listOf(number({ min: 0, max: Number.MAX_SAFE_INTEGER }), 1_001),
  namesMax,
);

/** @throws InvalidSpec with every error and its path. So do the others. */
export function parseGroup(value: unknown): GroupRecord {
  return parse("the record of a group", value, (fields) => {
    const previous = fields.optional("previous", readVersion, undefined);
    const rollback = fields.optional("rollback", anyText, undefined);
    return {
      name: fields.required("name", serviceName),
      uid: fields.required("uid", hexId),
      spec: fields.required("spec", readGroupSpec),
      generation: fields.required("generation", count),
      ...(previous && { previous }),
      ...(rollback !== undefined && { rollback }),
    };
  });
}

export function parseRunState(value: unknown): RunStateRecord {
  return parse("the record of a run state", value, (fields) => ({
    uid: fields.required("uid", hexId),
    run: fields.required("run", choice(["running", "stopped"])),
  }));
}

export function parseRestart(value: unknown): RestartRecord {
  return parse("the record of a restart", value, readMoment);
}

export function parseSupervision(value: unknown): SupervisionRecord {
  return parse("the record of a group's supervision", value, (fields) => {
    const failure = fields.optional("failure", anyText, undefined);
    return {
      uid: fields.required("uid", hexId),
      lives: fields.required("lives", readLives),
      restartedAt: fields.required("restartedAt", readRestartedAt),
      ...(failure !== undefined && { failure }),
      since: fields.required("since", anyText),
    };
  });
}

export function parseRemoved(value: unknown): RemovedRecord {
  return parse("the record of a removal", value, readMoment);
}

export function parsePlacement(value: unknown): PlacementRecord {
  return parse("the record of a placement", value, (fields) => {
    const provider = fields.optional("provider", anyText, undefined);
    const cause = fields.optional("cause", readCause, undefined);
    const outgoing = fields.optional("outgoing", readPlaced, undefined);
    const after = fields.optional("after", readPlaced, undefined);
    const ended = fields.optional("ended", readInstances, undefined);
    const passedOver = fields.optional("passedOver", readInstances, undefined);
    const endedCopies = fields.optional("endedCopies", readEndedCopies, undefined);
    return {
      service: fields.required("service", serviceName),
      slot: fields.required("slot", count),
      instance: fields.required("instance", instanceId),
      node: fields.required("node", nodeOrNone),
      refusals: fields.required("refusals", listOf(readRefusal, refusalsMax)),
      epoch: fields.required("epoch", readEpoch),
      uid: fields.required("uid", hexId),
      specStamp: fields.required("specStamp", anyText),
      ...(provider !== undefined && { provider }),
      ...(cause !== undefined && { cause }),
      ...(outgoing !== undefined && { outgoing }),
      ...(after !== undefined && { after }),
      ...(ended !== undefined && { ended }),
      ...(passedOver !== undefined && { passedOver }),
      ...(endedCopies !== undefined && { endedCopies }),
    };
  });
}

export function parseStatus(value: unknown): StatusRecord {
  return parse("the record of a status", value, (fields) => {
    const placed = fields.optional("placed", readPlacedAs, undefined);
    return {
      service: fields.required("service", serviceName),
      instance: fields.required("instance", instanceId),
      uid: fields.required("uid", hexId),
      node: fields.required("node", nodeId),
      status: fields.required("status", readStatus),
      ...(placed !== undefined && { placed }),
    };
  });
}

export function parseVolume(value: unknown): VolumeRecord {
  return parse("the record of a volume", value, (fields) => ({
    name: fields.required("name", anyText),
    kind: fields.required("kind", choice(["local"])),
    node: fields.required("node", nodeId),
    atMs: fields.required("atMs", wallMs),
  }));
}

export function parseLost(value: unknown): LostRecord {
  return parse("the record of a lost write", value, (fields) => ({
    key: fields.required("key", anyText),
    value: fields.optional("value", (input) => input, undefined),
    wall: fields.required("wall", count),
    origin: fields.required("origin", nodeId),
  }));
}

function parse<T>(what: string, value: unknown, read: (fields: Fields) => T): T {
  return deepFreeze(readAll(what, value, (input, at) => read(new Fields(input, at, "an object"))));
}

function readMoment(fields: Fields): { readonly uid: string; readonly atMs: number } {
  return { uid: fields.required("uid", hexId), atMs: fields.required("atMs", wallMs) };
}

function readVersion(value: unknown, at: Place): Version {
  const fields = new Fields(value, at, "an object");
  return { spec: fields.required("spec", readGroupSpec), stamp: fields.required("stamp", anyText) };
}

function readEpoch(value: unknown, at: Place): Epoch {
  const fields = new Fields(value, at, "an object");
  const controller = fields.required("controller", nodeId);
  return { counter: fields.required("counter", count), controller };
}

function readPlaced(value: unknown, at: Place): PlacedInstance {
  const fields = new Fields(value, at, "an object");
  const instance = fields.required("instance", instanceId);
  return { instance, node: fields.required("node", nodeId) };
}

function readEndedCopy(value: unknown, at: Place): EndedCopy {
  const fields = new Fields(value, at, "an object");
  return {
    instance: fields.required("instance", instanceId),
    node: fields.required("node", nodeId),
    keptOn: fields.required("keptOn", nodeId),
    merit: fields.required("merit", choice(copyMerits)),
    by: fields.required("by", nodeId),
    atMs: fields.required("atMs", wallMs),
  };
}

function readPlacedAs(value: unknown, at: Place): PlacedAs {
  const fields = new Fields(value, at, "an object");
  return {
    slot: fields.required("slot", count),
    under: fields.required("under", count),
    obeys: fields.required("obeys", count),
  };
}

function readRefusal(value: unknown, at: Place): Refusal {
  const fields = new Fields(value, at, "an object");
  return {
    node: fields.required("node", nodeId),
    name: fields.required("name", anyText),
    reasons: fields.required("reasons", listOf(anyText, refusalsMax)),
  };
}

const hexId: Reader<string> = (value, at) => {
  if (isHexId(value)) return value;
  at.wrong("must be an id: hex digits");
  return "";
};

const instanceId: Reader<InstanceId> = (value, at) => asInstanceId(hexId(value, at));

/** As many as there may be, and more by a newer version. */
const readInstances = listOf(instanceId, 8 * endedMax);
const readEndedCopies = listOf(readEndedCopy, 8 * endedMax);

const nodeId: Reader<NodeId> = (value, at) => asNodeId(hexId(value, at));

const nodeOrNone: Reader<NodeId | null> = (value, at) =>
  value === null ? null : nodeId(value, at);

const serviceName: Reader<ServiceName> = (value, at) => {
  if (isServiceName(value)) return value;
  at.wrong("must be the name of a service");
  return asServiceName("");
};
