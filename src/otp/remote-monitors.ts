/**
 * The monitors that this node keeps on actors of others. Each fires once: by the `down` of the very
 * node that was asked, or with `noconnection` when that node is lost or cannot be asked.
 */
import type { NodeId } from "../core/ids.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { Cancel } from "./gen-server.ts";
import type { Address } from "./ref.ts";
import type { Remote } from "./remote.ts";
import type { Watcher } from "./ties.ts";

interface Watched {
  readonly node: NodeId;
  readonly watcher: Watcher;
}

export class RemoteMonitors {
  private readonly remote: Remote;
  private readonly watched = new Map<number, Watched>();

  constructor(remote: Remote) {
    this.remote = remote;
  }

  watch(id: number, target: Address, watcher: Watcher): Cancel {
    const { node } = target;
    this.watched.set(id, { node, watcher });
    if (!this.remote.send(node, { kind: "monitor", id, target })) {
      // Not at once: whoever monitors has not got its monitor's id yet.
      queueMicrotask(() => this.fire(node, id, { kind: "noconnection" }));
    }
    return () => {
      if (this.watched.delete(id)) this.remote.send(node, { kind: "demonitor", id });
    };
  }

  /** The target has ended, says its node. */
  fire(from: NodeId, id: number, reason: ExitReason): void {
    const watched = this.watched.get(id);
    if (watched === undefined || watched.node !== from) return;
    this.watched.delete(id);
    watched.watcher(reason);
  }

  isWatching(node: NodeId): boolean {
    for (const watched of this.watched.values()) if (watched.node === node) return true;
    return false;
  }

  nodeDown(node: NodeId, detail: string): void {
    for (const [id, watched] of [...this.watched]) {
      if (watched.node === node) this.fire(node, id, { kind: "noconnection", detail });
    }
  }
}
