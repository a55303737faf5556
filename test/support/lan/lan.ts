/**
 * Hosts on one machine: network namespaces, each with an address and a loopback of its own, plugged
 * (veth) into one switch (a bridge, in a namespace of its own). Nothing of them is in the namespace of
 * whoever makes them, so all of it goes with its names. Needs root; see `whyNoLan`.
 */
import { eventually } from "../eventually.ts";
import { processAlive } from "../process-alive.ts";
import type { Cleanup } from "./cleanup.ts";
import { Firewall } from "./firewall.ts";
import { ip } from "./tools.ts";

export interface Host {
  readonly name: string;
  /** On the network. */
  readonly address: string;
  readonly namespace: string;
}

/** Of the namespaces of this process. */
let lans = 0;

export class Lan {
  readonly hosts: readonly Host[];
  readonly firewall: Firewall;

  readonly #hub: string;

  private constructor(prefix: string, names: readonly string[]) {
    this.#hub = `${prefix}${switchName}`;
    this.hosts = names.map((name, i) => ({
      name,
      address: `10.111.0.${i + 1}`,
      namespace: `${prefix}${name}`,
    }));
    this.firewall = new Firewall(this.#hub);
  }

  /** Gone at the cleanup, with every process in it. */
  static open(cleanup: Cleanup, names: readonly string[]): Lan {
    const prefix = `mob-${process.pid}-${++lans}-`;
    const lan = new Lan(prefix, names);
    const namespaces = [`${prefix}${switchName}`, ...lan.hosts.map((host) => host.namespace)];
    cleanup.after(async () => {
      const made = namespaces.filter((name) => namespacesHere().has(name));
      for (const name of made) await endAll(name);
      for (const name of made) ip("netns", "delete", name);
    });
    for (const name of namespaces) ip("netns", "add", name);
    const [hub = ""] = namespaces;
    ip("-n", hub, "link", "add", switchName, "type", "bridge");
    ip("-n", hub, "link", "set", switchName, "up");
    for (const host of lan.hosts) plug(hub, host);
    return lan;
  }

  /** Nothing gets to or from the host any more, and nobody is told. Returns what plugs it in again. */
  unplug({ name }: Host): () => void {
    ip("-n", this.#hub, "link", "set", name, "down");
    return () => ip("-n", this.#hub, "link", "set", name, "up");
  }
}

const switchName = "switch";
/** The network card of each host. */
const card = "lan";

/** The switch's port has the name of the host. */
function plug(hub: string, { name, address, namespace }: Host): void {
  const ends = ["type", "veth", "peer", "name", name, "netns", hub];
  ip("link", "add", card, "netns", namespace, ...ends);
  ip("-n", hub, "link", "set", "dev", name, "master", switchName, "up");
  ip("-n", namespace, "address", "add", `${address}/24`, "dev", card);
  ip("-n", namespace, "link", "set", card, "up");
  ip("-n", namespace, "link", "set", "lo", "up");
}

function namespacesHere(): ReadonlySet<string> {
  const lines = ip("netns", "list").split("\n");
  return new Set(lines.map((line) => line.split(" ")[0] ?? ""));
}

/** Ends every process of a namespace; tasks outlive their node. */
async function endAll(namespace: string): Promise<void> {
  await eventually(() => {
    const pids = ip("netns", "pids", namespace).split("\n").filter(Boolean).map(Number);
    for (const pid of pids) if (processAlive(pid)) process.kill(pid, "SIGKILL");
    return pids.length === 0;
  }, `the end of every process in ${namespace}`);
}
