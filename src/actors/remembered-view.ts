/**
 * The network as this node last knew it, kept in its storage: by it a node that starts again finds its
 * network by itself, and knows who else there is before it has met anyone.
 */
import { Compile } from "typebox/compile";
import type { Member, View } from "../membership/view.ts";
import type { Storage } from "../storage/storage.ts";
import { view as viewShape } from "../wire/schemas.ts";

const key = "n/view";

/** Written where it says something new of the members. Returns whether it did: then it is to be flushed. */
export function rememberView(storage: Storage, { members }: View): boolean {
  const text = JSON.stringify(members);
  if (text === textOf(storage.get(key))) return false;
  storage.put(key, new TextEncoder().encode(text));
  return true;
}

/** From the next flush on nothing is remembered. */
export function forgetView(storage: Storage): void {
  storage.remove(key);
}

/** Undefined: nothing is remembered that this version can read. */
export function recallView(storage: Storage): View | undefined {
  const text = textOf(storage.get(key));
  if (text === undefined) return undefined;
  const view = { version: 0, members: parse(text) };
  return isView(view) ? view : undefined;
}

function isView(value: unknown): value is { version: number; members: Member[] } {
  return Compile(viewShape).Check(value);
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
