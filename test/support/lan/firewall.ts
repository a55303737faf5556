/**
 * What can go wrong between hosts: packets dropped at the receiver, in one direction, from some or at
 * random; and a port of the switch that is slow, which delays what is behind.
 */
import type { Host } from "./lan.ts";
import { runInside } from "./tools.ts";

/** Undoes what was done, once. */
export type Mend = () => Promise<void>;

export class Firewall {
  /** The switch's namespace. */
  readonly #hub: string;
  /** Ports that are slow, and how often they were made so. */
  readonly #slow = new Map<string, number>();

  constructor(hub: string) {
    this.#hub = hub;
  }

  /** Nothing gets from these to `to`; back it does. Cuts add up: each has to be mended. */
  async cut(from: readonly Host[], to: Host): Promise<Mend> {
    if (from.length === 0) return async () => {};
    const sources = from.map(({ address }) => address).join(",");
    return drop(to, ["-s", sources]);
  }

  /** That share of all packets does not arrive: what they carry is late, since TCP sends it again. */
  lose(share: number, to: Host): Promise<Mend> {
    return drop(to, ["-m", "statistic", "--mode", "random", "--probability", String(share)]);
  }

  /** No more than that gets to `to` from anyone; what would wait longer than `delayMs` is dropped. */
  async slow(bytesPerSecond: number, delayMs: number, { name }: Host): Promise<Mend> {
    const rate = ["rate", `${Math.round(bytesPerSecond * 8)}bit`, "burst", "16kb"];
    const limits = [...rate, "latency", `${Math.round(delayMs)}ms`];
    const port = (action: string, ...what: readonly string[]) =>
      runInside(this.#hub, "tc", "qdisc", action, "dev", name, "root", ...what);
    this.#slow.set(name, (this.#slow.get(name) ?? 0) + 1);
    await port("replace", "tbf", ...limits);
    return once(async () => {
      const left = (this.#slow.get(name) ?? 1) - 1;
      this.#slow.set(name, left);
      if (left === 0) await port("del");
    });
  }
}

async function drop(to: Host, which: readonly string[]): Promise<Mend> {
  const rule = ["INPUT", "-i", "lan", ...which, "-j", "DROP"];
  const change = (action: string) => runInside(to.namespace, "iptables", "-w", action, ...rule);
  await change("-A");
  return once(() => change("-D"));
}

function once(undo: () => Promise<unknown>): Mend {
  let undone: Promise<unknown> | undefined;
  return async () => {
    undone ??= undo();
    await undone;
  };
}
