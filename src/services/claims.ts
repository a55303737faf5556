/**
 * Room that is kept for what waits for it. Without that, what asks for little would take what comes free,
 * again and again, before what asks for much, however important. One node at a time is kept for a service,
 * the one that lacks the least of what it asks for: what else comes free is anyone's.
 */
import type { NodeId } from "../core/ids.ts";
import { isNothing, noResources, type Resources, shortfalls } from "../core/resources.ts";
import type { Bookings } from "./bookings.ts";
import { requestFor } from "./decision.ts";
import { type Candidate, type Claim, missingRoom, reasonsAgainst } from "./eligibility.ts";
import type { ServiceSpec } from "./spec.ts";

export interface ClaimsOptions {
  readonly nodes: readonly Candidate[];
  /** What is reserved by now. */
  readonly booked: () => Bookings;
  /** What waits besides what is added. Asked for once, with the first question. */
  readonly waiting: () => Iterable<ServiceSpec>;
}

export class Claims {
  readonly #options: ClaimsOptions;
  readonly #byNode = new Map<NodeId, Claim>();
  /** Those that wait and have yet to claim a node, the most important last. */
  #unheard: readonly ServiceSpec[] = [];
  #hasAsked = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** A service waits. What it claims is settled once something less important asks. */
  add(spec: ServiceSpec): void {
    if (!this.#unheard.some(({ name }) => name === spec.name)) this.#addAll([spec]);
  }

  /** What a node's room is kept for, of what is more important than what is to be placed. */
  on(node: NodeId, priority: number): Claim | undefined {
    if (!this.#hasAsked) this.#addAll(this.#options.waiting());
    this.#hasAsked = true;
    for (;;) {
      const next = this.#unheard.at(-1);
      if (next === undefined || next.priority <= priority) break;
      this.#unheard = this.#unheard.slice(0, -1);
      this.#claim(next);
    }
    const claim = this.#byNode.get(node);
    return claim !== undefined && claim.priority > priority ? claim : undefined;
  }

  #addAll(specs: Iterable<ServiceSpec>): void {
    const claiming = [...specs].filter(({ resources, instances }) => {
      return !isNothing(resources) && instances !== "everywhere";
    });
    this.#unheard = [...this.#unheard, ...claiming].sort(
      (a, b) => a.priority - b.priority || (a.name < b.name ? 1 : -1),
    );
  }

  /** Only a node with enough room, if it were empty, and with nothing but room in its way, can be claimed. */
  #claim(spec: ServiceSpec): void {
    const { name: service, priority, resources } = spec;
    const { nodes, booked } = this.#options;
    const request = { ...requestFor(spec), reservedOn: (id: NodeId) => booked().on(id) };
    let best: { readonly id: NodeId; readonly lack: number } | undefined;
    for (const node of nodes) {
      const { id, capacity } = node;
      if (capacity === undefined || this.#byNode.has(id)) continue;
      if (shortfalls(resources, capacity, noResources).length > 0) continue;
      if (reasonsAgainst(request, node).length > missingRoom(request, node).length) continue;
      const lack = lackOf(resources, capacity, booked().on(id));
      if (best === undefined || lack < best.lack || (lack === best.lack && id < best.id)) {
        best = { id, lack };
      }
    }
    if (best !== undefined) this.#byNode.set(best.id, { service, priority });
  }
}

/** How much more is wanted than is left, as a share of all that the node has; below 0 where it fits. */
function lackOf(wanted: Resources, capacity: Resources, reserved: Resources): number {
  const share = (asked: number, has: number, taken: number) =>
    asked === 0 ? Number.NEGATIVE_INFINITY : (asked - (has - taken)) / has;
  return Math.max(
    share(wanted.memoryBytes, capacity.memoryBytes, reserved.memoryBytes),
    share(wanted.milliCpus, capacity.milliCpus, reserved.milliCpus),
  );
}
