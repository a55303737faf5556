/**
 * A network's keys as text: in the file that a user's nodes share, in the answer to a join token, and,
 * sealed, between nodes. One form for all three, read strictly: half a ring is worse than none.
 */
import {
  type KeyRotation,
  knownKeysMax,
  liveKey,
  liveKeys,
  liveKeysMax,
  type NetworkKeyState,
} from "./key-rotation.ts";
import { Secret } from "./secret.ts";

/** Whoever holds this is let in. */
export interface NetworkKeys {
  /** 64 hex digits. No secret: it tells networks apart. */
  readonly network: string;
  readonly ring: KeyRotation;
}

/** Longest text that is read; the keys that may be known at most are well below it. */
export const keyTextBytesMax = 128 * 1024;
/** Two sides of a partition may each have had as many keys as there may be. */
const readMax = { known: 2 * knownKeysMax, live: 2 * liveKeysMax } as const;

const hint = "# A network of Mob. Who has this key is let in: keep it to yourself.";
const networkLine = /^network ([0-9a-f]{64})$/;
/** Without a revision: the first, as in a file that a person has written. */
const keyLine = /^key ([0-9a-f]{64})(?: ([0-9]{1,15}))?$/;
const removedLine = /^removed ([0-9a-f]{16}) ([0-9]{1,15})$/;

/** One line a key, the one in use first; `parseKeys` reads it back. */
export function formatKeys({ network, ring }: NetworkKeys): string {
  const live = liveKeys(ring).map(
    ({ secret, revision }) => `key ${Buffer.from(secret.reveal()).toString("hex")} ${revision}`,
  );
  const removed = [...ring.values()]
    .filter(({ isRemoved }) => isRemoved)
    .map(({ id, revision }) => `removed ${id} ${revision}`)
    .sort();
  return [hint, `network ${network}`, ...live, ...removed, ""].join("\n");
}

/** Undefined when `text` is not exactly a network's keys. */
export function parseKeys(text: string): NetworkKeys | undefined {
  if (text.length > keyTextBytesMax || !text.endsWith("\n")) return undefined;
  const [first = "", ...rest] = text
    .slice(0, -1)
    .split("\n")
    .filter((line) => !line.startsWith("#"));
  const network = networkLine.exec(first)?.[1];
  const keys = rest.map(parseKey);
  if (network === undefined || keys.length > readMax.known) return undefined;
  const ring = new Map<string, NetworkKeyState>();
  for (const key of keys) {
    if (key === undefined || ring.has(key.id)) return undefined;
    ring.set(key.id, key);
  }
  const live = liveKeys(ring).length;
  return live > 0 && live <= readMax.live ? { network, ring } : undefined;
}

function parseKey(line: string): NetworkKeyState | undefined {
  const [, key, revision = "1"] = keyLine.exec(line) ?? [];
  if (key !== undefined) return liveKey(new Secret(Buffer.from(key, "hex")), Number(revision));
  const [, id, removedAt] = removedLine.exec(line) ?? [];
  if (id === undefined) return undefined;
  return { id, revision: Number(removedAt), isRemoved: true };
}
