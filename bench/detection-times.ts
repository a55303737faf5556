/**
 * How soon the end of a node is known to all others, in a simulated network: each node that ends is
 * timed for itself, and those of one round end so far apart that they hardly meet.
 */

import { isLive, type View } from "../src/membership/view.ts";
import type { MemberHost } from "../src/simulator/member-host.ts";
import { MemberNetwork } from "../src/simulator/member-network.ts";

/** `crash`: the process is killed, its host lives. `vanish`: the host is gone. */
export type End = "crash" | "vanish";

export interface Series {
  readonly size: number;
  /** After each round all nodes run again, and are given time to settle. */
  readonly rounds: number;
  /** Nodes that end in one round, one every `everyMs` and a random part of a second more. */
  readonly victims: number;
  readonly everyMs: number;
}

/** Until all is quiet again, in virtual ms. */
const settleMs = 20_000;
/** No death takes so long that is noticed at all. */
const waitMsMax = 60_000;

/** In virtual ms, one for each node that ended. @throws Error when one was never noticed */
export function detectionTimes(series: Series, end: End): readonly number[] {
  const { size, rounds, victims, everyMs } = series;
  const network = new MemberNetwork({ seed: size, size, isTraced: false });
  const watch = new DeathWatch(network);
  network.startAll();
  for (let round = 0; round < rounds; round++) {
    network.run(settleMs);
    const numbers = Array.from({ length: victims }, (_, i) => victimOf(round * victims + i, size));
    for (const number of numbers) {
      network.run(everyMs + ((number * 137 + round * 61) % 1_000));
      watch.begin(network.host(number));
      network[end](number);
    }
    for (let waitedMs = 0; watch.waiting() > 0; waitedMs += 500) {
      if (waitedMs >= waitMsMax) throw new Error(`one of ${size} nodes ended, and not all noticed`);
      network.run(500);
    }
    for (const number of numbers) {
      network.start(number);
      const alive = network.running.find((host) => host.number !== number);
      if (alive !== undefined) network.join(number, alive.number);
    }
  }
  return watch.times;
}

/** Distinct within a round, for sizes that 7 does not divide. */
function victimOf(count: number, size: number): number {
  return (count * 7 + 1) % size;
}

/** Follows all views for those who have ended. */
class DeathWatch {
  readonly times: number[] = [];
  readonly #network: MemberNetwork;
  /** By the id of who ended: when, and since when each other one knows. */
  readonly #pending = new Map<string, { atMs: number; known: Map<MemberHost, number> }>();

  constructor(network: MemberNetwork) {
    this.#network = network;
    network.onView = (host, view) => this.#look(host, view);
  }

  begin({ id }: MemberHost): void {
    this.#pending.set(id, { atMs: this.#network.now, known: new Map() });
  }

  /** How many have ended that some of the running do not know of. */
  waiting(): number {
    const { running } = this.#network;
    for (const [id, { atMs, known }] of this.#pending) {
      if (!running.every((host) => known.has(host))) continue;
      this.times.push(Math.max(...running.map((host) => known.get(host) ?? 0)) - atMs);
      this.#pending.delete(id);
    }
    return this.#pending.size;
  }

  #look(host: MemberHost, { members }: View): void {
    for (const [id, { known }] of this.#pending) {
      if (known.has(host)) continue;
      const member = members.find((one) => one.id === id);
      if (member !== undefined && !isLive(member)) known.set(host, this.#network.now);
    }
  }
}
