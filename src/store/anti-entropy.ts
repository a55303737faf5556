/**
 * How replicas find what they do not share: a hash of everything first; where that differs, the sums
 * of 256 buckets both ways; then each sends what it has in the buckets that differ. Some of it the
 * other has already: merging is idempotent.
 */
import { differingBuckets, digestHash } from "./digest.ts";
import type { Register } from "./register.ts";
import { type Replica, registersIn } from "./replica.ts";

/** What replicas send each other to find and repair a difference. */
export type RepairMessage =
  | { readonly kind: "store-digest"; readonly hash: string }
  /** A whole `Digest`. `wanted`: the receiver is to answer with its own. */
  | { readonly kind: "store-summary"; readonly sums: readonly number[]; readonly wanted: boolean }
  /** A piece of what the receiver may lack. */
  | { readonly kind: "store-state"; readonly registers: readonly Register[] };

type Summary = Extract<RepairMessage, { readonly kind: "store-summary" }>;

/** Text in one piece, in UTF-16 units as JSON; at most 3 bytes each, so a piece is below 1 MiB. */
export const pieceUnitsMax = 300_000;

/** Begins a comparison; the other answers if its replica differs. */
export function digestOf(replica: Replica): RepairMessage {
  return { kind: "store-digest", hash: digestHash(replica.digest) };
}

/** The answers to a digest: this replica's sums, if the hash is not its own. */
export function answerDigest(replica: Replica, hash: string): readonly RepairMessage[] {
  return hash === digestHash(replica.digest) ? [] : [summaryOf(replica, true)];
}

/** The answers to a summary: what the other may lack and, if wanted, this replica's sums. */
export function answerSummary(replica: Replica, summary: Summary): readonly RepairMessage[] {
  const differing = differingBuckets(replica.digest, summary.sums);
  const pieces = inPieces(registersIn(replica, differing)).map(
    (registers): RepairMessage => ({ kind: "store-state", registers }),
  );
  return summary.wanted ? [...pieces, summaryOf(replica, false)] : pieces;
}

function summaryOf(replica: Replica, wanted: boolean): RepairMessage {
  return { kind: "store-summary", sums: [...replica.digest], wanted };
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
