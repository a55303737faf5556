/**
 * A network of membership state machines and nothing else: no actors, no bytes, so that a thousand nodes
 * run faster than real ones. Streams with delays and messages that come late, cuts in one direction or
 * both, crashes, hosts that vanish, processes that stand still. All is decided by the seed.
 */
import type { Random } from "../core/env.ts";
import type { NodeId } from "../core/ids.ts";
import type { MembershipEffect, MembershipEvent } from "../membership/events.ts";
import { bootOf } from "../membership/incarnation.ts";
import type { MembershipMessage } from "../membership/messages.ts";
import type { MembershipOptions } from "../membership/options.ts";
import { type MembershipState, selfOf } from "../membership/state.ts";
import { isLive, type Member, type View } from "../membership/view.ts";
import { MemberHost, type MemberStart } from "./member-host.ts";
import { MemberStream } from "./member-stream.ts";
import { Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";
import { seededRandom } from "./virtual-env.ts";

export interface MemberNetworkOptions {
  readonly seed: number;
  readonly size: number;
  /** Time that a message takes; default 0.2 to 5 ms. */
  readonly delayMs?: { readonly min: number; readonly max: number };
  /** The share of messages that take much longer, and how long; default: none. */
  readonly late?: { readonly share: number; readonly msMin: number; readonly msMax: number };
  readonly membership?: Partial<MembershipOptions>;
  /** Keeps a trace of all that happens; default true. */
  readonly isTraced?: boolean;
}

/** A dial that nothing answers ends after this. */
const dialMsMax = 3_000;

export class MemberNetwork {
  readonly trace = new Trace();
  readonly hosts: readonly MemberHost[];
  /** Everything that must never be and was. */
  readonly violations: string[] = [];
  /** Called with each view that a node publishes. */
  onView: (host: MemberHost, view: View) => void = () => {};
  /** Called with each message that is sent. */
  onMessage: (message: MembershipMessage) => void = () => {};
  sent = 0;
  dials = 0;
  readonly nameTaken: { readonly host: MemberHost; readonly by: Member }[] = [];
  readonly outdated: { readonly host: MemberHost; readonly why: string }[] = [];
  readonly #scheduler = new Scheduler();
  readonly #options: MemberNetworkOptions;
  readonly #random: Random;
  readonly #byId = new Map<NodeId, MemberHost>();
  readonly #byAddress: ReadonlyMap<string, MemberHost>;
  readonly #streams = new Map<string, MemberStream>();
  readonly #cuts = new Set<string>();
  /** Highest incarnation that each host saw of each node, and its version of its view. */
  readonly #seen = new Map<
    MemberHost,
    { version: number; readonly members: Map<NodeId, number> }
  >();

  constructor(options: MemberNetworkOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed, "network");
    const carryOut = (host: MemberHost, effect: MembershipEffect) => this.#carryOut(host, effect);
    this.hosts = Array.from(
      { length: options.size },
      (_, number) => new MemberHost(number, this.#scheduler, carryOut),
    );
    this.#byAddress = new Map(this.hosts.map((host) => [host.address, host]));
  }

  /** Virtual ms since the beginning. */
  get now(): number {
    return this.#scheduler.now;
  }

  /** Those whose process runs. */
  get running(): readonly MemberHost[] {
    return this.hosts.filter(({ process }) => process !== undefined);
  }

  host(number: number): MemberHost {
    const host = this.hosts[number];
    if (host === undefined) throw new RangeError(`there is no host ${number}`);
    return host;
  }

  state(number: number): MembershipState {
    const { process } = this.host(number);
    if (process === undefined) throw new RangeError(`node ${number} does not run`);
    return process.state;
  }

  /** What node `at` last published of the node of host `about`. */
  member(at: number, about: number): Member | undefined {
    const { id } = this.host(about);
    return this.state(at).view.members.find((member) => member.id === id);
  }

  start(number: number, asked: MemberStart = {}): void {
    const host = this.host(number);
    if (host.process !== undefined) return;
    const draw = seededRandom(this.#options.seed, `node/${number}/${this.now}`);
    host.start(draw, this.#options.membership ?? {}, asked);
    this.#byId.set(host.id, host);
    this.#note(host, "starts");
  }

  /** All nodes run and know of each other from before; connections are made as time goes on. */
  startAll(): void {
    for (const host of this.hosts) this.start(host.number);
    const records = this.hosts.map((host) => selfOf(this.state(host.number)));
    for (const host of this.hosts) host.feed({ kind: "recalled", members: records });
  }

  feed(number: number, event: MembershipEvent): void {
    this.host(number).feed(event);
  }

  join(number: number, other: number): void {
    this.feed(number, { kind: "join-requested", address: this.host(other).address });
  }

  /** kill -9: connections close, and dials are refused. */
  crash(number: number): void {
    const host = this.host(number);
    this.#note(host, "crashes");
    const streams = this.#streamsOf(host);
    host.end();
    for (const stream of streams) stream.close(host);
  }

  /** The host is gone: nothing closes, nothing answers. */
  vanish(number: number): void {
    const host = this.host(number);
    this.#note(host, "vanishes");
    host.isVanished = true;
    host.end();
  }

  stall(number: number, ms: number): void {
    this.#note(this.host(number), `stands still for ${ms} ms`);
    this.host(number).stall(ms);
  }

  /** Nothing gets from one to the other any more, nor back unless `oneWay`. */
  cut(from: number, to: number, oneWay = false): void {
    this.#cuts.add(`${from} ${to}`);
    if (!oneWay) this.#cuts.add(`${to} ${from}`);
  }

  heal(): void {
    this.#cuts.clear();
    for (const stream of this.#streams.values()) stream.heal(this.#random);
  }

  /** Lets virtual time go on. */
  run(ms: number): void {
    const untilMs = this.now + ms;
    for (;;) {
      const event = this.#scheduler.next(untilMs);
      if (event === undefined) break;
      event.fire();
    }
    this.#scheduler.now = untilMs;
  }

  /** Does `act` in `ms`, whatever becomes of any node until then. */
  in(ms: number, act: () => void): void {
    this.#scheduler.after(ms, act, world);
  }

  #carryOut(host: MemberHost, effect: MembershipEffect): void {
    switch (effect.kind) {
      case "send":
        this.#send(host, effect);
        return;
      case "dial":
        this.dials += 1;
        this.#dial(host, effect.address);
        return;
      case "publish":
        this.#check(host, effect.view);
        this.onView(host, effect.view);
        return;
      case "close":
        this.#streamBetween(host, this.#byId.get(effect.peer))?.close(host);
        return;
      case "name-taken":
        this.nameTaken.push({ host, by: effect.by });
        return;
      case "raise-boot": {
        const raised = () => {
          host.boot = Math.max(host.boot, effect.boot);
          host.feed({ kind: "boot-raised", boot: effect.boot });
        };
        this.#scheduler.after(2, () => host.take(raised), host.process?.owner);
        return;
      }
      case "outdated":
        this.outdated.push({ host, why: effect.why });
        return;
    }
  }

  #send(from: MemberHost, { to, message }: MembershipEffect & { readonly kind: "send" }): void {
    const host = this.#byId.get(to);
    const stream = this.#streamBetween(from, host);
    const sender = from.process?.state.self;
    if (host === undefined || stream?.isOpen !== true || sender === undefined) return;
    this.sent += 1;
    this.onMessage(message);
    stream.send(from, () => {
      if (this.#options.isTraced !== false) {
        this.trace.add(this.now, `${host.number}`, `hears from ${from.number}: ${message.kind}`);
      }
      host.feed({ kind: "received", from: sender, message });
    });
  }

  #dial(from: MemberHost, address: string): void {
    const to = this.#byAddress.get(address);
    const dialer = from.process;
    const after = (ms: number, run: () => void) =>
      this.#scheduler.after(ms, () => from.take(run), dialer?.owner);
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
    this.#scheduler.after(
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
    const before = this.#streamBetween(from, to);
    if (before?.isCurrent === true) return; // One of two stays; the other tells that the peer is there.
    if (before?.isOpen === true) {
      before.isOpen = false;
      for (const [end, peer] of before.bereft()) end.feed({ kind: "disconnected", peer });
    }
    const scheduler = this.#scheduler;
    const stream = new MemberStream(
      {
        scheduler,
        delayMs: () => this.#delay(),
        isCut: (a, b) => this.#isCut(a, b),
        ended: (end, other) => {
          const peer = other === from ? dialer.self : acceptor.self;
          const isReplaced = this.#streamBetween(end, other)?.isCurrent === true;
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

  /** Views only ever go up, and so does what they say of each node. */
  #check(host: MemberHost, view: View): void {
    const { process } = host;
    if (process === undefined) return;
    let seen = this.#seen.get(host);
    if (seen === undefined || seen.version > view.version) {
      if (seen !== undefined && view.version > 2) {
        this.violations.push(`view ${view.version} of ${host.number} comes after ${seen.version}`);
      }
      seen = { version: 0, members: new Map() };
      this.#seen.set(host, seen);
    }
    seen.version = view.version;
    for (const { id, incarnation } of view.members) {
      const before = seen.members.get(id) ?? 0;
      if (incarnation < before) {
        this.violations.push(
          `${host.number} saw ${id} at ${incarnation}, boot ${bootOf(incarnation)}, after ${before}`,
        );
      }
      seen.members.set(id, incarnation);
    }
  }

  #delay(): number {
    const { delayMs = { min: 0.2, max: 5 }, late } = this.#options;
    if (late !== undefined && this.#random() < late.share) {
      return late.msMin + this.#random() * (late.msMax - late.msMin);
    }
    return delayMs.min + this.#random() * (delayMs.max - delayMs.min);
  }

  #isCut(from: MemberHost, to: MemberHost): boolean {
    return this.#cuts.has(`${from.number} ${to.number}`);
  }

  #streamBetween(a: MemberHost, b: MemberHost | undefined): MemberStream | undefined {
    return b === undefined ? undefined : this.#streams.get(pair(a, b));
  }

  #streamsOf(host: MemberHost): readonly MemberStream[] {
    return this.hosts
      .map((other) => this.#streamBetween(host, other))
      .filter((stream) => stream !== undefined);
  }

  #note(host: MemberHost, what: string): void {
    if (this.#options.isTraced !== false) this.trace.add(this.now, `${host.number}`, what);
  }
}

const world = { name: "world", dead: false };

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
