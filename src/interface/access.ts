/**
 * Decides who asks, once a request, before anything else looks at it: plain requests and WebSocket
 * upgrades alike. One who comes over the node's own Unix socket is its user; everyone else, on this
 * host too, needs a token, and beyond this host HTTPS (docs/design/0006).
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Audit } from "../core/audit.ts";
import { Forbidden, messageOf, Unauthorized, Unreachable } from "../core/errors.ts";
import { isExpired } from "../services/token-record.ts";
import { isVerified, parseApiToken } from "../trust/api-token.ts";
import { includesRole, type Role } from "../trust/role.ts";
import { checkHost, checkOrigin, isLoopback } from "./origin.ts";
import type { Need } from "./route-access.ts";
import { Tenures } from "./tenures.ts";
import type { TokenSource } from "./token-source.ts";

/** How a connection came. */
export type Arrival =
  /** Over the node's Unix socket, which its user alone can open. */
  { readonly kind: "local" } | { readonly kind: "tcp"; readonly secure: boolean };

/** Who asks, and what they may do. */
export interface Access {
  readonly role: Role;
  /** For the audit log: `local user`, `token ci`. */
  readonly who: string;
  /** `socket`, or the address that they came from. */
  readonly how: string;
  /** The token they hold; none on the Unix socket. */
  readonly token?: string;
}

export interface GateOptions {
  readonly tokens: TokenSource;
  readonly audit: Audit;
  /** Names and addresses that this node is asked by, beside this host's own. */
  readonly hosts: readonly string[];
  /** The node's; a request over the Unix socket that names another was meant for another node. */
  readonly port?: number;
  readonly nowMs?: () => number;
}

/** Lets requests in or refuses them, and notes whom it refused. */
export class Gate {
  readonly #options: GateOptions;
  readonly #nowMs: () => number;
  readonly #arrivals = new WeakMap<Socket, Arrival>();
  readonly #decided = new WeakMap<IncomingMessage, Access>();
  readonly #tenures: Tenures;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#tenures = new Tenures(options.tokens, this.#nowMs);
  }

  /** Notes how a connection came: no request on it is let in before. */
  arrived(socket: Socket, arrival: Arrival): void {
    this.#arrivals.set(socket, arrival);
  }

  /** Whether the request came over TLS. */
  isSecure({ socket }: IncomingMessage): boolean {
    const arrival = this.#arrivals.get(socket);
    return arrival?.kind === "tcp" && arrival.secure;
  }

  /**
   * Who asks. Idempotent: it is decided once a request.
   * @throws Unauthorized without a token that is known, Forbidden for where it comes from, BadRequest
   * for headers that could mean two things. Each is in the audit log.
   */
  authorise(request: IncomingMessage): Access {
    const decided = this.#decided.get(request);
    if (decided !== undefined) return decided;
    const access = this.#refusing(request, () => {
      const arrival = this.#admit(request);
      return arrival.kind === "local" ? localUser : this.#bearer(request);
    });
    this.#decided.set(request, access);
    return access;
  }

  /** What comes through a WebSocket comes from whoever that was opened by. */
  vouch(request: IncomingMessage, access: Access): void {
    this.#decided.set(request, access);
  }

  /** As `authorise`, for what is asked before there is anyone to trust: no token is needed. */
  admit(request: IncomingMessage): void {
    this.#refusing(request, () => this.#admit(request));
  }

  /** @throws Forbidden when the role of who asks is not enough, and as `authorise`. */
  require(request: IncomingMessage, needs: Need): void {
    if (needs === "open") {
      this.admit(request);
      return;
    }
    const access = this.authorise(request);
    try {
      requireRole(access, needs);
    } catch (error) {
      this.#note(request, messageOf(error), access);
      throw error;
    }
  }

  /** Calls `end` once `access` holds no more: its token was revoked or has expired. Returns the undoing. */
  watch(access: Access, end: () => void): () => void {
    return access.token === undefined ? () => {} : this.#tenures.watch(access.token, end);
  }

  close(): void {
    this.#tenures.close();
  }

  #admit(request: IncomingMessage): Arrival {
    const { socket } = request;
    const arrival = this.#arrivals.get(socket);
    if (arrival === undefined) throw new Forbidden("the connection came no way that is known");
    if (arrival.kind === "local") {
      checkPort(request, this.#options.port);
      return arrival;
    }
    if (!arrival.secure && !isLoopback(socket.remoteAddress)) throw plainFromElsewhere(request);
    checkHost(request, this.#options.hosts);
    checkOrigin(request, arrival.secure);
    return arrival;
  }

  #bearer(request: IncomingMessage): Access {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      throw new Unauthorized(
        "a token is needed: `mob token create` on one of the network's hosts makes one",
      );
    }
    const [, text = ""] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    const token = parseApiToken(text);
    if (token === undefined) {
      throw new Unauthorized("what was sent is no token: it looks like mobapi1.….….…, whole");
    }
    const record = this.#options.tokens.get(token.id);
    if (record === undefined || !isVerified(token, record.verifier)) {
      throw new Unauthorized(
        "the token is not known here: it was revoked, or is another network's",
      );
    }
    if (isExpired(record, this.#nowMs())) throw new Unauthorized("the token has expired");
    const how = addressOf(request.socket);
    return { role: record.role, who: `token ${record.name}`, how, token: record.id };
  }

  #refusing<T>(request: IncomingMessage, decide: () => T): T {
    try {
      return decide();
    } catch (error) {
      this.#note(request, messageOf(error));
      throw error;
    }
  }

  #note(request: IncomingMessage, detail: string, access?: Access): void {
    const isLocal = this.#arrivals.get(request.socket)?.kind === "local";
    this.#options.audit.record({
      what: `${request.method} ${(request.url ?? "").split("?", 1)[0]?.slice(0, 100)}`,
      outcome: "refused",
      who: access?.who ?? "unknown",
      how: isLocal ? "socket" : addressOf(request.socket),
      detail,
      ...(access !== undefined && { role: access.role }),
    });
  }
}

/** @throws Forbidden when the role of who asks is not enough */
export function requireRole({ role }: Pick<Access, "role">, needs: Role): void {
  if (includesRole(role, needs)) return;
  throw new Forbidden(`this needs the role ${needs}; yours is ${role}`);
}

const localUser: Access = { role: "admin", who: "local user", how: "socket" };

function addressOf({ remoteAddress = "unknown" }: Socket): string {
  return remoteAddress.replace(/^::ffff:/, "");
}

function plainFromElsewhere({ headers }: IncomingMessage): Forbidden {
  const exposed =
    headers.authorization === undefined
      ? ""
      : "; the token just sent could be read on the way: revoke it";
  return new Forbidden(`beyond its own host this node speaks HTTPS alone${exposed}`);
}

/**
 * The run file of a node that was killed may lead to a socket that another node uses by now.
 * @throws Unreachable
 */
function checkPort({ headers }: IncomingMessage, own: number | undefined): void {
  const [, asked] = /:(\d+)$/.exec(headers.host ?? "") ?? [];
  if (own === undefined || asked === undefined || Number(asked) === own) return;
  throw new Unreachable(`no node runs on port ${asked}; the one that has its data is on ${own}`);
}
