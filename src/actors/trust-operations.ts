/**
 * What can be asked of a node about who is let in: tokens for other machines, a token from another
 * network, and the steps of a rotation. Checks what must hold before, asks, and says what to do where
 * it does not.
 */
import { BadRequest, Conflict, MobError } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { parseDuration } from "../core/quantities.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import type { HeldKeys } from "../trust/held-keys.ts";
import type { IssuedToken, JoinDesk } from "../trust/join-desk.ts";
import { type JoinToken, networkTag, parseJoinToken } from "../trust/join-token.ts";
import type { NetworkKeys } from "../trust/key-text.ts";
import type { Catalog } from "./catalog.ts";
import type { KeyKeeperProtocol, KeysInfo } from "./key-keeper.ts";
import { names } from "./names.ts";
import type { Operations } from "./operations.ts";

export interface TrustOptions {
  readonly node: NodeId;
  /** Where this node is reached. */
  readonly address: string;
  readonly system: ActorSystem;
  readonly catalog: Catalog;
  readonly operations: Pick<Operations, "join">;
  readonly keys: HeldKeys;
  readonly desk: JoinDesk;
  readonly door: JoinDoor;
}

/** What is outside the node, for whoever joins another network. */
export interface JoinDoor {
  /**
   * Shows the token to its issuer, once that has shown its key.
   * @throws TokenRefused, NotTheIssuer, Unreachable
   */
  redeem(token: JoinToken): Promise<NetworkKeys>;
  /** Other nodes that are of this node's network by sharing its file: what they are called. */
  sharers(): readonly string[];
  /** Notes, durably, of which network this node is. */
  claim(network: string): Promise<void>;
}

/** Each takes up to `joinMsMax`: together longer than a node that is dead waits to be dialed again. */
const joinAttemptsMax = 3;

/** A step takes as long as a node that does not answer. */
const stepTimeoutMs = 30_000;

export type KeyStep = "install" | "use" | "remove" | "replace";

export class TrustOperations {
  readonly #options: TrustOptions;

  constructor(options: TrustOptions) {
    this.#options = options;
  }

  /** @throws BadRequest for what is no duration, or too long or short a one; Conflict */
  issueJoinToken(wantedFor: string | undefined): IssuedToken {
    const forMs = wantedFor === undefined ? undefined : parseDuration(wantedFor);
    if (wantedFor !== undefined && forMs === undefined) {
      throw new BadRequest(`"${wantedFor}" is no duration: expected one like 1h or 30m`);
    }
    return this.#options.desk.issue(forMs);
  }

  /**
   * Makes this node one of the network that `text`, a join token, is of. One that is in another network
   * with other nodes, or has services, is not moved; one that missed a rotation of its own comes back.
   * @throws BadRequest, Conflict, TokenRefused, NotTheIssuer, Unreachable
   */
  async joinByToken(text: string, at?: string): Promise<void> {
    const { keys, door, address } = this.#options;
    const parsed = parseJoinToken(text);
    const token = { ...parsed, address: at ?? parsed.address };
    if (token.address === address) {
      throw new Conflict("this token is this node's own: use it on the machine that is to join");
    }
    this.#refuseMove(token);
    const given = await door.redeem(token);
    this.#refuseMove(token); // A deploy or a peer may have come meanwhile.
    if (given.network !== keys.network) await door.claim(given.network);
    await keys.adopt(given);
    await this.#join(token.address);
  }

  /** Again, where a dial with the keys of before was on its way, or was to be repeated only later. */
  async #join(address: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#options.operations.join(address);
        return;
      } catch (error) {
        if (!(error instanceof MobError) || attempt === joinAttemptsMax) throw error;
      }
    }
  }

  keys(): Promise<KeysInfo> {
    return this.#keeper("list", undefined);
  }

  /** @throws BadRequest when a step that needs a key has none; see `KeyKeeperProtocol` */
  async rotate(step: KeyStep, key: string | undefined): Promise<KeysInfo> {
    if (step === "install" || step === "replace") return this.#keeper(step, undefined);
    if (key === undefined) throw new BadRequest(`which key? \`mob key list\` shows them`);
    return this.#keeper(step, { key });
  }

  #keeper<M extends "list" | "install" | "replace" | "use" | "remove">(
    method: M,
    request: KeyKeeperProtocol[M]["request"],
  ): Promise<KeysInfo> {
    const { system } = this.#options;
    const timeoutMs = stepTimeoutMs;
    return system.call<KeyKeeperProtocol, M>(names.keyKeeper, method, request, { timeoutMs });
  }

  #refuseMove({ tag }: JoinToken): void {
    const { keys, catalog, node, door } = this.#options;
    if (tag === networkTag(keys.network)) return;
    const others = catalog.view.members.filter(({ id, state }) => id !== node && state !== "left");
    refuseMove({
      members: others.map(({ name }) => name),
      services: catalog.groups().map((group) => group.record.name),
      sharers: door.sharers(),
    });
  }
}

/** What ties a node to the network that it is in. */
export interface Ties {
  readonly members: readonly string[];
  readonly services: readonly string[];
  readonly sharers: readonly string[];
}

/** @throws Conflict saying why the node is not moved to another network, and what to do. */
export function refuseMove({ members, services, sharers }: Ties): void {
  const reasons = [
    ...(members.length > 0 ? [`it is in a network with ${members.join(", ")}`] : []),
    ...(services.length > 0 ? [`it has services: ${services.join(", ")}`] : []),
    ...(sharers.length > 0 ? [`it shares its network.key with ${sharers.join(", ")}`] : []),
  ];
  if (reasons.length === 0) return;
  throw new Conflict(
    `this token is of another network, and this node is not moved there: ${reasons.join("; ")}. ` +
      "Start a new node for it, with a MOB_HOME of its own, and deploy there",
  );
}
