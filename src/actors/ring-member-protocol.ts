/** What the ring member is asked and told, and what it needs of the node that it is a part of. */
import type { MobError } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { DialFailure, OutdatedReason } from "../membership/events.ts";
import type { MembershipMessage } from "../membership/messages.ts";
import type { MembershipOptions } from "../membership/options.ts";
import type { Said, SelfDescription } from "../membership/state.ts";
import type { Facts, MemberRecord, ProviderFact, View } from "../membership/view.ts";
import type { Storage } from "../storage/storage.ts";
import type { Catalog } from "./catalog.ts";
import type { Links } from "./links.ts";

export type RingMemberProtocol = {
  /** Answered with the view once the node at that address is part of it. */
  join: { request: { address: string }; reply: View };
  /** This node says goodbye and forgets its network; answered once that is durable. */
  leave: { request: undefined; reply: undefined };
  /** Every node drops that one, which must not be live: its name or id. Answered with its id. */
  forget: { request: { node: string }; reply: NodeId };
};

export type RingMemberInfo =
  | { readonly type: "timer" }
  /** A second has gone by since the members were written last. */
  | { readonly type: "remember" }
  /** What this node offers has changed. */
  | { readonly type: "providers"; readonly providers: readonly ProviderFact[] }
  /** Something is for a live node that this one is not connected with. */
  | { readonly type: "wanted"; readonly peer: NodeId }
  /** Time to see which connections are of no use. */
  | { readonly type: "sweep" }
  | { readonly type: "connected"; readonly peer: NodeId; readonly dialed: string | undefined }
  | { readonly type: "disconnected"; readonly peer: NodeId }
  | {
      readonly type: "dial-failed";
      readonly address: string;
      readonly why: DialFailure;
      readonly error: MobError;
    }
  | { readonly type: "received"; readonly from: NodeId; readonly message: MembershipMessage }
  | { readonly type: "boot-raised"; readonly boot: number }
  | { readonly type: "join-due"; readonly address: string };

export interface RingMemberOptions {
  readonly describe: SelfDescription;
  readonly links: Links;
  readonly catalog: Catalog;
  /** Keeps the view, so that a node finds its network again by itself. */
  readonly storage: Storage;
  /** Where it was told to look for its network: dialed until met. */
  readonly join: readonly string[];
  /** Starts a connection to `address`; its outcome is told to this actor. */
  readonly dial: (address: string) => void;
  /** What differs from the preset `lan`. */
  readonly membership?: Partial<MembershipOptions>;
  /** Makes a higher boot counter durable. */
  readonly raiseBoot: (boot: number) => Promise<void>;
  /** What this node has on its disk must be taken for a blank replica's. */
  readonly onOutdated: (why: OutdatedReason) => void;
  /** What this node has said of itself since its process began, and all it knew; outlives this actor. */
  readonly said: { incarnations?: Said; facts?: Facts; members?: readonly MemberRecord[] };
  /** Another live node has this one's name: this node must stop. */
  readonly onNameTaken: (error: MobError) => void;
}
