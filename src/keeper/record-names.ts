/**
 * The records of a task are files in one folder for all tasks of a keeper, so that one watch sees
 * them all and one listing finds them all: `INSTANCE.ATTEMPT.KIND`, with the exit in the name.
 */
import { asInstanceId, type InstanceId } from "../core/ids.ts";

/** `INSTANCE.ATTEMPT`: names one task, and begins the names of its records. */
export type TaskKey = `${string}.${number}`;

/**
 * What a record says. `script`: the intent, and what the task runs. `run`: the claim, by the shim
 * or by whoever cancels it. `limits`: the groups that limit it. `stop`: Mob is stopping it. `exit`: it ended, with `status`.
 */
export type RecordKind = "script" | "run" | "limits" | "stop" | "exit";

export interface RecordName {
  readonly key: TaskKey;
  readonly instance: InstanceId;
  readonly attempt: number;
  readonly kind: RecordKind;
  /** Of an exit: what `parseExitStatus` takes. Else empty. */
  readonly status: string;
}

export function taskKey(instance: InstanceId, attempt: number): TaskKey {
  return `${instance}.${attempt}`;
}

const pattern = /^([0-9a-zA-Z_-]+)\.(\d+)\.(?:(script|run|limits|stop)|exit\.(\w+))$/;

/** The parts of a record's file name; undefined for a file that is no record. */
export function parseRecordName(name: string): RecordName | undefined {
  const match = pattern.exec(name);
  if (match === null) return undefined;
  const [, instanceText = "", attemptText = "", kind, status = ""] = match;
  const instance = asInstanceId(instanceText);
  const attempt = Number(attemptText);
  return { key: taskKey(instance, attempt), instance, attempt, kind: kindOf(kind), status };
}

/** The task that a key names; undefined for what is none. */
export function parseTaskKey(
  text: string,
): Pick<RecordName, "key" | "instance" | "attempt"> | undefined {
  const { key, instance, attempt } = parseRecordName(`${text}.run`) ?? {};
  return key === text && instance !== undefined && attempt !== undefined
    ? { key, instance, attempt }
    : undefined;
}

function kindOf(text: string | undefined): RecordKind {
  const kinds = ["script", "run", "limits", "stop"] as const;
  return kinds.find((kind) => kind === text) ?? "exit";
}
