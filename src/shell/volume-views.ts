/** Volumes as people read them. */
import type { RemovedVolume } from "../api/results.ts";
import type { VolumeView } from "../api/shapes.ts";
import type { Paint } from "./style.ts";
import { formatTable, printable, type Row } from "./table.ts";

export function formatVolumes(volumes: readonly VolumeView[], paint: Paint): string {
  const rows = volumes.map(
    ({ name, kind, node, service }): Row => [name, kind, node, service ?? "-"],
  );
  return formatTable(["NAME", "KIND", "NODE", "SERVICE"], rows, paint);
}

export function formatRemovedVolume({ name, node, deleted }: RemovedVolume): string {
  const what = deleted
    ? `deleted with its data on ${printable(node)}`
    : `forgotten; what data there is stays on ${printable(node)}, which is not known any more`;
  return `volume ${printable(name)} was ${what}\n`;
}
