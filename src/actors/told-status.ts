/** What the network is told of an instance by the node that runs it; all of it may be lost on its way. */
import type { ActorSystem } from "../otp/actor-system.ts";
import type { InstanceStatus } from "../services/instance-status.ts";
import { isSameStatus } from "../services/life-cycle.ts";
import { askedUnder } from "./copy-view.ts";
import { names } from "./names.ts";
import type { ProviderWorkerOptions } from "./provider-worker-protocol.ts";

export type ToldStatusOptions = Pick<ProviderWorkerOptions, "catalog" | "placement" | "publish">;

export class ToldStatus {
  readonly #options: ToldStatusOptions;
  readonly #system: Pick<ActorSystem, "tell">;
  /** Nothing of the instance is left. */
  #isGone = false;
  /** Counter of the last epoch for which it was told that it runs, as one of several copies is asked. */
  #confirmed = 0;

  constructor(options: ToldStatusOptions, system: Pick<ActorSystem, "tell">) {
    this.#options = options;
    this.#system = system;
  }

  tell(status: InstanceStatus): void {
    this.#options.publish(this.#options.placement, status);
  }

  /** Nothing is left of it: its agent, too, is told. */
  tellGone(): void {
    this.#isGone = true;
    this.#options.publish(this.#options.placement, undefined);
    this.repeatGone();
  }

  /** Tells the agent again, where it is gone. */
  repeatGone(): void {
    const { instance } = this.#options.placement;
    if (this.#isGone) this.#system.tell(names.agent, { type: "removed", instance });
  }

  /** Tells it again where it was lost, or another has written over it. Whether it was not. */
  repeat(status: InstanceStatus): boolean {
    const { catalog, placement } = this.#options;
    const told = catalog.told(placement.instance);
    const isTold = told?.placed !== undefined && isSameStatus(told.status, status);
    if (!isTold) this.tell(status);
    return isTold;
  }

  /** Of several copies this one is to stay if it runs: the others are ended once that is told. */
  confirm(status: InstanceStatus): void {
    const epoch = this.askedUnder;
    if (epoch === undefined || epoch <= this.#confirmed || status.state !== "running") return;
    this.#confirmed = epoch;
    this.tell(status);
  }

  /** What was confirmed may have been lost: the next `confirm` tells it again. */
  confirmAnew(): void {
    this.#confirmed = 0;
  }

  /** Counter of the epoch under which it is asked whether it runs; undefined: it is not, or has told. */
  get askedUnder(): number | undefined {
    const { catalog, placement } = this.#options;
    return askedUnder(catalog, placement.instance);
  }
}
