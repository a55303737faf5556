/**
 * What makes nodes one network: its id and its key, in a file that all nodes of one user on one host
 * share, made by whichever starts first. Whoever has the key is let in, so it goes to no one else.
 */
import { randomBytes } from "node:crypto";
import { UnusableKey } from "./errors.ts";
import { createSecret, readSecret } from "./secret-file.ts";

export interface NetworkKey {
  /** 32 random bytes as hex. No secret: it is what tells networks apart. */
  readonly network: string;
  /** 32 random bytes. */
  readonly secret: Uint8Array;
}

/** A network that no one else has. */
export function createNetworkKey(): NetworkKey {
  return { network: randomBytes(32).toString("hex"), secret: Uint8Array.from(randomBytes(32)) };
}

/**
 * The key kept in `file`; that of a new network where there is none.
 * @throws UnusableKey
 */
export function openNetworkKey(file: string): NetworkKey {
  const kept = readSecret(file);
  if (kept !== undefined) return parse(file, kept);
  const made = createNetworkKey();
  if (createSecret(file, formatNetworkKey(made))) return made;
  return openNetworkKey(file); // Another node was first: theirs is the network.
}

const form = /^# [^\n]*\nnetwork ([0-9a-f]{64})\nkey ([0-9a-f]{64})\n$/;

/** As it stands in the file. */
export function formatNetworkKey({ network, secret }: NetworkKey): string {
  const hint = "# A network of Mob. Who has this key is let in: keep it to yourself.";
  return `${hint}\nnetwork ${network}\nkey ${Buffer.from(secret).toString("hex")}\n`;
}

function parse(file: string, text: string): NetworkKey {
  const [, network, key] = form.exec(text) ?? [];
  if (network === undefined || key === undefined) {
    const fix = "Put back the network's own, or move it away: a new network is made then";
    throw new UnusableKey(`${file} is not the key of a network. ${fix}`);
  }
  return { network, secret: Uint8Array.from(Buffer.from(key, "hex")) };
}
