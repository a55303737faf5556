/**
 * What is for every node that lives: told to those that are connected, who pass it on to the part of
 * the ring that they are given (`ring/spread.ts`). What is lost on the way, repair finds.
 */
import type { NodeId } from "../core/ids.ts";
import { stretchesOf } from "../ring/spread.ts";
import type { Place, ReplicationEffect, SpreadMessage } from "./replication.ts";

export type Spread = Extract<ReplicationEffect, { readonly kind: "spread" }>;
type Send = Extract<ReplicationEffect, { readonly kind: "send" }>;

/** The very messages that `spread` comes to at `self`, as it is connected now. */
export function sendsOf(
  { message, until, except }: Spread,
  place: Place,
  self: NodeId,
  isConnected: (node: NodeId) => boolean,
): readonly Send[] {
  return stretchesOf(place.live, self, until, isConnected)
    .filter((stretch) => stretch.until !== undefined || !except.includes(stretch.to))
    .map(({ to, until: onward }) => ({
      kind: "send",
      to,
      message: onward === undefined ? message : { ...message, onward },
    }));
}

/** Has `message`, which came with `onward`, passed on; nothing where it ends here. */
export function passOn(
  message: SpreadMessage,
  except: readonly NodeId[] = [],
): readonly ReplicationEffect[] {
  if (message.onward === undefined) return [];
  const { onward, ...told } = message;
  return [{ kind: "spread", message: told, until: onward, except }];
}
