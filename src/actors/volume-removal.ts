/** Has a volume deleted by the node that it lives on, through whichever node is asked. */
import { Conflict, NotFound, Unavailable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { named } from "../otp/ref.ts";
import { keys } from "../services/keys.ts";
import type { Receipt } from "../store/replication.ts";
import type { Catalog } from "./catalog.ts";
import { names } from "./names.ts";
import { writeRecords } from "./record-writes.ts";
import type { VolumeKeeperProtocol } from "./volume-keeper.ts";
import { outOfReach, userOfVolume } from "./volume-view.ts";

/** Large folders take their time, and the record's removal up to 12 s. */
const removeTimeoutMs = 80_000;

export interface VolumeRemovalOptions {
  readonly system: ActorSystem;
  readonly catalog: Catalog;
}

export interface RemovedVolume {
  readonly name: string;
  readonly node: NodeId;
  /** False: its node was forgotten, and keeps the data where it still has a disk. */
  readonly isDeleted: boolean;
  readonly receipt: Receipt;
}

/**
 * @throws NotFound; Conflict while a service names it, or an instance has it; Unavailable while its node cannot be
 * asked
 */
export async function removeVolume(
  { system, catalog }: VolumeRemovalOptions,
  name: string,
): Promise<RemovedVolume> {
  const record = catalog.volumes.get(name);
  if (record === undefined) throw new NotFound(`there is no volume ${name}`);
  const user = userOfVolume(catalog, name);
  if (user !== undefined) {
    throw new Conflict(
      `volume ${name} is that of ${user}, which is to be removed or changed first`,
    );
  }
  const { node } = record;
  const member = catalog.member(node);
  if (member === undefined) {
    const receipt = await writeRecords(system, [{ key: keys.volume(name) }]);
    return { name, node, isDeleted: false, receipt };
  }
  if (!isLive(member)) {
    throw new Unavailable(
      `${outOfReach(catalog, [name])}: it can be removed once that is back, or was forgotten`,
    );
  }
  const keeper = named<VolumeKeeperProtocol>(node, names.volumeKeeper);
  const receipt = await system.call(keeper, "remove", { name }, { timeoutMs: removeTimeoutMs });
  return { name, node, isDeleted: true, receipt };
}
