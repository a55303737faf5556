/**
 * Where a keeper keeps things: `records/` for all tasks, and a folder of mode 0700 for each
 * instance with its output and the folder its tasks run in. Nothing here is flushed to the disk: it
 * must outlive the node's process, and no task outlives the power.
 */
import { createHash } from "node:crypto";
import { closeSync, lchownSync, mkdirSync, openSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Unavailable } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import type { Owner } from "./kept-task.ts";
import type { TaskKey } from "./record-names.ts";
import { installShim } from "./shim.ts";

/** The id of the keeper in a folder. @param path without symbolic links */
export function keeperIdOf(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 12);
}

export class KeeperFolder {
  readonly path: string;
  /** Tells this folder from every other of the machine: 12 hex digits, the same at each start. */
  readonly id: string;
  readonly records: string;
  /** The shim's path. */
  readonly shim: string;

  /** @throws Unavailable when `path` cannot be made or written. */
  constructor(path: string) {
    try {
      mkdirSync(join(path, "records"), { recursive: true, mode: 0o700 });
      mkdirSync(join(path, "instances"), { recursive: true, mode: 0o700 });
      this.path = realpathSync(path);
      this.shim = installShim(this.path);
    } catch (cause) {
      throw new Unavailable(`Cannot write to ${path}: ${messageOf(cause)}`, { cause });
    }
    this.id = keeperIdOf(this.path);
    this.records = join(this.path, "records");
  }

  instance(instance: InstanceId): string {
    return join(this.path, "instances", instance);
  }

  /** The folder its tasks start in. */
  work(instance: InstanceId): string {
    return join(this.instance(instance), "work");
  }

  /** Makes the instance's folders and the intent of a task. False when there is that intent already. */
  writeIntent(instance: InstanceId, key: TaskKey, script = ""): boolean {
    mkdirSync(this.work(instance), { recursive: true, mode: 0o700 });
    try {
      writeFileSync(join(this.records, `${key}.script`), script, { flag: "wx", mode: 0o600 });
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
      throw error;
    }
  }

  /**
   * Gives an instance's work folder and output to the user that its tasks run as, who can then use
   * the one and open the other again (`/dev/stdout`). The folder that both are in stays the node's.
   */
  giveTo({ uid, gid }: Owner, instance: InstanceId): void {
    for (const path of [this.work(instance), this.output(instance)]) lchownSync(path, uid, gid);
  }

  /** Path of the instance's output: a file for its owner alone, made if it is not there. */
  output(instance: InstanceId): string {
    const path = join(this.instance(instance), "output");
    closeSync(openSync(path, "a", 0o600));
    return path;
  }
}
