/**
 * Draining: nothing is placed on a drained node any more, and the controllers move away what can run
 * elsewhere, each instance once another has taken over. What cannot stays, and is told with the reason.
 */
import type { Env } from "../core/env.ts";
import { Conflict, NotFound } from "../core/errors.ts";
import type { NodeId, ServiceName } from "../core/ids.ts";
import { isLive, type Member } from "../membership/view.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { Bookings } from "../services/bookings.ts";
import { requestFor } from "../services/decision.ts";
import { keys } from "../services/keys.ts";
import { place } from "../services/placement.ts";
import { refusalsText } from "../services/placement-text.ts";
import type { DrainRecord, PlacementRecord } from "../services/records.ts";
import type { Receipt } from "../store/replication.ts";
import { candidatesOf, portHolders } from "./candidates.ts";
import type { Catalog } from "./catalog.ts";
import { desiredService } from "./desired-service.ts";
import { runningBeside } from "./former-instances.ts";
import { writeRecords } from "./record-writes.ts";
import { bookingsIn } from "./reservations.ts";
import { volumeHomes } from "./volume-view.ts";
import { until } from "./waiting.ts";

/** Longest wait for what can be moved, before it is told as it is. */
const drainMsMax = 60_000;

export interface DrainsOptions {
  readonly system: ActorSystem;
  readonly catalog: Catalog;
  readonly env: Env;
}

/** An instance that was on the node. */
export interface DrainedInstance {
  readonly name: ServiceName;
  readonly slot: number;
  /** Where it is now. */
  readonly node: NodeId | null;
  /** Why it is still there; absent: it is not. */
  readonly reason?: string;
}

export interface DrainOutcome {
  readonly node: NodeId;
  readonly receipt: Receipt;
  readonly instances: readonly DrainedInstance[];
}

/**
 * Resolves once nothing more can be moved away, or at a deadline.
 * @param nameOrId of a node, live or not
 * @throws NotFound
 */
export async function drain(options: DrainsOptions, nameOrId: string): Promise<DrainOutcome> {
  const { catalog, system, env } = options;
  const { id: node } = memberNamed(catalog, nameOrId);
  const before = catalog.placements().filter((placement) => placement.node === node);
  const record: DrainRecord = { atMs: env.clock.wall() };
  const receipt = await writeRecords(system, [{ key: keys.drain(node), value: record }]);
  await until(options, undefined, () => before.every((it) => !isMoving(catalog, it)), drainMsMax);
  return { node, receipt, instances: before.map((placement) => drained(catalog, placement)) };
}

/**
 * Resolves once nothing that this node was given runs on it any more.
 * @throws Conflict naming what stays and why; the node is drained then
 */
export async function vacate(options: DrainsOptions): Promise<void> {
  const { instances } = await drain(options, options.system.node);
  const staying = instances.flatMap(({ name, slot, reason }) =>
    reason === undefined ? [] : `${name} ${slot}: ${reason}`,
  );
  if (staying.length === 0) return;
  throw new Conflict(
    `not all can be moved away, so it has not left, and is drained: ${staying.join("; ")}. ` +
      "Remove what is not needed any more (mob rm), or leave at once (mob leave --now): what stays is then there alone. " +
      "mob undrain takes the drain back",
  );
}

/** The node can be given services again; what was moved away stays where it is. @throws NotFound */
export async function undrain(options: DrainsOptions, nameOrId: string): Promise<void> {
  await endDrain(options, memberNamed(options.catalog, nameOrId).id);
}

/** As `undrain`, of a node that may be known no more. */
export async function endDrain({ catalog, system }: DrainsOptions, node: NodeId): Promise<void> {
  if (catalog.isDrained(node)) await writeRecords(system, [{ key: keys.drain(node) }]);
}

function memberNamed({ view }: Catalog, nameOrId: string): Member {
  const meant = view.members.filter(({ id, name }) => id === nameOrId || name === nameOrId);
  const member = meant.find(isLive) ?? meant[0];
  if (member === undefined) throw new NotFound(`there is no node ${nameOrId}`);
  return member;
}

/** It is yet to go, and something is still to come of it. */
function isMoving(catalog: Catalog, placement: PlacementRecord): boolean {
  const { instance, node } = placement;
  const member = node === null ? undefined : catalog.member(node);
  if (member === undefined || !isLive(member)) return false; // It cannot be asked to end anything.
  if (catalog.placementOf(instance) === undefined) return catalog.status(instance) !== undefined;
  return whyItStays(catalog, placement) === undefined;
}

function drained(catalog: Catalog, placement: PlacementRecord): DrainedInstance {
  const { service: name, slot, instance } = placement;
  const now = catalog.placement(name, slot);
  const about = { name, slot, node: now?.node ?? null };
  if (now?.instance !== instance) {
    if (runningBeside(catalog, placement) === undefined) return about;
    return { ...about, reason: "runs on until the one that takes over runs" };
  }
  return { ...about, reason: whyItStays(catalog, placement) ?? "is about to be moved" };
}

/** Undefined: it is to go, elsewhere or for good. */
function whyItStays(catalog: Catalog, placement: PlacementRecord): string | undefined {
  const held = catalog.service(placement.service);
  if (held === undefined || held.record.uid !== placement.uid) return undefined;
  const { spec } = held.member;
  const { isIdle } = desiredService(catalog, held).observe(placement);
  if (isIdle) return "does not run: elsewhere it would begin anew";
  if (spec.restart.when === "none") return "is a job: elsewhere it would be run again";
  if (spec.instances === "everywhere") return undefined;
  const bookings = new Bookings(bookingsIn(catalog));
  const reservedOn = (node: NodeId) => bookings.on(node);
  const outcome = place(
    {
      ...requestFor(spec),
      portHolder: portHolders(catalog),
      volumeHome: volumeHomes(catalog),
      reservedOn,
    },
    candidatesOf(catalog),
  );
  return "node" in outcome ? undefined : refusalsText(outcome.refusals);
}
