/** Closes the connections on demand that are of no use any more. Only beyond a full mesh is there anything to close. */
import type { NodeId } from "../core/ids.ts";
import { isFullMesh } from "../membership/mesh.ts";
import { connectedOnDemand } from "../membership/on-demand.ts";
import type { MembershipState } from "../membership/state.ts";
import type { Self } from "../otp/gen-server.ts";
import { IdleLinks } from "./idle-links.ts";
import type { Links } from "./links.ts";
import type { RingMemberInfo, RingMemberProtocol } from "./ring-member-protocol.ts";

export class LinkSweep {
  readonly #self: Self<RingMemberProtocol, RingMemberInfo>;
  readonly #membership: MembershipState;
  readonly #links: Links;
  readonly #idle = new IdleLinks();
  /** One is to come. */
  #isDue = false;

  constructor(
    self: Self<RingMemberProtocol, RingMemberInfo>,
    membership: MembershipState,
    links: Links,
  ) {
    this.#self = self;
    this.#membership = membership;
    this.#links = links;
  }

  /** Has a `sweep` told to the actor, for which it calls `now`. */
  later(): void {
    if (this.#isDue || isFullMesh(this.#membership)) return;
    this.#isDue = true;
    this.#self.sendAfter(this.#membership.options.idleMs / 4, { type: "sweep" });
  }

  now(): void {
    this.#isDue = false;
    const { system, env } = this.#self;
    const { options } = this.#membership;
    const onDemand = connectedOnDemand(this.#membership);
    const links = onDemand.flatMap((peer) => this.#links.get(peer) ?? []);
    const isTied = (peer: NodeId) => system.isTiedTo(peer);
    for (const link of this.#idle.toClose(links, env.clock.mono(), options, isTied)) {
      link.close("it is of no use now");
    }
    if (links.length > 0) this.later();
  }
}
