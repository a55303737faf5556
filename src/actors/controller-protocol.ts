/** What a controller is asked, here and from other nodes, and how it reads what those send. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest } from "../core/errors.ts";
import { asNodeId, type NodeId } from "../core/ids.ts";
import type { Behaviour } from "../otp/gen-server.ts";
import { type Instances, parseInstances } from "../services/instances.ts";
import type { VolumeRecord } from "../services/records.ts";
import { type ServiceAction, serviceAction } from "../services/service-action.ts";
import { volumeNamePattern } from "../services/volumes.ts";
import type { Acted, Deployed } from "./wishes.ts";

const NamedRequest = Type.Object({ name: Type.String() });
const isNamed = Compile(NamedRequest);
const ScaleRequest = Type.Object({ name: Type.String(), instances: Type.Unknown() });
const isScale = Compile(ScaleRequest);
const SettleRequest = Type.Object({
  name: Type.String({ pattern: volumeNamePattern.source }),
  node: Type.String(),
});
const isSettle = Compile(SettleRequest);
const ActRequest = Type.Object({ name: Type.String(), action: serviceAction });
const isAct = Compile(ActRequest);

export type ControllerProtocol = {
  /**
   * `document`: a spec as a user writes it.
   * @throws InvalidSpec; Conflict when it would close a cycle of dependencies
   */
  deploy: { request: { document: unknown }; reply: Deployed };
  /** Deploys what is deployed, with another number of instances. @throws NotFound, InvalidSpec */
  scale: { request: { name: string; instances: Instances }; reply: Deployed };
  /** Deploys the version before the present one. @throws NotFound, Conflict where there is none */
  rollback: { request: { name: string }; reply: Deployed };
  /** Where a volume lives from now on: on `node`, if it lives nowhere yet. */
  settleVolume: { request: { name: string; node: NodeId }; reply: VolumeRecord };
  /** @throws NotFound */
  act: { request: { name: string; action: ServiceAction }; reply: Acted };
};

/** By message: what another node has sent. @throws BadRequest, InvalidSpec */
export const readControllerRequests = {
  deploy: (payload) => ({ document: documentOf(payload) }),
  scale(payload) {
    if (!isScale.Check(payload)) throw new BadRequest("not a wish for a number of instances");
    return { name: payload.name, instances: parseInstances(payload.instances) };
  },
  rollback(payload) {
    if (isNamed.Check(payload)) return payload;
    throw new BadRequest("not a wish for a rollback");
  },
  settleVolume(payload) {
    if (isSettle.Check(payload)) return { name: payload.name, node: asNodeId(payload.node) };
    throw new BadRequest("not a wish for a volume");
  },
  act(payload) {
    if (isAct.Check(payload)) return payload;
    throw new BadRequest("not a wish for a service");
  },
} as const satisfies NonNullable<Behaviour<unknown, ControllerProtocol>["remote"]>;

function documentOf(payload: unknown): unknown {
  return typeof payload === "object" && payload !== null && "document" in payload
    ? payload.document
    : undefined;
}
