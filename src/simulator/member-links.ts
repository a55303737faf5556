/**
 * What lies between the hosts of the membership-only simulation: streams, the dials that make them, and
 * cuts. Two hosts have at most one stream, of their present processes.
 */
import type { Random } from "../core/env.ts";
import { type MembershipState, selfOf } from "../membership/state.ts";
import { isLive } from "../membership/view.ts";
import type { MemberHost } from "./member-host.ts";
import { MemberStream } from "./member-stream.ts";
import type { Scheduler } from "./scheduler.ts";

/** How long messages are on their way. */
export interface MessageTimes {
  /** Time that a message takes; default 0.2 to 5 ms. */
  readonly delayMs?: { readonly min: number; readonly max: number };
  /** The share of messages that take much longer, and how long; default: none. */
  readonly late?: { readonly share: number; readonly msMin: number; readonly msMax: number };
}

export interface MemberLinksOptions extends MessageTimes {
  readonly scheduler: Scheduler;
  readonly random: Random;
}

/** A dial that nothing answers ends after this. */
const dialMsMax = 3_000;

export class MemberLinks {
  readonly #options: MemberLinksOptions;
  readonly #hosts: readonly MemberHost[];
  readonly #byAddress: ReadonlyMap<string, MemberHost>;
  readonly #streams = new Map<string, MemberStream>();
  /** `from to`, by the numbers of the hosts. */
  readonly #cuts = new Set<string>();

  constructor(options: MemberLinksOptions, hosts: readonly MemberHost[]) {
    this.#options = options;
    this.#hosts = hosts;
    this.#byAddress = new Map(hosts.map((host) => [host.address, host]));
  }

  /** Nothing gets from one host to the other any more. */
  cut(from: number, to: number): void {
    this.#cuts.add(`${from} ${to}`);
  }

  heal(): void {
    this.#cuts.clear();
    for (const stream of this.#streams.values()) stream.heal(this.#options.random);
  }

  streamBetween(a: MemberHost, b: MemberHost | undefined): MemberStream | undefined {
    return b === undefined ? undefined : this.#streams.get(pair(a, b));
  }

  streamsOf(host: MemberHost): readonly MemberStream[] {
    return this.#hosts
      .map((other) => this.streamBetween(host, other))
      .filter((stream) => stream !== undefined);
  }

  /** Answered by `connected` at both ends, or by `dial-failed`. */
  dial(from: MemberHost, address: string): void {
    const to = this.#byAddress.get(address);
    const dialer = from.process;
    const after = (ms: number, run: () => void) =>
      this.#options.scheduler.after(ms, () => from.take(run), dialer?.owner);
    const failed = (ms: number, why: "refused" | "unreachable" | "rejected") =>
      after(ms, () => from.feed({ kind: "dial-failed", address, why }));
    if (to === from) {
      failed(this.#delay(), "rejected");
      return;
    }
    if (to === undefined || to.isVanished || this.#isCut(from, to) || this.#isCut(to, from)) {
      failed(dialMsMax, "unreachable");
      return;
    }
    this.#options.scheduler.after(
      this.#delay(),
      () => {
        if (to.process === undefined) failed(this.#delay(), "refused");
        else to.take(() => this.#accept(from, to, address, failed));
      },
      dialer?.owner,
    );
  }

  #accept(
    from: MemberHost,
    to: MemberHost,
    address: string,
    failed: (ms: number, why: "unreachable") => void,
  ): void {
    const [dialer, acceptor] = [from.process?.state, to.process?.state];
    if (dialer === undefined) return;
    if (acceptor === undefined || this.#isCut(to, from)) {
      failed(dialMsMax, "unreachable");
      return;
    }
    if (isNameTaken(dialer, acceptor) || isNameTaken(acceptor, dialer)) {
      failed(this.#delay(), "unreachable");
      return;
    }
    const before = this.streamBetween(from, to);
    if (before?.isCurrent === true) return; // One of two stays; the other tells that the peer is there.
    if (before?.isOpen === true) {
      before.isOpen = false;
      for (const [end, peer] of before.bereft()) end.feed({ kind: "disconnected", peer });
    }
    const scheduler = this.#options.scheduler;
    const stream = new MemberStream(
      {
        scheduler,
        delayMs: () => this.#delay(),
        isCut: (a, b) => this.#isCut(a, b),
        ended: (end, other) => {
          const peer = other === from ? dialer.self : acceptor.self;
          const isReplaced = this.streamBetween(end, other)?.isCurrent === true;
          if (!isReplaced) end.feed({ kind: "disconnected", peer });
        },
      },
      from,
      to,
    );
    this.#streams.set(pair(from, to), stream);
    to.feed({ kind: "connected", peer: dialer.self });
    const connected = () => {
      if (stream.isOpen) from.feed({ kind: "connected", peer: acceptor.self, dialed: address });
    };
    scheduler.after(this.#delay(), () => from.take(connected), from.process?.owner);
  }

  #delay(): number {
    const { random, delayMs = { min: 0.2, max: 5 }, late } = this.#options;
    if (late !== undefined && random() < late.share) {
      return late.msMin + random() * (late.msMax - late.msMin);
    }
    return delayMs.min + random() * (delayMs.max - delayMs.min);
  }

  #isCut(from: MemberHost, to: MemberHost): boolean {
    return this.#cuts.has(`${from.number} ${to.number}`);
  }
}

function isNameTaken({ roster }: MembershipState, other: MembershipState): boolean {
  const { name, id, address } = selfOf(other);
  for (const record of roster.all()) {
    const isOther = record.id !== id && record.address !== address;
    if (record.name === name && isOther && isLive(record)) return true;
  }
  return false;
}

function pair(a: MemberHost, b: MemberHost): string {
  return a.number < b.number ? `${a.number} ${b.number}` : `${b.number} ${a.number}`;
}
