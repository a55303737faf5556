/**
 * The shims of a keeper, forked by its nursery. One is kept ready, so that neither a fork nor the start
 * of a shell is on a task's way to run. It ends with the node, as nobody can tell it a task any more.
 */
import { Nursery, type NurseryOptions } from "./nursery.ts";
import { isAlive, type ProcessIdentity, readStat } from "./process-identity.ts";
import { handLines, type ShimTask } from "./shim.ts";

/** After the last of several starts, until the next shim is made ready: what they do comes first. */
const prepareAfterMs = 40;

/** A shim that waits for its task. */
export interface Shim {
  readonly identity: ProcessIdentity;
  /** @throws Error when it has ended, as its nursery has */
  hand(task: ShimTask): void;
  /** To be called once. One that was handed no task is ended: else it would take what the next is told for its own. */
  done(): void;
}

export interface ShimsOptions extends NurseryOptions {
  readonly bootId: string;
}

export class Shims {
  readonly #options: ShimsOptions;
  #nursery: Nursery | undefined;
  #ready: Promise<Shim> | undefined;
  #preparing: NodeJS.Timeout | undefined;

  constructor(options: ShimsOptions) {
    this.#options = options;
  }

  /**
   * The shim that is ready, or else one that is forked now.
   * @throws Error when none can be
   */
  async take(): Promise<Shim> {
    const ready = await this.#takeReady();
    if (ready === undefined) return await this.#fork();
    const { bootId } = this.#options;
    if (this.#nursery?.ended === false && isAlive(ready.identity, bootId)) return ready;
    ready.done();
    return await this.#fork();
  }

  /** Has one ready soon. */
  prepare(): void {
    clearTimeout(this.#preparing);
    this.#preparing = setTimeout(() => {
      this.#ready ??= this.#fork();
      // Where none can be forked now, the next task tries again and is told why.
      this.#ready.catch(() => {});
    }, prepareAfterMs).unref();
  }

  close(): void {
    clearTimeout(this.#preparing);
    this.#nursery?.close();
    this.#ready = undefined;
  }

  #takeReady(): Promise<Shim | undefined> {
    const ready = this.#ready?.catch(() => undefined);
    this.#ready = undefined;
    return ready ?? Promise.resolve(undefined);
  }

  async #fork(): Promise<Shim> {
    const { bootId } = this.#options;
    if (this.#nursery?.ended !== false) this.#nursery = new Nursery(this.#options);
    const { pid, tell, done } = await this.#nursery.fork();
    const identity = { pid, startTicks: readStat(pid)?.startTicks, bootId };
    let isHanded = false;
    return {
      identity,
      hand(task) {
        tell(handLines(pid, task));
        isHanded = true;
      },
      done() {
        if (!isHanded && isAlive(identity, bootId)) process.kill(pid, "SIGKILL");
        done();
      },
    };
  }
}
