/**
 * The part of a node that remote calls go through, as src/node puts it together: actor system, links,
 * connection actors, handshake, and the real transport over TLS. Membership and the store are left out,
 * so that nothing but what is measured runs.
 */
import { Catalog } from "../../src/actors/catalog.ts";
import { connection } from "../../src/actors/connection.ts";
import type { ConnectionOptions } from "../../src/actors/connection-state.ts";
import { type Link, Links } from "../../src/actors/links.ts";
import { Refusals } from "../../src/actors/refusals.ts";
import type { NodeId } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { realEnv } from "../../src/node/real-env.ts";
import { type ActorSystem, createSystem } from "../../src/otp/system.ts";
import { worker } from "../../src/otp/worker.ts";
import { createTcpTransport } from "../../src/transport/tcp.ts";
import { type KeyRing, singleKeyRing } from "../../src/trust/key-ring.ts";
import type { NodeKey } from "../../src/trust/node-key.ts";
import { identityOf } from "../../src/wire/handshake.ts";

/** The key of a network that no real node is in. */
const keyRing: KeyRing = singleKeyRing({
  network: "0".repeat(64),
  secret: new Uint8Array(32),
});

/** Tells when a link is there, which a real node hears from membership. */
class ToldLinks extends Links {
  readonly #awaited = new Map<NodeId, (link: Link) => void>();

  override open(link: Link): void {
    super.open(link);
    this.#awaited.get(link.peer)?.(link);
    this.#awaited.delete(link.peer);
  }

  opened(peer: NodeId): Promise<Link> {
    return new Promise((resolve) => this.#awaited.set(peer, resolve));
  }
}

export class PeerStack {
  readonly system: ActorSystem;
  readonly #env = realEnv(silentLog);
  readonly #links = new ToldLinks(() => undefined);
  readonly #key: NodeKey;
  readonly #connect: (from: ConnectionOptions["from"]) => void;

  constructor(key: NodeKey) {
    const { id: node } = key;
    this.#key = key;
    const links = this.#links;
    this.system = createSystem({ node, boot: 1, env: this.#env, remote: links });
    const shared = {
      identity: identityOf({ network: keyRing.network, node, boot: 1, name: node, address: "-:1" }),
      keyRing,
      links,
      catalog: new Catalog(node, silentLog),
      refusals: new Refusals(this.#env),
    };
    this.#connect = (from) => {
      const connect = this.#connect;
      void this.system.start(worker({ behaviour: () => connection({ ...shared, from, connect }) }));
    };
  }

  /** Resolves with the address at which it takes peers from then on. */
  async listen(): Promise<string> {
    const transport = createTcpTransport({ key: this.#key });
    const accept = (accepted: ConnectionOptions["from"] & object) => this.#connect(accepted);
    const { address } = await transport.listen("127.0.0.1:0", (accepted) => accept({ accepted }));
    return address;
  }

  /** Gives what dials peers; of one dialer, later sessions with a peer resume the first. */
  dialer(): (address: string, peer: NodeId) => Promise<Link> {
    const transport = createTcpTransport({ key: this.#key });
    return (address, peer) => {
      const opened = this.#links.opened(peer);
      this.#connect({ address, dial: (to) => transport.dial(to) });
      return opened;
    };
  }
}
