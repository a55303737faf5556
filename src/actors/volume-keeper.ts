/** Deletes volumes of its node, each once a user has asked for it by name, whichever node was asked. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest, Conflict, NotFound } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import type { Behaviour, Self } from "../otp/gen-server.ts";
import { replyLater } from "../otp/gen-server.ts";
import { keys } from "../services/keys.ts";
import type { Receipt } from "../store/replication.ts";
import type { Catalog } from "./catalog.ts";
import { writeRecords } from "./record-writes.ts";
import type { VolumeClaims } from "./volume-claims.ts";
import { userOfVolume } from "./volume-view.ts";

const RemoveRequest = Type.Object({ name: Type.String() });
const isRemove = Compile(RemoveRequest);

export type VolumeKeeperProtocol = {
  /**
   * Deletes the data of a volume that lives on this node, and then its record.
   * @throws NotFound; Conflict while a service names it, or an instance has it; Unavailable
   */
  remove: { request: { name: string }; reply: Receipt };
};

export interface VolumeKeeperOptions {
  readonly node: NodeId;
  readonly catalog: Catalog;
  readonly volumes: VolumeClaims;
}

type State = Self<VolumeKeeperProtocol, never>;

export function volumeKeeper(
  options: VolumeKeeperOptions,
): Behaviour<State, VolumeKeeperProtocol, never> {
  return {
    init: (self) => self,
    handlers: {
      remove(self, { name }, caller) {
        removeHere(options, self.system, name).then(
          (receipt) => caller.reply(receipt),
          (error: unknown) => caller.fail(error),
        );
        return [self, replyLater];
      },
    },
    describe: () => ({
      volumes: options.catalog.volumes.all().filter(({ node }) => node === options.node),
    }),
    remote: {
      remove(payload) {
        if (isRemove.Check(payload)) return payload;
        throw new BadRequest("not a wish to remove a volume");
      },
    },
  };
}

async function removeHere(
  { node, catalog, volumes }: VolumeKeeperOptions,
  system: ActorSystem,
  name: string,
): Promise<Receipt> {
  return await volumes.remove(name, {
    mayGo() {
      if (catalog.volumes.get(name)?.node !== node)
        throw new NotFound(`there is no volume ${name}`);
      const user = userOfVolume(catalog, name);
      if (user !== undefined) throw new Conflict(`volume ${name} is that of ${user}`);
    },
    forget: () => writeRecords(system, [{ key: keys.volume(name) }]),
  });
}
