/**
 * One look of the controller at what may be moved while it runs well. Every controller finds the same move,
 * since all see the same; the one that decides for its service makes it.
 */
import { isLive } from "../membership/view.ts";
import { Bookings } from "../services/bookings.ts";
import { isPlaced } from "../services/decision.ts";
import { type Movable, nextMove } from "../services/rebalance.ts";
import type { PlacementRecord } from "../services/records.ts";
import { movedTo } from "../services/slot-decision.ts";
import { candidatesOf, portHolders } from "./candidates.ts";
import type { Catalog, Service } from "./catalog.ts";
import { hasCopies } from "./copy-view.ts";
import { desiredService } from "./desired-service.ts";
import type { PassOptions } from "./placement-pass.ts";
import { bookingsIn } from "./reservations.ts";
import type { Steadiness } from "./steadiness.ts";

/** For how long neither the nodes nor a service must have changed. */
const steadyMs = 60_000;
/** Between two moves. */
const moveGapMs = 1_000;
/**
 * For how long a move must have been the best, as its controller sees it: what others have just decided is on
 * its way meanwhile, and once all see the same only one of them finds itself asked to move.
 */
const agreeMs = 300;

export interface RebalancePass {
  /** To be written; undefined: nothing is moved now. */
  readonly placement: PlacementRecord | undefined;
  /** In how many ms to look again; undefined: once something changes. */
  readonly lookAgainMs: number | undefined;
}

export type RebalanceOptions = Pick<
  PassOptions,
  "catalog" | "self" | "owns" | "underway" | "absentForMs" | "nowMs"
> & { readonly steadiness: Steadiness };

/** @param changed the groups to look at; undefined: all. Of some it is only told when to look at all. */
export function rebalancePass(
  options: RebalanceOptions,
  changed: ReadonlySet<string> | undefined,
): RebalancePass {
  const { catalog, self, owns, underway, absentForMs, nowMs, steadiness } = options;
  if (changed !== undefined) {
    const placed = [...changed].flatMap((name) => catalog.placementsIn(name));
    const hasMoved = placed.some(({ cause }) => cause === "rebalance");
    return { placement: undefined, lookAgainMs: hasMoved ? moveGapMs : undefined };
  }
  const services = catalog.services().filter(({ member }) => member.spec.rebalance);
  steadiness.note(networkText(catalog), services.map(seen), nowMs);
  if (services.length === 0) return { placement: undefined, lookAgainMs: undefined };
  // What is being written is counted twice, or not seen yet.
  if (underway.all().length > 0) return later(moveGapMs);
  const { moved } = steadiness;
  const sinceMoveMs = nowMs - (moved?.atMs ?? Number.NEGATIVE_INFINITY);
  const waitMs = moveGapMs - agreeMs;
  if (sinceMoveMs < waitMs) return later(waitMs - sinceMoveMs);
  if (moved !== undefined && isUnderway(catalog, moved.instance)) return later(moveGapMs);
  const waits = services.map(({ member: { spec } }) => {
    return steadyMs - (nowMs - (steadiness.sinceMs(spec.name) ?? nowMs));
  });
  const steady = services.filter((_, at) => (waits[at] ?? 0) <= 0);
  const coming = waits.filter((ms) => ms > 0);
  const lookAgainMs = coming.length === 0 ? undefined : Math.min(...coming);
  const bookings = new Bookings(bookingsIn(catalog, underway));
  const move = nextMove({
    services: steady.flatMap((service) => movable(catalog, service) ?? []),
    nodes: candidatesOf(catalog, { underway, absentForMs }),
    portHolder: portHolders(catalog),
    reservedOn: (node) => bookings.on(node),
  });
  const text = move === undefined ? "" : `${move.service}/${move.slot} to ${move.to}`;
  const forMs = steadiness.bestForMs(text, nowMs);
  if (move === undefined || !owns(move.service)) return { placement: undefined, lookAgainMs };
  if (forMs < agreeMs) return later(agreeMs - forMs);
  const service = catalog.service(move.service);
  const present = catalog.placement(move.service, move.slot);
  if (service === undefined || present === undefined || present.node === null) {
    return { placement: undefined, lookAgainMs };
  }
  const placement = movedTo(move.to, self, desiredService(catalog, service), present);
  return { placement, lookAgainMs: moveGapMs };

  function later(ms: number): RebalancePass {
    return { placement: undefined, lookAgainMs: ms };
  }

  function seen({ record, stamp, member: { spec } }: Service) {
    const wish = [stamp, catalog.runState(record).stamp, catalog.restartStamp(record)].join();
    return { name: spec.name, wish, placed: catalog.placementsOf(spec.name) };
  }
}

/** What was moved runs on where it was, or has yet to do its work where it is. */
function isUnderway(catalog: Catalog, instance: PlacementRecord["instance"]): boolean {
  const placement = catalog.placementOf(instance);
  const service = placement && catalog.service(placement.service);
  if (placement === undefined || service === undefined) return false;
  const { isReady, isIdle } = desiredService(catalog, service).observe(placement);
  return placement.outgoing !== undefined || !(isReady || isIdle);
}

/** Undefined: it is not so that all of it runs, and nothing else is to come of it. */
function movable(catalog: Catalog, service: Service): Movable | undefined {
  const wanted = desiredService(catalog, service);
  const { spec, present, observe } = wanted;
  const isJob = spec.restart.when === "none";
  if (isJob || spec.instances === "everywhere" || present.length !== spec.instances) return;
  const placed = present.flatMap((placement) => {
    const { slot, node, outgoing, passedOver } = placement;
    const { isReady, isIdle } = observe(placement);
    const isAlone = outgoing === undefined && passedOver === undefined;
    const isWell = isPlaced(wanted, placement) && isAlone && isReady && !isIdle;
    if (hasCopies(catalog, placement)) return [];
    return isWell && node !== null ? [{ slot, node }] : [];
  });
  return placed.length === present.length ? { spec, placed } : undefined;
}

/** One who is only suspected may be well: the network is as it was. */
function networkText(catalog: Catalog): string {
  return catalog.view.members
    .map((member) => {
      const { id, state, flapping } = member;
      return `${id} ${isLive(member) ? "live" : state} ${flapping === true} ${catalog.isDrained(id)}`;
    })
    .join("\n");
}
