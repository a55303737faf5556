/** The API's command about what tasks use. */
import { type Measurement, measureInstances } from "../actors/measurements.ts";
import type { Operations } from "../actors/operations.ts";
import type { Commands } from "../api/commands.ts";
import type { StatsView } from "../api/stats-shapes.ts";

export function statsCommands(operations: Operations): Pick<Commands, "stats"> {
  return {
    async stats(names = []) {
      await operations.caughtUp();
      const all = await measureInstances(operations, names);
      return all.map((one) => {
        const { node } = one.instance;
        return statsView(one, node === null ? null : operations.nodeName(node));
      });
    },
  };
}

/** @param node the name of its node */
function statsView({ instance, use, why }: Measurement, node: string | null): StatsView {
  const { name, slot, provider, state } = instance;
  const { memoryBytes = 0, milliCpus = 0 } = use?.limits ?? {};
  return {
    name,
    slot,
    node,
    provider,
    state,
    cpuPercent: use === undefined ? null : Math.round(use.cpuPercent * 10) / 10,
    cpuMs: use === undefined ? null : Math.round(use.cpuMs),
    memoryBytes: use?.memoryBytes ?? null,
    processes: use?.processes ?? null,
    uptimeMs: use === undefined ? null : Math.round(use.uptimeMs),
    cpuPercentMax: milliCpus > 0 ? milliCpus / 10 : null,
    memoryBytesMax: memoryBytes > 0 ? memoryBytes : null,
    ...(why !== undefined && { reason: why }),
  };
}
