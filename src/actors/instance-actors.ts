/**
 * The actors of the instances that a node holds: a supervisor for each, below `services`. One that has given
 * up is for the agent to start again: at its own pace, and alone.
 */
import type { InstanceId } from "../core/ids.ts";
import { startChild, terminateChild, whichChildren } from "../otp/children.ts";
import type { ActorDefinition } from "../otp/definition.ts";
import { NoSuchChild } from "../otp/errors.ts";
import { showReason } from "../otp/exit-reason.ts";
import type { Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { ActorRef } from "../otp/ref.ts";
import type { Down } from "../otp/signals.ts";
import type { Held, HeldInstances, InstanceHere } from "./held-instances.ts";
import { names } from "./names.ts";

/** Of the agent. */
type OwnSelf = Pick<Self<Protocol, unknown>, "system" | "log" | "monitor">;

export class InstanceActors {
  readonly #self: OwnSelf;
  readonly #definition: (here: InstanceHere) => ActorDefinition;

  /** @param definition the supervisor of an instance */
  constructor(self: OwnSelf, definition: (here: InstanceHere) => ActorDefinition) {
    this.#self = self;
    this.#definition = definition;
  }

  /** Never rejects: without a `monitor` it is to be started again. */
  async start(held: Held): Promise<void> {
    const { system, log } = this.#self;
    const { instance } = held.placement;
    try {
      const start = this.#definition(held);
      const spec = { id: instance, start, restart: "temporary" } as const;
      held.monitor = this.#self.monitor(await startChild(system, names.services, spec));
    } catch (error) {
      log.error("an instance could not be taken up; the next pass tries again", {
        instance,
        error,
      });
    }
  }

  /** A supervisor has ended by itself. */
  async ended(all: HeldInstances, { monitor, reason }: Down): Promise<void> {
    for (const [instance, held] of all.entries()) {
      if (held.monitor !== monitor) continue;
      // One that a user had restarted runs again by the time that its own supervisor answers.
      const again = await this.#running(instance);
      held.monitor = again && this.#self.monitor(again);
      if (again !== undefined) continue;
      const why = showReason(reason);
      this.#self.log.error("the actors of an instance gave up; the next pass starts them again", {
        instance,
        reason: why,
      });
    }
  }

  /** Resolves once they have ended. */
  async end(instance: InstanceId): Promise<void> {
    try {
      await terminateChild(this.#self.system, names.services, instance);
    } catch (error) {
      if (!(error instanceof NoSuchChild)) throw error; // They had given up.
    }
  }

  async #running(instance: InstanceId): Promise<ActorRef | undefined> {
    try {
      const children = await whichChildren(this.#self.system, names.services);
      return children.find(({ id }) => id === instance)?.ref;
    } catch {
      return undefined; // `services` itself is ending, and takes the agent along.
    }
  }
}
