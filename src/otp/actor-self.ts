/**
 * An actor's hold on itself, as its behaviour is given it. Once the actor has ended nothing here has
 * an effect: code that was cut off may still run, and must not start anything.
 */
import type { Env } from "../core/env.ts";
import { BadRequest } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { ActorSystem } from "./actor-system.ts";
import type { Envelope } from "./envelope.ts";
import { type ExitReason, noproc, normal } from "./exit-reason.ts";
import type { Cancel, Self } from "./gen-server.ts";
import type { Kernel } from "./kernel.ts";
import type { Life } from "./life.ts";
import type { Protocol } from "./protocol.ts";
import { type ActorRef, sameActor, type Target } from "./ref.ts";
import type { Registered } from "./registry.ts";
import type { MonitorId } from "./signals.ts";
import type { Linkable } from "./ties.ts";

/** The actor that holds itself. */
export interface SelfHost extends Linkable {
  readonly kernel: Kernel<Linkable & Registered>;
  readonly life: Life;
  trapsExits: boolean;
  inform(envelope: Envelope): void;
}

export class ActorSelf implements Self<Protocol, unknown> {
  private readonly host: SelfHost;
  private ownLog: Log | undefined;

  constructor(host: SelfHost) {
    this.host = host;
  }

  get ref(): ActorRef {
    return this.host.ref;
  }

  get path(): string {
    return this.host.ref.path;
  }

  get env(): Env {
    return this.host.kernel.env;
  }

  get log(): Log {
    this.ownLog ??= this.env.log.child({ actor: this.path });
    return this.ownLog;
  }

  get system(): ActorSystem {
    return this.host.kernel.system;
  }

  tell(message: unknown): void {
    this.host.inform({ kind: "info", message });
  }

  sendAfter(ms: number, message: unknown): Cancel {
    if (this.ended) return () => {};
    return this.host.ties.after(this.env.timers, ms, () => this.tell(message));
  }

  monitor(target: Target<unknown>): MonitorId {
    const { kernel, ties } = this.host;
    const monitor = kernel.nextId();
    if (this.ended) return monitor;
    const address = kernel.addressOf(target);
    const cancel = kernel.watch(address, (reason) => {
      const down = { type: "DOWN", monitor, target: address, reason } as const;
      this.host.inform({ kind: "down", down });
    });
    ties.addMonitor(monitor, cancel);
    return monitor;
  }

  demonitor(monitor: MonitorId): void {
    this.host.ties.dropMonitor(monitor);
  }

  link(ref: ActorRef<unknown>): void {
    if (this.ended) return;
    if (ref.node !== this.ref.node) {
      throw new BadRequest("links are for actors of one node; monitor those of another");
    }
    const other = this.host.kernel.find(ref);
    if (other === undefined) this.host.signal(ref, noproc);
    else if (!sameActor(ref, this.ref)) {
      this.host.ties.link(other);
      other.ties.link(this.host);
    }
  }

  unlink(ref: ActorRef<unknown>): void {
    const other = this.host.kernel.find(ref);
    if (other === undefined) return;
    this.host.ties.unlink(other);
    other.ties.unlink(this.host);
  }

  trapExits(): void {
    this.host.trapsExits = true;
  }

  stop(reason: ExitReason = normal): void {
    this.host.life.leave(reason);
  }

  private get ended(): boolean {
    return this.host.life.phase === "ended";
  }
}
