/**
 * What can go wrong between hosts: packets dropped at the receiver, in one direction, from some or at
 * random; and a port of the switch that is slow, which delays what is behind.
 */
import type { Host } from "./lan.ts";
import { runInside } from "./tools.ts";

/** Undoes what was done, once. */
export type Mend = () => void;

export class Firewall {
  /** The switch's namespace. */
  readonly #hub: string;
  /** Ports that are slow, and how often they were made so. */
  readonly #slow = new Map<string, number>();

  constructor(hub: string) {
    this.#hub = hub;
  }

  /** Nothing gets from these to `to`; back it does. Cuts add up: each has to be mended. */
  cut(from: readonly Host[], to: Host): Mend {
    if (from.length === 0) return () => {};
    const sources = from.map(({ address }) => address).join(",");
    return drop(to, ["-s", sources]);
  }

  /** That share of all packets does not arrive: what they carry is late, since TCP sends it again. */
  lose(share: number, to: Host): Mend {
    return drop(to, ["-m", "statistic", "--mode", "random", "--probability", String(share)]);
  }

  /** No more than that gets to `to` from anyone; what waits longer than `delayMs` is dropped. */
  slow(bytesPerSecond: number, delayMs: number, { name }: Host): Mend {
    const rate = `${Math.round(bytesPerSecond * 8)}bit`;
    const limits = ["rate", rate, "burst", "16kb", "latency", `${Math.round(delayMs)}ms`];
    runInside(this.#hub, "tc", "qdisc", "replace", "dev", name, "root", "tbf", ...limits);
    this.#slow.set(name, (this.#slow.get(name) ?? 0) + 1);
    return once(() => {
      const left = (this.#slow.get(name) ?? 1) - 1;
      this.#slow.set(name, left);
      if (left === 0) runInside(this.#hub, "tc", "qdisc", "del", "dev", name, "root");
    });
  }
}

function drop(to: Host, which: readonly string[]): Mend {
  const rule = ["INPUT", "-i", "lan", ...which, "-j", "DROP"];
  const change = (action: string) => runInside(to.namespace, "iptables", "-w", action, ...rule);
  change("-A");
  return once(() => change("-D"));
}

function once(undo: () => void): Mend {
  let isUndone = false;
  return () => {
    if (isUndone) return;
    isUndone = true;
    undo();
  };
}
