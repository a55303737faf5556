/**
 * The network as this node last knew it, kept in its storage: by it a node that starts again finds its
 * network by itself, and knows who else there is before it has met anyone.
 */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { MemberRecord } from "../membership/view.ts";
import type { Storage } from "../storage/storage.ts";
import { member as memberShape } from "../wire/schemas.ts";

const key = "n/members";

/** Written where it says something new of the members. Returns whether it did: then it is to be flushed. */
export function rememberMembers(storage: Storage, members: Iterable<MemberRecord>): boolean {
  const text = JSON.stringify(withoutSuspicion(members));
  if (text === textOf(storage.get(key))) return false;
  storage.put(key, new TextEncoder().encode(text));
  return true;
}

/** Suspicions come and go, and are worth no write. */
export function withoutSuspicion(members: Iterable<MemberRecord>): readonly MemberRecord[] {
  return [...members].map((one) => (one.state === "suspect" ? { ...one, state: "alive" } : one));
}

/** From the next flush on nothing is remembered: the node starts alone. */
export function forgetMembers(storage: Storage): void {
  storage.remove(key);
}

/** None where nothing is remembered that this version can read. */
export function recallMembers(storage: Storage): readonly MemberRecord[] {
  const text = textOf(storage.get(key));
  const members = text === undefined ? [] : parse(text);
  return isMembers(members) ? members : [];
}

function isMembers(value: unknown): value is readonly MemberRecord[] {
  return Compile(Type.Array(memberShape)).Check(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
