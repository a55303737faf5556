/**
 * The keys of a network while they rotate: install a new one everywhere, use it everywhere, remove the
 * old one. Pure. Each node holds the whole ring; rings that meet are merged key by key, and the higher
 * revision wins, so that nodes agree whatever they missed and in whatever order they hear of it.
 */
import type { Random } from "../core/env.ts";
import { Conflict, NotFound } from "../core/errors.ts";
import { digest, Secret } from "./secret.ts";

/** Bytes of a network's key. */
export const keyBytes = 32;
/** Keys accepted at a time. A rotation needs two; each one more costs every handshake a proof. */
export const liveKeysMax = 8;
/** Keys known at all, removed ones included, which are remembered so that no node brings them back. */
export const knownKeysMax = 1_000;

/** A key that peers may prove. */
export interface LiveKey {
  /** Names the key and tells nothing of it: 16 hex digits of its hash. */
  readonly id: string;
  /** Grows when the key is taken into use. The live key of the highest is the one that is used. */
  readonly revision: number;
  readonly isRemoved: false;
  readonly secret: Secret;
}

/** A key that is refused for ever, unless someone who had not heard of it took it into use. */
export interface RemovedKey {
  readonly id: string;
  readonly revision: number;
  readonly isRemoved: true;
}

export type NetworkKeyState = LiveKey | RemovedKey;

/** Of one network; by the id of each key. */
export type KeyRotation = ReadonlyMap<string, NetworkKeyState>;

/** What a node tells others of its ring: everything but the secrets. Ordered by id. */
export type RingDigest = readonly Omit<RemovedKey | LiveKey, "secret">[];

/** Another live node, and what its ring is; undefined when it could not be asked. */
export interface OtherRing {
  readonly name: string;
  readonly digest: RingDigest | undefined;
}

/** The ring of a network with one key, which is in use. */
export function firstRotation(secret: Secret): KeyRotation {
  return withKey(new Map(), liveKey(secret, 1));
}

/** The name of a key. */
export function keyIdOf(secret: Secret): string {
  return digest("key id", secret.reveal()).toString("hex", 0, 8);
}

export function liveKey(secret: Secret, revision: number): LiveKey {
  return { id: keyIdOf(secret), revision, isRemoved: false, secret };
}

/**
 * What follows from both rings. Commutative, associative and idempotent; a key that one side removed
 * is removed, unless the other has taken it into use since: one that is used is never lost.
 */
export function mergeRotations(a: KeyRotation, b: KeyRotation): KeyRotation {
  const merged = new Map(a);
  for (const [id, told] of b) {
    const known = merged.get(id);
    if (known === undefined || isNewer(told, known)) merged.set(id, told);
  }
  return merged;
}

/** Whether the ring knows all that `other` does: merging would change nothing. */
export function includes(ring: KeyRotation, other: RingDigest): boolean {
  return other.every((told) => {
    const known = ring.get(told.id);
    return known !== undefined && !isNewer(told, known);
  });
}

/** The keys that peers may prove, the one in use first. */
export function liveKeys(ring: KeyRotation): readonly LiveKey[] {
  const live = [...ring.values()].filter((key): key is LiveKey => !key.isRemoved);
  return live.sort((a, b) => b.revision - a.revision || (a.id < b.id ? 1 : -1));
}

/** The key that this node proves first, and that new nodes are given to use. */
export function usedKey(ring: KeyRotation): LiveKey {
  const [used] = liveKeys(ring);
  if (used === undefined) throw new Error("a network without a key");
  return used;
}

export function digestOf(ring: KeyRotation): RingDigest {
  return [...ring.values()]
    .map(({ id, revision, isRemoved }) => ({ id, revision, isRemoved }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * First step: one more key that peers may prove.
 * @throws Conflict when there are as many as there may be.
 */
export function installKey(ring: KeyRotation, secret: Secret): KeyRotation {
  if (liveKeys(ring).length >= liveKeysMax) {
    throw new Conflict(`there are ${liveKeysMax} keys, the most there may be: remove one first`);
  }
  if (ring.size >= knownKeysMax) {
    throw new Conflict(`this network has had ${knownKeysMax} keys, the most that are remembered`);
  }
  return withKey(ring, liveKey(secret, 0));
}

/**
 * Second step: this key is the one that nodes prove first.
 * @throws NotFound; Conflict naming the live nodes that do not hold it.
 */
export function useKey(ring: KeyRotation, id: string, others: readonly OtherRing[]): KeyRotation {
  const key = heldKey(ring, id);
  if (usedKey(ring).id === key.id) return ring;
  refuseUnless(others, (digest) => digest.some((its) => its.id === key.id && !its.isRemoved), {
    what: `key ${key.id} cannot be used yet`,
    lacks: "do not hold it",
  });
  const highest = Math.max(...[...ring.values()].map(({ revision }) => revision));
  return withKey(ring, { ...key, revision: highest + 1 });
}

/**
 * Third step: this key is refused from now on.
 * @throws NotFound; Conflict when it is in use, or naming the live nodes that use another key than
 * this one does.
 */
export function removeKey(
  ring: KeyRotation,
  id: string,
  others: readonly OtherRing[],
): KeyRotation {
  const { id: found, revision } = heldKey(ring, id);
  const used = usedKey(ring);
  if (used.id === found) {
    throw new Conflict(`key ${found} is in use: install another and use that before`);
  }
  refuseUnless(others, (digest) => usedIn(digest) === used.id, {
    what: `key ${found} cannot be removed yet`,
    lacks: `do not use ${used.id}`,
  });
  return withKey(ring, { id: found, revision, isRemoved: true });
}

/**
 * After a leak: a fresh key in the place of all others, at once. Who holds the old ones is shut out,
 * the other nodes of the network included, until each is given the new one by a join token.
 */
export function replaceKeys(ring: KeyRotation, secret: Secret): KeyRotation {
  const highest = Math.max(...[...ring.values()].map(({ revision }) => revision));
  const removed = [...ring.values()].map(({ id, revision }): [string, RemovedKey] => [
    id,
    { id, revision, isRemoved: true },
  ]);
  return withKey(new Map(removed), liveKey(secret, highest + 1));
}

function isNewer(
  told: Pick<NetworkKeyState, "revision" | "isRemoved">,
  known: Pick<NetworkKeyState, "revision" | "isRemoved">,
): boolean {
  if (told.revision !== known.revision) return told.revision > known.revision;
  return told.isRemoved && !known.isRemoved;
}

/** The key that a node of that ring uses. */
function usedIn(ring: RingDigest): string | undefined {
  const live = ring.filter(({ isRemoved }) => !isRemoved);
  return live.reduce<RingDigest[number] | undefined>((used, key) => {
    if (used === undefined || key.revision > used.revision) return key;
    return key.revision === used.revision && key.id > used.id ? key : used;
  }, undefined)?.id;
}

/** By its id, or by how that begins. @throws NotFound */
function heldKey(ring: KeyRotation, id: string): LiveKey {
  const found = liveKeys(ring).filter((key) => id !== "" && key.id.startsWith(id));
  const [key] = found;
  if (key === undefined) throw new NotFound(`there is no key ${id}: \`mob key list\` shows them`);
  if (found.length > 1) throw new Conflict(`${id} is how several keys begin: give more of it`);
  return key;
}

function refuseUnless(
  others: readonly OtherRing[],
  isReady: (digest: RingDigest) => boolean,
  { what, lacks }: { readonly what: string; readonly lacks: string },
): void {
  const silent = others.filter(({ digest }) => digest === undefined);
  const behind = others.filter(({ digest }) => digest !== undefined && !isReady(digest));
  if (silent.length === 0 && behind.length === 0) return;
  const reasons = [
    ...(behind.length > 0 ? [`${names(behind)} ${lacks}`] : []),
    ...(silent.length > 0 ? [`${names(silent)} could not be asked`] : []),
  ];
  throw new Conflict(`${what}: ${reasons.join("; ")}`);
}

function names(nodes: readonly OtherRing[]): string {
  return nodes
    .map(({ name }) => name)
    .sort()
    .join(", ");
}

function withKey(ring: KeyRotation, key: NetworkKeyState): KeyRotation {
  return new Map(ring).set(key.id, key);
}

/** A key that no one has had. */
export function newKey(random: Random): Secret {
  return Secret.random(random, keyBytes);
}
