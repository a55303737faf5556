/** What users wanted of each group, and what has been decided on its life: records by the group's name. */
import type { ServiceName } from "../core/ids.ts";
import { noStamp, type Stamp } from "../services/instance-status.ts";
import type { RecordKey } from "../services/keys.ts";
import {
  parseGroup,
  parseRemoved,
  parseRestart,
  parseRunState,
  parseSupervision,
} from "../services/record-parsers.ts";
import type {
  GroupRecord,
  RestartRecord,
  RunStateRecord,
  SupervisionRecord,
} from "../services/records.ts";
import { type Supervision, unsupervised } from "../services/supervision.ts";
import { agreed } from "./record-key.ts";

/** A record, and the stamp of the write it came with. */
export interface Stamped<T> {
  readonly record: T;
  readonly stamp: Stamp;
}

/** Of the keys whose records are kept here. */
export type GroupKey = Extract<
  RecordKey,
  { readonly kind: "spec" | "run" | "restart" | "supervision" | "removed" }
>;

export class GroupTable {
  readonly #groups = new Map<string, Stamped<GroupRecord>>();
  readonly #runs = new Map<string, Stamped<RunStateRecord>>();
  readonly #restarts = new Map<string, Stamped<RestartRecord>>();
  readonly #supervisions = new Map<string, SupervisionRecord>();
  readonly #removed = new Map<string, Set<string>>();

  /** @param value undefined: the record is gone. @throws InvalidSpec for what is no such record */
  take(key: GroupKey, value: unknown, stamp: Stamp): void {
    const isGone = value === undefined;
    switch (key.kind) {
      case "spec":
        if (isGone) this.#groups.delete(key.group);
        else this.#groups.set(key.group, { record: under(key.group, parseGroup(value)), stamp });
        return;
      case "run":
        if (isGone) this.#runs.delete(key.name);
        else this.#runs.set(key.name, { record: parseRunState(value), stamp });
        return;
      case "restart":
        if (isGone) this.#restarts.delete(key.name);
        else this.#restarts.set(key.name, { record: parseRestart(value), stamp });
        return;
      case "supervision":
        if (isGone) this.#supervisions.delete(key.group);
        else this.#supervisions.set(key.group, parseSupervision(value));
        return;
      case "removed":
        if (isGone) this.#removed.get(key.group)?.delete(key.uid);
        else this.#remove(key.group, parseRemoved(value).uid);
        return;
    }
  }

  /** What is deployed under `name` and was not removed. */
  get(name: string): Stamped<GroupRecord> | undefined {
    const held = this.#groups.get(name);
    if (held === undefined || this.#removed.get(name)?.has(held.record.uid)) return undefined;
    return held;
  }

  /** Everything deployed, in order of names. */
  all(): readonly Stamped<GroupRecord>[] {
    const there = [...this.#groups.keys()].map((name) => this.get(name));
    return there
      .filter((group) => group !== undefined)
      .sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  }

  /** Whether a group is to run, and which of the user's words said so. */
  runState(group: GroupRecord): { readonly run: "running" | "stopped"; readonly stamp: Stamp } {
    const held = this.#runs.get(group.name);
    return held?.record.uid === group.uid
      ? { run: held.record.run, stamp: held.stamp }
      : { run: "running", stamp: noStamp };
  }

  /** The last restart that a user asked for; `noStamp` if none ever was. */
  restartStamp(group: GroupRecord): Stamp {
    const restart = this.#restarts.get(group.name);
    return restart?.record.uid === group.uid ? restart.stamp : noStamp;
  }

  /** What has been decided on the lives of a group's services, and holds as users last spoke. */
  supervision(group: GroupRecord): Supervision {
    const held = this.#supervisions.get(group.name);
    return held?.uid === group.uid ? held : unsupervised;
  }

  /** Forgets the groups whose names are meant. */
  drop(isMeant: (name: string) => boolean): void {
    const tables = [this.#groups, this.#runs, this.#restarts, this.#supervisions, this.#removed];
    for (const table of tables) {
      for (const name of table.keys()) if (isMeant(name)) table.delete(name);
    }
  }

  #remove(group: string, uid: string): void {
    const removed = this.#removed.get(group) ?? new Set();
    this.#removed.set(group, removed.add(uid));
  }
}

function under(group: ServiceName, record: GroupRecord): GroupRecord {
  return agreed(record.name === group && record.spec.name === group, record);
}
