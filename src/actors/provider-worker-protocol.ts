/** What the worker of one instance is asked and told, and what it needs of the node that it is a part of. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest } from "../core/errors.ts";
import type { InstanceId, ServiceName } from "../core/ids.ts";
import type { ChildSpec } from "../otp/definition.ts";
import type { Provider } from "../providers/provider.ts";
import type { Desired, Found, InstanceEvent } from "../services/instance.ts";
import type { InstanceStatus } from "../services/instance-status.ts";
import type { PlacementRecord, StatusRecord } from "../services/records.ts";
import type { Catalog } from "./catalog.ts";
import type { PortClaims } from "./port-claims.ts";
import type { RunningTask } from "./running-task.ts";
import type { Turns } from "./turns.ts";
import type { VolumeClaims } from "./volume-claims.ts";

export interface ProviderWorkerOptions {
  /** What it was placed by, for as long as it lives: the record itself may be gone before it. */
  readonly placement: PlacementRecord;
  /** What was wanted of it when it was placed: how to end it once nobody says any more. */
  readonly desired: Desired;
  readonly catalog: Catalog;
  readonly provider: Provider;
  /** Services that it requires which were deployed at some time since its node took it up; added to here. */
  readonly wereThere: Set<ServiceName>;
  readonly publish: PublishStatus;
  /** What is done with the tasks of each instance. */
  readonly work: Turns<InstanceId>;
  readonly ports: PortClaims;
  readonly volumes: VolumeClaims;
  /** Checks its health; started below its supervisor once that is wanted. */
  readonly healthChecker: ChildSpec;
}

/**
 * Makes the status of an instance known to the network; undefined: it is gone. Not waited for: a
 * later one makes up for a lost one.
 */
export type PublishStatus = (
  placement: PlacementRecord | StatusRecord,
  status: InstanceStatus | undefined,
) => void;

export type ProviderWorkerInfo =
  /** Something that this instance depends on may have changed in the catalog. */
  | { readonly type: "look" }
  /** As `look`; and what the network was told and does not know is told again. */
  | { readonly type: "repair" }
  | { readonly type: "event"; readonly event: InstanceEvent }
  /** What checks its health has begun a life, and is to be told what to check. */
  | { readonly type: "checker-ready" }
  | { readonly type: "take-up" }
  | { readonly type: "taken-up"; readonly found: Found };

export type ProviderWorkerProtocol = {
  /** The task that runs, and its provider's type; asked by actors of this node alone. @throws Conflict where none does */
  task: { request: undefined; reply: RunningTask & { readonly provider: string } };
  /**
   * Has the task that runs stand still, or go on; answered once it is so.
   * @throws Conflict where none runs, or its provider cannot; what the provider throws
   */
  setPaused: { request: SetPaused; reply: "done" };
};

export interface SetPaused {
  readonly isPaused: boolean;
}

/** @throws BadRequest */
export function parseSetPaused(payload: unknown): SetPaused {
  if (isSetPaused.Check(payload)) return payload;
  throw new BadRequest("not a wish for a task to be paused");
}

const isSetPaused = Compile(Type.Object({ isPaused: Type.Boolean() }));
