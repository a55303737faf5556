/**
 * What invariants read of a run. A stage of the simulator is one; so is a network of real nodes under a
 * test, of which the same is held (test/network).
 */
import type { Catalog } from "../../actors/catalog.ts";
import type { Spec } from "../../services/group.ts";
import type { Disturbances } from "../disturbances.ts";
import type { DiskImage } from "../virtual-disk.ts";

/** A node, as far as it can be seen. */
export interface ShownNode {
  readonly system: { readonly node: string; readonly boot: number };
  /** What it shows of the network and its services. */
  readonly catalog: Pick<Catalog, "view" | "watch" | "group" | "groups">;
}

export interface Scene {
  readonly machines: readonly string[];
  /** Ms from the beginning of the run. */
  readonly now: number;
  /** When others may rightly have taken a node for dead. */
  readonly disturbances: Disturbances;
  /**
   * What a node shows is known here at that very moment. Else it is known in the order in which the node
   * showed it, and later than what others say of it.
   */
  readonly isTold: "at once" | "late";
  isUp(machine: string): boolean;
  /** The node of a machine, while it runs. */
  node(machine: string): ShownNode | undefined;
  /** The id of the last node of a machine; undefined before the first has come up. */
  idOf(machine: string): string | undefined;
  /** What the disk of a machine holds, if its power failed now. */
  flushed(machine: string): DiskImage;
  /** The version of a spec that a plan's deploy wrote, and another, where not all of its places have that. */
  versionsIn(spec: Spec): readonly [string | undefined, string | undefined];
}
