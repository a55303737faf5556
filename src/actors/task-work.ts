/**
 * What one life of an instance's worker has done with the engine: one thing after the other, and nothing
 * that is begun once that life is over.
 */
import { messageOf } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import type { Caller, Self } from "../otp/gen-server.ts";
import { doubt } from "./provider-watch.ts";
import type { ProviderWorkerInfo, ProviderWorkerProtocol } from "./provider-worker-protocol.ts";
import type { Turns } from "./turns.ts";

export interface TaskWorkOptions {
  readonly self: Self<ProviderWorkerProtocol, ProviderWorkerInfo>;
  readonly instance: InstanceId;
  /** Type of its provider. */
  readonly provider: string;
  /** Shared with the worker's other lives. */
  readonly turns: Turns<InstanceId>;
}

export class TaskWork {
  readonly #options: TaskWorkOptions;
  /** What was last asked for. Never rejects. */
  #last: Promise<void> = Promise.resolve();
  #hasEnded = false;

  constructor(options: TaskWorkOptions) {
    this.#options = options;
    const { self } = options;
    self.system.monitor(self.ref, () => {
      this.#hasEnded = true;
    });
  }

  /** This life is over, also by a kill: of what it still wanted done nothing is begun. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** An error that the engine's code did not foresee crashes this actor, as any other would. */
  add(work: () => Promise<void>): void {
    const { self, instance, provider, turns } = this.#options;
    const inTurn = turns.run(instance, async () => {
      if (!this.#hasEnded) await work();
    });
    this.#last = inTurn.catch((error: unknown) => {
      this.#hasEnded = true; // What was to come next counted on this.
      doubt(self.system, provider, error);
      self.log.error("work on a task failed", { error });
      self.stop({
        kind: "crashed",
        error: { code: "internal", message: messageOf(error), details: [] },
      });
    });
  }

  /** Tells `caller` once it is done, or what it throws. Begun also when this life is over. */
  addFor(caller: Caller<"done">, work: () => Promise<void>): void {
    const { self, instance, provider, turns } = this.#options;
    this.#last = turns.run(instance, work).then(
      () => caller.reply("done"),
      (error: unknown) => {
        doubt(self.system, provider, error);
        caller.fail(error);
      },
    );
  }

  /** Resolves with the last of it. */
  done(): Promise<void> {
    return this.#last;
  }
}
