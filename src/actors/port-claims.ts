/**
 * Which ports of this host the instances here have. A chosen port lies below those that the kernel gives
 * to whoever asks for any, so that it is still free when the instance is started again.
 */
import type { Random } from "../core/env.ts";
import { Unavailable } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import type { Ports } from "../services/ports.ts";

/** Whether nothing on this host listens on a port, on whatever address. */
export type IsPortFree = (port: number) => Promise<boolean>;

/** Chosen from these: Linux gives those from 32,768 on to connections. */
const chosenMin = 20_000;
const chosenMax = 31_999;
/** Draws before a host is taken to have no port left. */
const drawsMax = 1_000;

export class PortClaims {
  readonly #isFree: IsPortFree;
  readonly #random: Random;
  readonly #holders = new Map<number, InstanceId>();

  constructor(isFree: IsPortFree, random: Random) {
    this.#isFree = isFree;
    this.#random = random;
  }

  /**
   * Gives an instance its ports, in place of those that it had.
   * @param before which it had when it last ran: kept where they are still free
   * @throws Unavailable naming a fixed port that something else holds; then it has none
   */
  async claim(instance: InstanceId, wanted: Ports, before: Ports): Promise<Ports> {
    this.release(instance);
    const given: Record<string, number> = {};
    // Those that are fixed come first, so that none of them is chosen for another.
    const inOrder = Object.entries(wanted).sort(
      ([, a], [, b]) => Number(a === 0) - Number(b === 0),
    );
    try {
      for (const [name, port] of inOrder) {
        given[name] = await this.#give(instance, name, port, before[name]);
      }
      return given;
    } catch (error) {
      this.release(instance);
      throw error;
    }
  }

  /** What an instance has that was found running. */
  hold(instance: InstanceId, ports: Ports): void {
    for (const port of Object.values(ports)) this.#holders.set(port, instance);
  }

  release(instance: InstanceId): void {
    for (const [port, holder] of this.#holders) {
      if (holder === instance) this.#holders.delete(port);
    }
  }

  async #give(
    instance: InstanceId,
    name: string,
    fixed: number,
    before: number | undefined,
  ): Promise<number> {
    if (fixed !== 0) {
      if (await this.#take(instance, fixed)) return fixed;
      throw new Unavailable(`port ${fixed} (ports.${name}) is in use on this node`);
    }
    if (before !== undefined && (await this.#take(instance, before))) return before;
    for (let draw = 0; draw < drawsMax; draw++) {
      const port = chosenMin + Math.floor(this.#random() * (chosenMax - chosenMin + 1));
      if (await this.#take(instance, port)) return port;
    }
    throw new Unavailable(`no free port was found for ports.${name} on this node`);
  }

  /** Held before it is looked at: of two that want it at once only one gets it. */
  async #take(instance: InstanceId, port: number): Promise<boolean> {
    if (this.#holders.has(port)) return false;
    this.#holders.set(port, instance);
    if (await this.#isFree(port)) return true;
    this.#holders.delete(port);
    return false;
  }
}
