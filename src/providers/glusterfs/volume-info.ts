/** What gluster says of volumes, read from its answers. */
import type { XmlElement } from "@rgrove/parse-xml";
import { type Ownership, ownershipIn } from "./ownership.ts";
import { elementsAt, textAt } from "./xml.ts";

/** A volume as it is defined. */
export interface VolumeInfo {
  readonly name: string;
  readonly isStarted: boolean;
  /** `HOST:/folder`, in order. */
  readonly bricks: readonly string[];
  readonly replica: number;
  /** Undefined: nothing tells. */
  readonly owner: Ownership | undefined;
}

/** Of `volume info`. */
export function volumesIn(answer: XmlElement): readonly VolumeInfo[] {
  return elementsAt(answer, "volInfo", "volumes", "volume").map((volume) => {
    const options = elementsAt(volume, "options", "option").map((option): [string, string] => [
      textAt(option, "name"),
      textAt(option, "value"),
    ]);
    return {
      name: textAt(volume, "name"),
      isStarted: textAt(volume, "statusStr") === "Started",
      bricks: elementsAt(volume, "bricks", "brick").map((brick) => textAt(brick, "name")),
      replica: Number(textAt(volume, "replicaCount")) || 1,
      owner: ownershipIn(new Map(options)),
    };
  });
}

/** The bricks that are online, as `HOST:/folder`: of `volume status`, which has none of hosts that are away. */
export function onlineBricks(answer: XmlElement): ReadonlySet<string> {
  const nodes = elementsAt(answer, "volStatus", "volumes", "volume", "node");
  const online = nodes.filter((node) => textAt(node, "status") === "1");
  return new Set(online.map((node) => `${textAt(node, "hostname")}:${textAt(node, "path")}`));
}

/** Entries that are yet to be healed, over all bricks: of `volume heal NAME info summary`. */
export function entriesToHeal(answer: XmlElement): number {
  const bricks = elementsAt(answer, "healInfo", "bricks", "brick");
  const counts = bricks.map((brick) => Number(textAt(brick, "totalNumberOfEntries")) || 0);
  return counts.reduce((sum, count) => sum + count, 0);
}
