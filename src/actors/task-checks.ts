/** Has the health checker of an instance check what runs of it, where its spec wants that, and nothing else. */
import type { InstanceId } from "../core/ids.ts";
import { startChild } from "../otp/children.ts";
import type { ChildSpec } from "../otp/definition.ts";
import { ChildState } from "../otp/errors.ts";
import type { Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import { type HealthPolicy, withNumber } from "../services/health-policy.ts";
import type { InstanceState } from "../services/instance.ts";
import { healthCheckerName, serviceSupervisorName } from "./names.ts";
import { type RunningTask, runningTask } from "./running-task.ts";

/** A task that is to be checked. */
export interface CheckedTask extends RunningTask {
  /** What its status says of its health. */
  readonly healthy: boolean | null;
  readonly policy: HealthPolicy;
}

/** Tells the health checker what is to be checked from now on; undefined: nothing. */
export interface ToCheck {
  readonly type: "task";
  readonly checked: CheckedTask | undefined;
}

/** What it needs of the actor that runs the life cycle. */
type Worker = Pick<Self<Protocol, never>, "system" | "log">;

export class TaskChecks {
  readonly #self: Worker;
  readonly #instance: InstanceId;
  readonly #checker: ChildSpec;
  /** Which task, by which spec, the checker was last told to check; empty: none. */
  #told = "";
  #hasChecker = false;

  /** @param checker started below the supervisor of the instance once it is wanted */
  constructor(self: Worker, instance: InstanceId, checker: ChildSpec) {
    this.#self = self;
    this.#instance = instance;
    this.#checker = checker;
  }

  /** The checker has begun a life, and knows of nothing. */
  begun(machine: InstanceState): void {
    this.#told = "";
    this.follow(machine);
  }

  /** Tells the checker what is to be checked now, if that is news. */
  follow(machine: InstanceState): void {
    const { spec, specStamp } = machine.desired;
    const checked = checkedTask(this.#instance, machine);
    const told = checked === undefined ? "" : `${checked.task.attempt} ${specStamp}`;
    if (told === this.#told) return;
    this.#told = told;
    if (spec.health !== undefined && !this.#hasChecker) this.#start();
    const message: ToCheck = { type: "task", checked };
    this.#self.system.tell(healthCheckerName(this.#instance), message);
  }

  /** Not waited for: its supervisor may be ending, which ends this actor too. */
  #start(): void {
    const { system, log } = this.#self;
    this.#hasChecker = true;
    startChild(system, serviceSupervisorName(this.#instance), this.#checker).catch(
      (error: unknown) => {
        if (error instanceof ChildState) return; // Of an earlier life of this actor.
        this.#hasChecker = false;
        log.warn("the health of an instance cannot be checked yet", { error });
      },
    );
  }
}

/** Undefined: nothing is to be checked now. */
function checkedTask(instance: InstanceId, machine: InstanceState): CheckedTask | undefined {
  const { status, desired } = machine;
  const { healthy, ports = {} } = status;
  const { health } = desired.spec;
  const running = runningTask(instance, machine);
  if (running === undefined || running.isPaused || health === undefined) return undefined;
  const policy = { ...health, check: withNumber(health.check, ports) };
  return { ...running, healthy, policy };
}
