/** Who waits for a join: by the address asked for, until the node there is known to be met, or is not. */
import { type MobError, Unreachable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { currentView } from "../membership/publishing.ts";
import type { MembershipState } from "../membership/state.ts";
import type { View } from "../membership/view.ts";
import type { Caller } from "../otp/gen-server.ts";
import type { Storage } from "../storage/storage.ts";

/** How long a join may take before its caller is told that it failed, and the dialing ends. */
export const joinMsMax = 4_000;

interface JoinsOptions {
  readonly membership: MembershipState;
  readonly storage: Storage;
  readonly log: Log;
  /** What the node was told to join at its start: dialed until it is met. */
  readonly fromStart: readonly string[];
}

export class Joins {
  readonly #options: JoinsOptions;
  readonly #waiting = new Map<string, Caller<View>[]>();
  /** The addresses at which peers were dialed. */
  readonly #dialed = new Map<NodeId, string>();
  /** What was last logged of each address of the start. */
  readonly #logged = new Map<string, string>();

  constructor(options: JoinsOptions) {
    this.#options = options;
  }

  add(address: string, caller: Caller<View>): void {
    this.#waiting.set(address, [...(this.#waiting.get(address) ?? []), caller]);
  }

  connected(peer: NodeId, dialed: string | undefined): void {
    if (dialed !== undefined) this.#dialed.set(peer, dialed);
  }

  disconnected(peer: NodeId): void {
    this.#dialed.delete(peer);
  }

  /** Whether the node at `address`, however that is written, is connected and has told what it knows. */
  isMet(address: string): boolean {
    const { connected, syncing, roster } = this.#options.membership;
    for (const peer of connected) {
      const isIt = this.#dialed.get(peer) === address || roster.get(peer)?.address === address;
      if (isIt && !syncing.has(peer)) return true;
    }
    return false;
  }

  /**
   * Whoever asked to join a node that has told all it knows has the answer, once that survives a crash.
   * @param remember puts what is known into storage
   */
  settle(remember: () => void): void {
    const { membership, storage } = this.#options;
    for (const address of this.#waiting.keys()) {
      if (!this.isMet(address)) continue;
      remember();
      for (const caller of this.#take(address)) {
        storage.flush().then(
          () => caller.reply(currentView(membership)),
          (error: unknown) => caller.fail(error),
        );
      }
    }
  }

  /**
   * Tells who waits for `address` that it is not reached. Returns whether it is to be dialed no more: what
   * the node was started with is dialed on, since `--join` waits for a network that is not up yet.
   */
  fail(address: string, error: MobError): boolean {
    const callers = this.#take(address);
    for (const caller of callers) caller.fail(error);
    return callers.length > 0 && !this.#options.fromStart.includes(address);
  }

  /** The same for who has waited for as long as one may. */
  failLate(address: string): boolean {
    return this.fail(
      address,
      new Unreachable(`no node has answered at ${address} within ${joinMsMax} ms`),
    );
  }

  /** A join from the start has no caller: the log is told, once an error. */
  logUnmet(address: string, error: MobError): void {
    const { fromStart, membership, log } = this.#options;
    if (!fromStart.includes(address) || !membership.redial.joins.has(address)) return;
    if (this.#logged.get(address) === error.message) return;
    this.#logged.set(address, error.message);
    log.warn("the network to join is not reached; it is tried on", { address, error });
  }

  #take(address: string): readonly Caller<View>[] {
    const callers = this.#waiting.get(address) ?? [];
    this.#waiting.delete(address);
    return callers;
  }
}
