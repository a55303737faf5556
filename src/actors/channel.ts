/** What the handshake's pure rules need of this node: the connection it runs over, and who is there. */
import { isLive } from "../membership/view.ts";
import type { Connection } from "../transport/transport.ts";
import { answerProof, isProven, prove, proveMore } from "../trust/proof.ts";
import type { Channel, Neighbours } from "../wire/handshake.ts";
import type { ConnectionOptions } from "./connection-state.ts";

/** What proves the network's key over that connection. */
export function channelOf(
  { peer, keyingMaterial }: Connection,
  { identity, keyRing }: ConnectionOptions,
): Channel {
  const own = { keyingMaterial, node: identity.node };
  const its = { keyingMaterial, node: peer };
  return {
    peer,
    prove: (role) => prove(keyRing, { ...own, role }),
    moreProofs: () => proveMore(keyRing, { ...own, role: "dialer" }),
    isProven: (role, proof) => isProven(keyRing, { ...its, role }, proof),
    answer: (proofs) =>
      answerProof(keyRing, { ...its, role: "dialer" }, proofs, { ...own, role: "acceptor" }),
  };
}

/** Who this node is connected with and knows of, whenever the handshake asks. @param nowMs of the monotonic clock */
export function neighboursOf(
  { links, catalog }: ConnectionOptions,
  nowMs: () => number,
): Neighbours {
  return {
    connectionWith: (node) => links.existing(node, nowMs()),
    awaitsBulk: (node, controlProof) => links.half(node, controlProof) !== undefined,
    holderOf: (name, address) =>
      catalog.view.members.find(
        (member) => member.name === name && member.address !== address && isLive(member),
      )?.id,
  };
}
