/**
 * What attached sessions have begun on this node, and how each of it is undone when its session ends,
 * on whatever node that was: a monitor tells.
 */
import Type from "typebox";
import type { NodeId } from "../core/ids.ts";
import type { Self } from "../otp/gen-server.ts";
import type { ActorRef } from "../otp/ref.ts";
import type { MonitorId } from "../otp/signals.ts";

interface Session {
  readonly monitor: MonitorId;
  /** By what it is, in words. */
  readonly begun: Map<string, () => void>;
}

/** Whom something belongs to, as a peer tells it: it ends with that actor. */
export const sessionOwner = Type.Unsafe<ActorRef<unknown>>(
  Type.Object({
    node: Type.Unsafe<NodeId>(Type.String({ maxLength: 64 })),
    boot: Type.Integer({ minimum: 0 }),
    path: Type.String({ maxLength: 1_024 }),
    serial: Type.Integer({ minimum: 0 }),
  }),
);

/** What each session has begun on this node, so that all of it ends with the session. */
export class Sessions {
  readonly #self: Pick<Self, "monitor" | "demonitor">;
  /** By node, boot and serial of the session's actor. */
  readonly #sessions = new Map<string, Session>();

  constructor(self: Pick<Self, "monitor" | "demonitor">) {
    this.#self = self;
  }

  /** Has `undo` run when `owner` ends. The same thing once more replaces what would undo it. */
  add(owner: ActorRef<unknown>, what: string, undo: () => void): void {
    this.drop(what);
    const key = `${owner.node}/${owner.boot}/${owner.serial}`;
    const session = this.#sessions.get(key) ?? {
      monitor: this.#self.monitor(owner),
      begun: new Map(),
    };
    this.#sessions.set(key, session);
    session.begun.set(what, undo);
  }

  /** It has been undone otherwise. A session that has nothing left is no longer watched. */
  drop(what: string): void {
    for (const [key, { monitor, begun }] of this.#sessions) {
      if (!begun.delete(what) || begun.size > 0) continue;
      this.#self.demonitor(monitor);
      this.#sessions.delete(key);
    }
  }

  /** Undoes all that the session of this monitor has begun. */
  ended(monitor: MonitorId): void {
    for (const [key, session] of this.#sessions) {
      if (session.monitor !== monitor) continue;
      this.#sessions.delete(key);
      for (const undo of session.begun.values()) undo();
    }
  }

  describe(): readonly (readonly string[])[] {
    return [...this.#sessions.values()].map(({ begun }) => [...begun.keys()]);
  }
}
