/**
 * Registers as bytes on a disk: JSON, because what is on a disk must be readable by every later
 * version, and by a person with nothing else at hand.
 */
import { CorruptRecord, messageOf } from "../core/errors.ts";
import type { Register } from "./register.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

export function encodeRegister(register: Register): Uint8Array {
  return Buffer.from(JSON.stringify(register));
}

/** @throws CorruptRecord naming the key under which it was found. */
export function decodeRegister(key: string, bytes: Uint8Array): Register {
  const parsed = parse(key, bytes);
  if (isRegister(parsed)) return parsed;
  throw new CorruptRecord(`the record ${key} in the data folder is no register`);
}

function parse(key: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    const why = messageOf(cause);
    throw new CorruptRecord(`the record ${key} in the data folder cannot be read: ${why}`, {
      cause,
    });
  }
}

function isRegister(value: unknown): value is Register {
  if (typeof value !== "object" || value === null) return false;
  if (!("key" in value && "stamp" in value && "seen" in value)) return false;
  const { key, stamp, seen } = value;
  return typeof key === "string" && isStamp(stamp) && Array.isArray(seen) && seen.every(isStamp);
}

function isStamp(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (!("wall" in value && "counter" in value && "origin" in value)) return false;
  const { wall, counter, origin } = value;
  return typeof wall === "number" && typeof counter === "number" && typeof origin === "string";
}
