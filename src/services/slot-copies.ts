/**
 * Of a slot that runs more than once: which placement is to be written so that in the end one copy is left. Who
 * is better is told by `copies.ts`; here it is asked, and its answer made a record.
 */
import type { NodeId } from "../core/ids.ts";
import { type CopiesDecision, type Copy, decideOnCopies, type RankedCopy } from "./copies.ts";
import type { CopiesSeen, Decision, DesiredService } from "./decision.ts";
import { type Candidate, type PlacementRequest, reasonsAgainst } from "./eligibility.ts";
import { place } from "./placement.ts";
import { type EndedCopy, endedMax, type PlacementRecord } from "./records.ts";
import { type Pass, requestOf, reservedBesides, type SlotNow } from "./slot-pass.ts";

/** "none": there is no second copy; "wait": of nothing else is to be decided before it is known which one stays. */
export function settleCopies(
  pass: Pass,
  wanted: DesiredService,
  slot: SlotNow,
  present: PlacementRecord,
): Decision | "none" | "wait" {
  const { copies: seen } = pass;
  if (seen === undefined) return "none";
  const copies = seen.of(present);
  const { instance, outgoing, passedOver } = present;
  const isBeside = (copy: Copy) => ![instance, outgoing?.instance].includes(copy.instance);
  const isPlacedSeen = copies.some((copy) => copy.instance === instance);
  if (!copies.some(isBeside) && (passedOver === undefined || !isPlacedSeen)) return "none";
  const decision = decideOnCopies({
    policy: wanted.spec.heal,
    placed: instance,
    epoch: present.epoch.counter,
    passedOver,
    copies: ranked(pass, requestOf(pass, wanted, slot), present, copies),
    forMs: seen.forMs(present),
  });
  if (decision.kind === "wait") return "wait";
  return { kind: "place", placement: decided(pass, wanted, present, decision, seen) };
}

function decided(
  { self }: Pass,
  wanted: DesiredService,
  present: PlacementRecord,
  decision: Exclude<CopiesDecision, { readonly kind: "wait" }>,
  { nowMs }: CopiesSeen,
): PlacementRecord {
  const { copy } = decision;
  const {
    outgoing: _outgoing,
    after: _after,
    cause: _cause,
    passedOver: _passed,
    ...kept
  } = present;
  const epoch = { counter: present.epoch.counter + 1, controller: self };
  const isOther = copy !== undefined && copy.instance !== present.instance;
  const { provider: wantedProvider } = wanted.spec;
  const isWanted = copy?.specStamp === wanted.specStamp;
  const provider = isWanted ? wantedProvider : (present.provider ?? wantedProvider);
  const asItRuns = isOther && {
    instance: copy.instance,
    node: copy.node,
    specStamp: copy.specStamp,
    refusals: [],
    provider,
  };
  const placement = { ...kept, ...asItRuns, epoch };
  if (decision.kind === "adopt") return { ...placement, passedOver: decision.passedOver };
  const { node: keptOn } = placement;
  const ended = decision.ended.map(({ copy: { instance } }) => instance);
  const told = decision.ended.flatMap(({ copy: { instance, node }, merit }): EndedCopy[] =>
    keptOn === null ? [] : [{ instance, node, keptOn, merit, by: self, atMs: nowMs }],
  );
  const endedCopies = [...(present.endedCopies ?? []), ...told].slice(-endedMax);
  return {
    ...placement,
    ended: [...(present.ended ?? []), ...ended].slice(-endedMax),
    ...(endedCopies.length > 0 && { endedCopies }),
  };
}

function ranked(
  pass: Pass,
  request: PlacementRequest,
  present: PlacementRecord,
  copies: readonly Copy[],
): readonly RankedCopy[] {
  const nodes = new Set(copies.map(({ node }) => node));
  const candidates = pass.nodes.filter(({ id }) => nodes.has(id));
  const loadOf = ({ id }: Candidate) => (pass.load.get(id) ?? 0) - (id === present.node ? 1 : 0);
  const ranks = ranksOf(request, candidates, loadOf);
  return copies.map((copy) => {
    const reservedOn = reservedBesides(pass, copy.instance);
    const there = { ...request, present: copy.node, reservedOn };
    const node = pass.byId.get(copy.node);
    const isEligible = node !== undefined && reasonsAgainst(there, node).length === 0;
    return { ...copy, isEligible, rank: ranks.get(copy.node) ?? ranks.size };
  });
}

/** In the order in which the service would be placed on these nodes, whatever else they are asked for. */
function ranksOf(
  { service, provider, spread, siblings = [] }: PlacementRequest,
  nodes: readonly Candidate[],
  loadOf: (node: Candidate) => number,
): ReadonlyMap<NodeId, number> {
  const request = { service, provider, constraints: [], spread, siblings };
  const ranks = new Map<NodeId, number>();
  let left = nodes;
  for (;;) {
    const outcome = place(request, left, loadOf);
    if (!("node" in outcome)) return ranks;
    ranks.set(outcome.node, ranks.size);
    left = left.filter(({ id }) => id !== outcome.node);
  }
}
