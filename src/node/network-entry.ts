/**
 * Of which network a node is: by the key file that all nodes of its user share, by a join token, and by
 * what its own storage notes. Where the three do not go together, the node does not start: no node finds
 * itself in another network because a file was exchanged.
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { recallMembers } from "../actors/remembered-view.ts";
import { type JoinDoor, refuseMove, type Ties } from "../actors/trust-operations.ts";
import { Conflict, Unreachable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Storage } from "../storage/storage.ts";
import { decodeRegister } from "../store/register-codec.ts";
import { redeemAt } from "../transport/join-exchange.ts";
import { TokenRefused } from "../trust/errors.ts";
import { networkTag, parseJoinToken } from "../trust/join-token.ts";
import { openKeyFile, readKeyFile, replaceNetwork } from "../trust/key-file.ts";
import type { NetworkKeys } from "../trust/key-text.ts";
import type { NodeKey } from "../trust/node-key.ts";

export interface EntryOptions {
  readonly networkKeyFile: string;
  /** Of this node; those of others beside it are told by their `node.pem`. */
  readonly dataFolder: string;
  readonly key: NodeKey;
  readonly storage: Storage;
}

export interface Entered {
  readonly keys: NetworkKeys;
  /** Whom to join: the token's issuer too. */
  readonly join: readonly string[];
}

const claimKey = "n/network";

/**
 * The network's keys: those in the file, or those that the token is good for, or a new network's.
 * @throws Conflict when this node is of another network, BadRequest, TokenRefused, NotTheIssuer,
 * Unreachable, UnusableKey
 */
export async function enterNetwork(
  options: EntryOptions & {
    readonly token?: string;
    readonly join: readonly string[];
    readonly log: Log;
  },
): Promise<Entered> {
  const { token, join: addresses, networkKeyFile: file } = options;
  const issuer = token === undefined ? undefined : await byToken(options, token);
  const keys = openKeyFile(file);
  refuseOtherNetwork(options, keys);
  await claim(options.storage, keys.network);
  const isNew = issuer !== undefined && !addresses.includes(issuer);
  return { keys, join: isNew ? [...addresses, issuer] : addresses };
}

/** What a running node needs to be moved by a token. */
export function joinDoor(options: EntryOptions): JoinDoor {
  return {
    redeem: (token) => redeemAt(options.key, token),
    sharers: () => sharersOf(options),
    claim: (network) => claim(options.storage, network),
  };
}

/** Brings the file to what the token is good for; returns where its issuer is. */
async function byToken(options: Parameters<typeof enterNetwork>[0], text: string): Promise<string> {
  const { networkKeyFile: file, key, log } = options;
  const parsed = parseJoinToken(text);
  const token = { ...parsed, address: options.join[0] ?? parsed.address };
  const kept = readKeyFile(file);
  const isOwn = kept !== undefined && networkTag(kept.network) === token.tag;
  if (kept !== undefined && !isOwn) refuseMove(tiesOf(options));
  try {
    await replaceNetwork(file, kept, await redeemAt(key, token));
  } catch (error) {
    // As after a restart with the same command line, when the token has done its work.
    const isSpent = error instanceof TokenRefused || error instanceof Unreachable;
    if (!isOwn || !isSpent) throw error;
    log.info("the join token is not taken; this node is of its network already", { error });
  }
  return token.address;
}

function refuseOtherNetwork(options: EntryOptions, { network }: NetworkKeys): void {
  const noted = options.storage.get(claimKey);
  if (noted === undefined || new TextDecoder().decode(noted) === network) return;
  const { members, services } = tiesOf(options);
  if (members.length === 0 && services.length === 0) return;
  throw new Conflict(
    `${options.networkKeyFile} is another network's than that of the data folder ${options.dataFolder}, ` +
      "which has other nodes or services of its own: put back the network.key that it had, or start " +
      "this node with another --data",
  );
}

async function claim(storage: Storage, network: string): Promise<void> {
  storage.put(claimKey, new TextEncoder().encode(network));
  await storage.flush();
}

/** What is known on the disk, before the node runs. */
function tiesOf(options: EntryOptions): Ties {
  const { storage, key } = options;
  return {
    members: membersIn(storage, key.id),
    services: servicesIn(storage),
    sharers: sharersOf(options),
  };
}

function membersIn(storage: Storage, self: NodeId): readonly string[] {
  const members = recallMembers(storage);
  return members
    .filter(({ id, state }) => id !== self && state !== "left" && state !== "forgotten")
    .map(({ name }) => name);
}

/** Names of groups that were deployed and not removed. */
function servicesIn(storage: Storage): readonly string[] {
  return [...storage.list("")].flatMap(({ key, value }) => {
    const [, name] = /(?:^|\/)spec\/(.+)$/.exec(key) ?? [];
    return name === undefined || decodeRegister(key, value).value === undefined ? [] : [name];
  });
}

/** Other nodes of this user that have run with the same key file. */
function sharersOf({ networkKeyFile, dataFolder }: EntryOptions): readonly string[] {
  const home = dirname(networkKeyFile);
  if (!existsSync(home)) return [];
  return readdirSync(home)
    .map((name) => join(home, name))
    .filter((folder) => folder !== dataFolder && existsSync(join(folder, "node.pem")))
    .map((folder) => `the node in ${basename(folder)}`);
}
