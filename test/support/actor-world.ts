/**
 * An actor system on a manual clock, with a worker that does on command what actors do wrong, and a
 * record of who started and ended when. At the end it checks what must hold after every test: nothing
 * is left in the registry, no timer is set, and no rejection went unhandled.
 */
import assert from "node:assert/strict";
import { asNodeId } from "../../src/core/ids.ts";
import type { ActorDefinition } from "../../src/otp/definition.ts";
import { NoSuchActor } from "../../src/otp/errors.ts";
import { type ExitReason, showReason } from "../../src/otp/exit-reason.ts";
import { type Behaviour, replyLater, type Self } from "../../src/otp/gen-server.ts";
import type { CrashReport } from "../../src/otp/kernel.ts";
import type { ActorRef } from "../../src/otp/ref.ts";
import { type ActorSystem, createSystem } from "../../src/otp/system.ts";
import { worker } from "../../src/otp/worker.ts";
import { ManualEnv, settle } from "./manual-env.ts";

/** What a probe can be told to do. */
export type ProbeProtocol = {
  readonly ping: { readonly request: undefined; readonly reply: "pong" };
  readonly crash: { readonly request: string; readonly reply: never };
  readonly stop: { readonly request: ExitReason; readonly reply: "stopping" };
  /** Its handler does not end before `release`. */
  readonly hang: { readonly request: undefined; readonly reply: "released" };
  readonly never: { readonly request: undefined; readonly reply: never };
  readonly link: { readonly request: ActorRef<unknown>; readonly reply: "linked" };
  readonly trap: { readonly request: undefined; readonly reply: "trapping" };
};

export interface ProbeOptions {
  /** Called before each `init` is done; a throw fails the start. */
  readonly beforeInit?: () => void | Promise<void>;
  readonly terminate?: (reason: ExitReason) => void | Promise<void>;
  readonly registered?: boolean;
}

/** Runs `body` in a world of its own, and checks at the end what must hold after every test. */
export async function withActors(body: (world: ActorWorld) => Promise<void>): Promise<void> {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note);
  try {
    const world = new ActorWorld();
    await body(world);
    await world.end();
    assert.deepEqual(unhandled, []);
  } finally {
    process.off("unhandledRejection", note);
  }
}

export class ActorWorld {
  readonly env = new ManualEnv();
  readonly crashes: CrashReport[] = [];
  /** `start a`, `end a: normal`, in order; `exit a: …` for a trapped signal. */
  readonly events: string[] = [];
  readonly system: ActorSystem = createSystem({
    node: asNodeId("here"),
    boot: 1,
    env: this.env,
    onCrash: (report) => this.crashes.push(report),
  });
  /** What must never happen; an actor or a callback could not fail the test itself. */
  private readonly violations: string[] = [];
  private readonly lives: ActorRef[] = [];
  private readonly running = new Map<string, number>();
  private readonly hanging = new Map<string, () => void>();

  /** A worker that notes its lives in `events`, registered under `id`. */
  probe(id: string, options: ProbeOptions = {}): ActorDefinition<ProbeProtocol> {
    return worker({
      behaviour: () => this.behaviour(id, options),
      ...((options.registered ?? true) ? { name: id } : {}),
    });
  }

  /** Starts a probe that is a root. */
  start(id: string, options: ProbeOptions = {}): Promise<ActorRef<ProbeProtocol>> {
    return this.system.start(this.probe(id, options), { id });
  }

  ask<M extends keyof ProbeProtocol & string>(
    id: string,
    method: M,
    request: ProbeProtocol[M]["request"],
  ): Promise<ProbeProtocol[M]["reply"]> {
    return this.system.call<ProbeProtocol, M>(id, method, request);
  }

  /** Has a probe crash, and waits until what follows has happened. */
  async crash(id: string): Promise<void> {
    this.system.cast<ProbeProtocol, "crash">(id, "crash", id);
    await settle();
  }

  /** Lets the handler of a hanging probe end. */
  release(id: string): void {
    this.hanging.get(id)?.();
  }

  /** The ids of the probes that run, sorted. */
  get alive(): string[] {
    return [...this.running.keys()].sort();
  }

  /** Gives what has been noted so far, and forgets it. */
  takeEvents(): string[] {
    return this.events.splice(0);
  }

  async end(): Promise<void> {
    const ending = this.system.shutdown();
    await settle();
    await this.env.advance(60_000);
    await ending;
    await settle();
    assert.deepEqual(this.violations, []);
    assert.deepEqual(this.alive, []);
    assert.deepEqual(this.system.inspect.tree(), [], "no root is left");
    for (const ref of this.lives) {
      assert.throws(() => this.system.inspect.status(ref), NoSuchActor);
      assert.throws(() => this.system.inspect.status(ref.path), NoSuchActor);
    }
    assert.equal(this.env.timerCount, 0, "no timer is left");
  }

  private behaviour(id: string, options: ProbeOptions): Behaviour<Self, ProbeProtocol> {
    return {
      init: (self) => {
        const ready = options.beforeInit?.();
        return ready === undefined ? this.begin(id, self) : ready.then(() => this.begin(id, self));
      },
      handlers: {
        ping: (self) => [self, "pong"],
        crash(_self, message) {
          throw new RangeError(message);
        },
        stop(self, reason) {
          self.stop(reason);
          return [self, "stopping"];
        },
        hang: async (self) => {
          await new Promise<void>((resolve) => this.hanging.set(id, resolve));
          return [self, "released"];
        },
        never: (self) => [self, replyLater],
        link(self, ref) {
          self.link(ref);
          return [self, "linked"];
        },
        trap(self) {
          self.trapExits();
          return [self, "trapping"];
        },
      },
      info: (self, message) => {
        if (message.type === "EXIT") this.events.push(`exit ${id}: ${showReason(message.reason)}`);
        return self;
      },
      terminate: (_self, reason) => options.terminate?.(reason),
    };
  }

  private begin(id: string, self: Self<ProbeProtocol>): Self {
    if (this.running.has(id)) this.violations.push(`${id} runs twice`);
    this.running.set(id, self.ref.serial);
    this.events.push(`start ${id}`);
    this.lives.push(self.ref);
    this.system.monitor(self.ref, ({ reason }) => {
      if (this.running.get(id) !== self.ref.serial) this.violations.push(`${id} ends twice`);
      this.running.delete(id);
      this.events.push(`end ${id}: ${showReason(reason)}`);
    });
    return self;
  }
}
