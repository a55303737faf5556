/**
 * The file with the keys of a user's network, which all their nodes on one host share: made by whichever
 * starts first, rewritten under a lock and by rename, so that two nodes that rotate at once lose neither
 * one's keys and none ever reads half a file. That it changed shows in its inode.
 */
import { randomBytes } from "node:crypto";
import { existsSync, realpathSync, statSync } from "node:fs";
import { Conflict } from "../core/errors.ts";
import { UnusableKey } from "./errors.ts";
import { withFileLock } from "./file-lock.ts";
import { firstRotation, keyBytes } from "./key-rotation.ts";
import type { KeyStore } from "./key-store.ts";
import { formatKeys, type NetworkKeys, parseKeys } from "./key-text.ts";
import { Secret } from "./secret.ts";
import { createSecret, readSecret, replaceSecret } from "./secret-file.ts";

/** A source of random bytes that no one can foresee. */
type RandomBytes = (length: number) => Uint8Array;

const networkIdBytes = 32;

/** A network that no one else has. */
export function createNetwork(random: RandomBytes = randomBytes): NetworkKeys {
  return {
    network: Buffer.from(random(networkIdBytes)).toString("hex"),
    ring: firstRotation(new Secret(random(keyBytes))),
  };
}

/**
 * The keys kept in `file`; those of a new network where there is none.
 * @throws UnusableKey
 */
export function openKeyFile(file: string, random?: RandomBytes): NetworkKeys {
  const kept = readKeyFile(file);
  if (kept !== undefined) return kept;
  const made = createNetwork(random);
  if (createSecret(file, formatKeys(made))) return made;
  return openKeyFile(file, random); // Another node was first: theirs is the network.
}

/**
 * The keys kept in `file`; undefined when there is no such file.
 * @throws UnusableKey
 */
export function readKeyFile(file: string): NetworkKeys | undefined {
  const text = readSecret(file);
  if (text === undefined) return undefined;
  const keys = parseKeys(text);
  if (keys !== undefined) return keys;
  const fix = "Put back the network's own, or move it away: a new network is made then";
  throw new UnusableKey(`${file} is not the key of a network. ${fix}`);
}

/** The file as nodes that run share it. */
export function keyFileStore(file: string): KeyStore {
  let seen: string | undefined;
  return {
    changed() {
      const now = stateOf(file);
      if (now === undefined || now === seen) return undefined;
      seen = now;
      return readKeyFile(file);
    },
    update: (next) => {
      const real = realPathOf(file);
      return withFileLock(real, () => {
        const made = next(readKeyFile(real));
        if (made !== undefined) replaceSecret(real, formatKeys(made));
      });
    },
  };
}

/**
 * Puts another network's keys into the file.
 * @throws Conflict when it holds others by now than those that the caller has looked at.
 */
export async function replaceNetwork(
  file: string,
  looked: NetworkKeys | undefined,
  keys: NetworkKeys,
): Promise<void> {
  await keyFileStore(file).update((kept) => {
    if (kept?.network === looked?.network) return keys;
    throw new Conflict(`${file} was changed by another node just now: try again`);
  });
}

/** Changes with each write; undefined when there is no file. */
function stateOf(file: string): string | undefined {
  const status = statSync(file, { bigint: true, throwIfNoEntry: false });
  return status && `${status.ino} ${status.mtimeNs} ${status.size}`;
}

/** Of a link it is the file behind it that is shared, and rewritten. */
function realPathOf(file: string): string {
  return existsSync(file) ? realpathSync(file) : file;
}
