/**
 * Reads the status of an instance as another node has told it. Later versions may add to it.
 */

import { Fields, type Place, type Reader } from "../core/reading.ts";
import type { Resources } from "../core/resources.ts";
import { anyText, choice, count, listOf, mapOf, number } from "../core/value-readers.ts";
import type { Handle, InstanceStatus, TaskExit } from "./instance-status.ts";
import { readPorts } from "./ports.ts";
import type { Exit, RestartHistory } from "./restart-policy.ts";
import { serviceNamePattern } from "./service-name.ts";

const phases = [
  "pending",
  "starting",
  "running",
  "stopping",
  "stopped",
  "backing-off",
  "failed",
  "lost",
  "done",
] as const;

/** Most entries of a handle, and restarts remembered: what an intensity can look back at, and one. */
const handleEntriesMax = 64;
const restartsMax = 1_001;

/** By name of a service; more than a spec of this version can require, and instances of one. */
const readStartedWith = mapOf(serviceNamePattern, listOf(anyText, 10_000), 1_000);

/** Wall clock, ms; a provider's may have a fraction. */
const time = number({ min: 0, max: Number.MAX_SAFE_INTEGER });

export function readStatus(value: unknown, at: Place): InstanceStatus {
  const fields = new Fields(value, at, "an object");
  const reason = fields.optional("reason", anyText, undefined);
  const ownHealth = fields.optional("ownHealth", readHealthy, undefined);
  const healthySince = fields.optional("healthySince", time, undefined);
  const handle = fields.optional("handle", readHandle, undefined);
  const ports = fields.optional("ports", readPorts, undefined);
  const startedWith = fields.optional("startedWith", readStartedWith, undefined);
  const reserved = fields.optional("reserved", readReserved, undefined);
  const refusal = fields.optional("refusal", anyText, undefined);
  const exit = fields.optional("exit", readTaskExit, undefined);
  const life = fields.optional("life", count, undefined);
  const startedAt = fields.optional("startedAt", time, undefined);
  const retryAt = fields.optional("retryAt", time, undefined);
  const pausedAt = fields.optional("pausedAt", time, undefined);
  return {
    state: fields.required("state", choice(phases)),
    ...(reason !== undefined && { reason }),
    healthy: fields.required("healthy", readHealthy),
    ...(ownHealth !== undefined && { ownHealth }),
    ...(healthySince !== undefined && { healthySince }),
    ...(handle !== undefined && { handle }),
    ...(ports !== undefined && { ports }),
    ...(startedWith !== undefined && { startedWith }),
    ...(life !== undefined && { life }),
    ...(reserved !== undefined && { reserved }),
    ...(refusal !== undefined && { refusal }),
    attempt: fields.required("attempt", count),
    ...(exit !== undefined && { exit }),
    restarts: fields.required("restarts", count),
    since: fields.required("since", time),
    ...(startedAt !== undefined && { startedAt }),
    ...(retryAt !== undefined && { retryAt }),
    history: fields.required("history", readHistory),
    held: fields.required("held", flag),
    task: fields.required("task", anyText),
    specStamp: fields.required("specStamp", anyText),
    runStamp: fields.required("runStamp", anyText),
    restartStamp: fields.required("restartStamp", anyText),
    ...(pausedAt !== undefined && { pausedAt }),
  };
}

const flag: Reader<boolean> = (value, at) => {
  if (typeof value === "boolean") return value;
  at.wrong("must be true or false");
  return false;
};

const readHealthy: Reader<boolean | null> = (value, at) =>
  value === null ? null : flag(value, at);

const textOrNumber: Reader<string | number> = (value, at) =>
  typeof value === "number" ? value : anyText(value, at);

function readHandle(value: unknown, at: Place): Handle {
  return mapOf(/^.{1,64}$/, textOrNumber, handleEntriesMax)(value, at);
}

function readReserved(value: unknown, at: Place): Resources {
  const fields = new Fields(value, at, "an object");
  const milliCpus = fields.required("milliCpus", count);
  return { memoryBytes: fields.required("memoryBytes", count), milliCpus };
}

function readHistory(value: unknown, at: Place): RestartHistory {
  const fields = new Fields(value, at, "an object");
  const restartedAt = fields.required("restartedAt", listOf(time, restartsMax));
  return { inARow: fields.required("inARow", count), restartedAt };
}

function readTaskExit(value: unknown, at: Place): TaskExit {
  const fields = new Fields(value, at, "an object");
  const byMob = fields.required("byMob", flag);
  const why = fields.optional("why", anyText, undefined);
  const atMs = fields.required("atMs", time);
  return { ...readExit(fields), byMob, ...(why !== undefined && { why }), atMs };
}

function readExit(fields: Fields): Exit {
  const kind = fields.required("kind", choice(["exited", "signaled", "unknown"]));
  switch (kind) {
    case "exited":
      return { kind, code: fields.required("code", number({ min: -255, max: 4_294_967_295 })) };
    case "signaled": {
      const reason = fields.optional("reason", anyText, undefined);
      const signal = fields.required("signal", anyText);
      return { kind, signal, ...(reason !== undefined && { reason }) };
    }
    case "unknown":
      return { kind, reason: fields.required("reason", anyText) };
  }
}
