/** What one instance asks of its node's ledger: room for its task, as the life cycle has it. */
import type { InstanceId } from "../core/ids.ts";
import type { Resources } from "../core/resources.ts";
import type { InstanceState } from "../services/instance.ts";
import type { LedgerInfo } from "./ledger.ts";

export class RoomAsked {
  readonly #instance: InstanceId;
  readonly #tell: (message: LedgerInfo) => void;

  constructor(instance: InstanceId, tell: (message: LedgerInfo) => void) {
    this.#instance = instance;
    this.#tell = tell;
  }

  ask({ desired }: InstanceState, resources: Resources): void {
    const { priority } = desired.spec;
    this.#tell({ type: "reserve", instance: this.#instance, resources, priority });
  }

  /** What its node told may have been lost. */
  askAgain(machine: InstanceState): void {
    if (machine.asking !== undefined) this.ask(machine, machine.asking);
  }

  hold(resources: Resources): void {
    this.#tell({ type: "hold", instance: this.#instance, resources });
  }

  release(): void {
    this.#tell({ type: "release", instance: this.#instance });
  }

  /** Until it was known what there is of it, its node kept room for it. */
  giveBack({ status, asking }: InstanceState): void {
    if ((status.reserved ?? asking) === undefined) this.release();
  }
}
