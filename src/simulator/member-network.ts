/**
 * A network of membership state machines and nothing else: no actors, no bytes, so that a thousand nodes
 * run faster than real ones. Streams with delays and messages that come late, cuts in one direction or
 * both, crashes, hosts that vanish, processes that stand still. All is decided by the seed.
 */
import type { NodeId } from "../core/ids.ts";
import type { MembershipEffect, MembershipEvent } from "../membership/events.ts";
import type { MembershipMessage } from "../membership/messages.ts";
import type { MembershipOptions } from "../membership/options.ts";
import { type MembershipState, selfOf } from "../membership/state.ts";
import type { Member, View } from "../membership/view.ts";
import { MemberHost, type MemberStart } from "./member-host.ts";
import { MemberLinks, type MessageTimes } from "./member-links.ts";
import { Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";
import { ViewOrder } from "./view-order.ts";
import { seededRandom } from "./virtual-env.ts";

export interface MemberNetworkOptions extends MessageTimes {
  readonly seed: number;
  readonly size: number;
  readonly membership?: Partial<MembershipOptions>;
  /** Keeps a trace of all that happens; default true. */
  readonly isTraced?: boolean;
}

export class MemberNetwork {
  readonly trace = new Trace();
  readonly hosts: readonly MemberHost[];
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
  readonly #byId = new Map<NodeId, MemberHost>();
  readonly #links: MemberLinks;
  readonly #order = new ViewOrder();

  constructor(options: MemberNetworkOptions) {
    this.#options = options;
    const carryOut = (host: MemberHost, effect: MembershipEffect) => this.#carryOut(host, effect);
    this.hosts = Array.from(
      { length: options.size },
      (_, number) => new MemberHost(number, this.#scheduler, carryOut),
    );
    const random = seededRandom(options.seed, "network");
    this.#links = new MemberLinks({ ...options, scheduler: this.#scheduler, random }, this.hosts);
  }

  /** Everything that must never be and was. */
  get violations(): readonly string[] {
    return this.#order.violations;
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
    const streams = this.#links.streamsOf(host);
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
    this.#links.cut(from, to);
    if (!oneWay) this.#links.cut(to, from);
  }

  heal(): void {
    this.#links.heal();
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
        this.#links.dial(host, effect.address);
        return;
      case "publish":
        this.#order.look(host, effect.view);
        this.onView(host, effect.view);
        return;
      case "close":
        this.#links.streamBetween(host, this.#byId.get(effect.peer))?.close(host);
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
      case "unmet":
        return; // Nothing waits for a connection here.
    }
  }

  #send(from: MemberHost, { to, message }: MembershipEffect & { readonly kind: "send" }): void {
    const host = this.#byId.get(to);
    const stream = this.#links.streamBetween(from, host);
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

  #note(host: MemberHost, what: string): void {
    if (this.#options.isTraced !== false) this.trace.add(this.now, `${host.number}`, what);
  }
}

const world = { name: "world", dead: false };
