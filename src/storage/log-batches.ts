/**
 * The bytes of the write-ahead log (docs/design/0009-store.md), and what of them still counts. Pure. A file
 * is used over and over: behind the batches of its present generation lie those of earlier ones. Each batch
 * names its database, its generation and its number, all under its checksum, so none is taken for another.
 */
import { hash } from "node:crypto";
import type { Writes } from "./batched.ts";

/** Which batch it is. */
export interface BatchId {
  /** Random, the database's alone: 32 hexadecimal digits. */
  readonly database: string;
  /** Counts, from 1, how often the log was begun anew. */
  readonly generation: number;
  /** Counts the batches of a generation, from 1. */
  readonly number: number;
}

/** The last batch that the database itself has: with it all before it. */
export type Mark = BatchId;

/** The number in a mark of a generation of which nothing counts any more, whatever is in the file. */
export const wholeGeneration = 0xffff_ffff;

/** What a log file holds. */
export type LogFound =
  /** What the database does not have; the last value of each key. */
  | { readonly kind: "sound"; readonly generation: number; readonly writes: Writes }
  /** What was acknowledged cannot be read. `at`: where that begins, in bytes. */
  | { readonly kind: "damaged"; readonly at: number }
  /** It goes on from another state of a database, or another database, than this one. */
  | { readonly kind: "foreign" };

/** checksum 8, magic 4, bytes of the entries 4, database 16, generation 4, number 4 */
const headerBytes = 40;
const checksumBytes = 8;
const magicAt = 8;
const lengthAt = 12;
const databaseAt = 16;
const generationAt = 32;
const numberAt = 36;
/** "mob" and the version of this format. */
const magic = 0x6d6f6201;
/** Instead of a value's length: removed. */
const removed = 0xffff_ffff;
/** Of a key 2, of a value 4. */
const entryBytes = 6;

/** As it is in the file: whole or, by its checksum, not at all. */
export function encodeBatch(id: BatchId, writes: Writes): Buffer {
  let size = headerBytes;
  for (const [key, value] of writes) {
    size += entryBytes + Buffer.byteLength(key) + (value?.length ?? 0);
  }
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeUInt32BE(magic, magicAt);
  bytes.writeUInt32BE(size - headerBytes, lengthAt);
  bytes.write(id.database, databaseAt, "hex");
  bytes.writeUInt32BE(id.generation, generationAt);
  bytes.writeUInt32BE(id.number, numberAt);
  let at = headerBytes;
  for (const [key, value] of writes) {
    const keyLength = bytes.write(key, at + entryBytes);
    bytes.writeUInt16BE(keyLength, at);
    bytes.writeUInt32BE(value?.length ?? removed, at + 2);
    at += entryBytes + keyLength;
    if (value !== undefined) bytes.set(value, at);
    at += value?.length ?? 0;
  }
  checksumOf(bytes).copy(bytes);
  return bytes;
}

/**
 * What counts of a log file. One batch is written at a time, and the next only when it is durable: what
 * cannot be read is the one that a crash has met, and was not acknowledged, unless one that counts is
 * behind it.
 * @param mark undefined: of a database that never had a log
 */
export function readLog(bytes: Buffer, mark: Mark | undefined): LogFound {
  const first = batchAt(bytes, 0);
  if (mark === undefined) {
    const nothing = { kind: "sound", generation: 0, writes: new Map() } as const;
    return first === undefined ? nothing : { kind: "foreign" };
  }
  const next = mark.generation + 1;
  const isOther = first?.database !== mark.database || first.generation > next;
  if (first !== undefined && isOther) return { kind: "foreign" };
  const writes = new Map<string, Uint8Array | undefined>();
  let end = 0;
  let generation = next;
  for (let batch = first, number = 1; batch !== undefined; number++) {
    if (batch.generation !== first?.generation || batch.number !== number) break;
    if (counts(batch, mark)) {
      generation = batch.generation;
      for (const [key, value] of entriesOf(bytes, batch)) writes.set(key, value);
    }
    end = batch.end;
    batch = batchAt(bytes, end);
  }
  if (anyCounts(bytes, end, mark)) return { kind: "damaged", at: end };
  return { kind: "sound", generation, writes };
}

interface Batch extends BatchId {
  readonly start: number;
  readonly end: number;
}

function batchAt(bytes: Buffer, start: number): Batch | undefined {
  if (start + headerBytes > bytes.length) return undefined;
  if (bytes.readUInt32BE(start + magicAt) !== magic) return undefined;
  const end = start + headerBytes + bytes.readUInt32BE(start + lengthAt);
  if (end > bytes.length) return undefined;
  const batch = bytes.subarray(start, end);
  if (!checksumOf(batch).equals(batch.subarray(0, checksumBytes))) return undefined;
  return {
    start,
    end,
    database: batch.toString("hex", databaseAt, generationAt),
    generation: batch.readUInt32BE(generationAt),
    number: batch.readUInt32BE(numberAt),
  };
}

/** Only of a batch whose checksum is right, so all lengths are. */
function* entriesOf(
  bytes: Buffer,
  { start, end }: Batch,
): Iterable<readonly [string, Uint8Array | undefined]> {
  for (let at = start + headerBytes; at < end; ) {
    const keyEnd = at + entryBytes + bytes.readUInt16BE(at);
    const length = bytes.readUInt32BE(at + 2);
    const key = bytes.toString("utf8", at + entryBytes, keyEnd);
    at = length === removed ? keyEnd : keyEnd + length;
    yield [key, length === removed ? undefined : Uint8Array.from(bytes.subarray(keyEnd, at))];
  }
}

/** Whether the database does not have it yet. */
function counts({ generation, number }: Batch, mark: Mark): boolean {
  if (generation === mark.generation) return number > mark.number;
  return generation > mark.generation;
}

/** Looks at every place, since how long the batch is that cannot be read is not known. */
function anyCounts(bytes: Buffer, from: number, mark: Mark): boolean {
  const database = Buffer.from(mark.database, "hex");
  for (let at = from + databaseAt; ; at++) {
    at = bytes.indexOf(database, at);
    if (at < 0) return false;
    const batch = batchAt(bytes, at - databaseAt);
    if (batch !== undefined && counts(batch, mark)) return true;
  }
}

/** Of all that follows the checksum. */
function checksumOf(batch: Buffer): Buffer {
  return hash("sha256", batch.subarray(checksumBytes), "buffer").subarray(0, checksumBytes);
}
