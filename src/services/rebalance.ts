/**
 * Moves what runs well to where it is better spread, one instance at a time. Pure, and the same whoever
 * decides. What is better is told by three sums of squares, compared in this order: of a service's instances by
 * the value of its label, of a service's instances by node, and of all instances by node. A move is made only
 * where that gets less. As they are whole numbers, moves come to an end, whatever the services and the nodes.
 */
import type { NodeId, ServiceName } from "../core/ids.ts";
import type { Resources } from "../core/resources.ts";
import { requestFor } from "./decision.ts";
import { type Candidate, type PortHolder, reasonsAgainst } from "./eligibility.ts";
import { zones } from "./placement.ts";
import type { ServiceSpec } from "./spec.ts";

/** A service of which any instance may be moved. */
export interface Movable {
  readonly spec: ServiceSpec;
  /** Where its instances are, in order of slots. */
  readonly placed: readonly { readonly slot: number; readonly node: NodeId }[];
}

export interface RebalanceInput {
  readonly services: readonly Movable[];
  /** Every node known, with its instances of whatever service. */
  readonly nodes: readonly Candidate[];
  readonly portHolder: PortHolder;
  /** What is reserved on a node. */
  readonly reservedOn: (node: NodeId) => Resources;
}

export interface Move {
  readonly service: ServiceName;
  readonly slot: number;
  readonly to: NodeId;
}

/** By how much each of the three sums gets less, halved. */
type Gain = readonly [zone: number, node: number, load: number];

interface Considered extends Move {
  readonly spec: ServiceSpec;
  readonly gain: Gain;
}

/** The best move there is; undefined: everything is as well spread as one move can make it. */
export function nextMove(input: RebalanceInput): Move | undefined {
  const { nodes, portHolder, reservedOn } = input;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const considered = input.services.flatMap((service) => movesOf(service, nodes));
  for (const { spec, service, slot, to } of considered.sort(comesBefore)) {
    const node = byId.get(to);
    const request = { ...requestFor(spec), portHolder, reservedOn };
    if (node !== undefined && reasonsAgainst(request, node).length === 0) {
      return { service, slot, to };
    }
  }
  return undefined;
}

/** Every move that would make it better: of each node's instances the one in the first slot. */
function movesOf({ spec, placed }: Movable, nodes: readonly Candidate[]): readonly Considered[] {
  const zoneOf = zones(spec.placement.spread, nodes);
  const onNode = new Map<NodeId, number>();
  const inZone = new Map<string, number>();
  const slotOn = new Map<NodeId, number>();
  for (const { slot, node } of placed) {
    onNode.set(node, (onNode.get(node) ?? 0) + 1);
    inZone.set(zoneOf(node), (inZone.get(zoneOf(node)) ?? 0) + 1);
    if (!slotOn.has(node)) slotOn.set(node, slot);
  }
  return nodes.flatMap((from) => {
    const slot = slotOn.get(from.id);
    if (slot === undefined || from.state !== "alive") return [];
    return nodes.flatMap((to): readonly Considered[] => {
      const isSameZone = zoneOf(from.id) === zoneOf(to.id);
      const gain: Gain = [
        isSameZone ? 0 : lessBy(inZone.get(zoneOf(from.id)), inZone.get(zoneOf(to.id))),
        lessBy(onNode.get(from.id), onNode.get(to.id)),
        lessBy(from.instances, to.instances),
      ];
      if (from === to || !isBetter(gain)) return [];
      return [{ spec, service: spec.name, slot, to: to.id, gain }];
    });
  });
}

/** Half of what `from² + to²` gets less by when one goes from here to there. */
function lessBy(from = 0, to = 0): number {
  return from - to - 1;
}

function isBetter(gain: Gain): boolean {
  return (gain.find((each) => each !== 0) ?? 0) > 0;
}

function comesBefore(a: Considered, b: Considered): number {
  for (const [at, gain] of a.gain.entries()) {
    const other = b.gain[at] ?? 0;
    if (gain !== other) return other - gain;
  }
  if (a.service !== b.service) return a.service < b.service ? -1 : 1;
  return a.slot - b.slot || (a.to < b.to ? -1 : 1);
}
