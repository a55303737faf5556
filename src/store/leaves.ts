/**
 * The lowest level of repair, between two replicas of one shard: the sums of their leaves both ways,
 * then each sends what it has in the leaves that differ. Some of it the other has already: merging
 * is idempotent.
 */
import { differingBuckets } from "./digest.ts";
import type { Register } from "./register.ts";
import { type Replica, registersIn } from "./replica.ts";

/** What two replicas of a shard send each other to repair a difference. */
export type LeafMessage =
  /** A whole `Digest`. `wanted`: the receiver is to answer with its own, after what it has. */
  | {
      readonly kind: "store-leaves";
      readonly shard: number;
      readonly sums: readonly number[];
      readonly wanted: boolean;
    }
  /** A piece of what the receiver may lack. */
  | {
      readonly kind: "store-state";
      readonly shard: number;
      readonly registers: readonly Register[];
    };

export type Leaves = Extract<LeafMessage, { readonly kind: "store-leaves" }>;

/** Text in one piece, in UTF-16 units as JSON; at most 3 bytes each, so a piece is below 1 MiB. */
export const pieceUnitsMax = 300_000;

export function leavesOf(replica: Replica, wanted: boolean): LeafMessage {
  return { kind: "store-leaves", shard: replica.shard, sums: [...replica.digest], wanted };
}

/** The answers to leaves: what the other may lack and, if wanted, this replica's own, which end it. */
export function answerLeaves(replica: Replica, leaves: Leaves): readonly LeafMessage[] {
  const lacking = registersIn(replica, differingBuckets(replica.digest, leaves.sums));
  const pieces = statesOf(replica.shard, lacking);
  return leaves.wanted ? [...pieces, leavesOf(replica, false)] : pieces;
}

/** Registers as messages below the size of a frame. */
export function statesOf(shard: number, registers: readonly Register[]): readonly LeafMessage[] {
  return inPieces(registers).map((piece) => ({ kind: "store-state", shard, registers: piece }));
}

/** Splits so that no piece holds more than `pieceUnitsMax`, or else holds a single register. */
export function inPieces(registers: readonly Register[]): readonly (readonly Register[])[] {
  const pieces: Register[][] = [];
  let piece: Register[] = [];
  let units = 0;
  for (const register of registers) {
    const more = JSON.stringify(register).length;
    if (piece.length === 0 || units + more > pieceUnitsMax) {
      piece = [];
      pieces.push(piece);
      units = 0;
    }
    piece.push(register);
    units += more;
  }
  return pieces;
}
