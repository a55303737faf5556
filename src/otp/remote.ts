/**
 * The port to other nodes: this room declares it, a connection fills it. Frames are plain data; what
 * carries them checks their shape once, and the receiving actor checks the payload (`remote`).
 */
import type { ErrorShape } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { Address } from "./ref.ts";

/** Ids are counted by the side that asks; an answer carries the id of what it answers. */
export type RemoteFrame =
  | {
      readonly kind: "call";
      readonly id: number;
      readonly target: Address;
      readonly method: string;
      readonly payload: unknown;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: "cast";
      readonly target: Address;
      readonly method: string;
      readonly payload: unknown;
    }
  | { readonly kind: "reply"; readonly id: number; readonly ok: true; readonly payload: unknown }
  | {
      readonly kind: "reply";
      readonly id: number;
      readonly ok: false;
      readonly error: ErrorShape;
    }
  | { readonly kind: "monitor"; readonly id: number; readonly target: Address }
  | { readonly kind: "demonitor"; readonly id: number }
  | { readonly kind: "down"; readonly id: number; readonly reason: ExitReason };

export interface Remote {
  /** False: not sent (no connection, queue full), and nothing of it will arrive. */
  send(node: NodeId, frame: RemoteFrame): boolean;
  /** Whether there is a connection: what could not be sent found its queue full. */
  reaches(node: NodeId): boolean;
  /** What people call the node: its name, or its id where that is not known. */
  nameOf(node: NodeId): string;
}

/** The port of a node that is alone. */
export const noRemote: Remote = {
  send: () => false,
  reaches: () => false,
  nameOf: (node) => node,
};
