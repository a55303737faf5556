/**
 * Has the members of the network written as they change: a node that crashes right after it joined must
 * find its network again. Views come in crowds, and each costs a text of all members.
 */
import { type MembershipState, selfOf } from "../membership/state.ts";
import type { Self } from "../otp/gen-server.ts";
import type { Storage } from "../storage/storage.ts";
import { rememberMembers } from "./remembered-view.ts";
import type { RingMemberInfo, RingMemberProtocol } from "./ring-member-protocol.ts";

/** Within this time they are written once. */
const rememberMs = 1_000;

export class MemberMemory {
  readonly #self: Self<RingMemberProtocol, RingMemberInfo>;
  readonly #membership: MembershipState;
  readonly #storage: Storage;
  /** They were written a moment ago, and will be looked at again. */
  #isWaiting = false;

  constructor(
    self: Self<RingMemberProtocol, RingMemberInfo>,
    membership: MembershipState,
    storage: Storage,
  ) {
    this.#self = self;
    this.#membership = membership;
    this.#storage = storage;
  }

  /** They have changed: written at once, but for what comes within a second of it. */
  changed(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#self.sendAfter(rememberMs, { type: "remember" });
    this.write();
  }

  /** That second has gone by. */
  waited(): void {
    this.#isWaiting = false;
    this.write();
  }

  write(): void {
    if (selfOf(this.#membership).state === "left") return;
    if (!rememberMembers(this.#storage, this.#membership.roster.all())) return;
    this.#storage.flush().catch((error: unknown) => {
      this.#self.log.error("the view could not be made durable", { error });
    });
  }
}
