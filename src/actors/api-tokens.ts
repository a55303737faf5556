/**
 * Makes, lists and revokes the tokens that let clients in. Each is a record of the store, so what one
 * node writes every other knows; a side of a partition that a revocation has not reached lets the
 * token in until it has (docs/design/0006).
 */
import type { Env } from "../core/env.ts";
import { BadRequest, Conflict, NotFound } from "../core/errors.ts";
import { parseDuration } from "../core/quantities.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { keys } from "../services/keys.ts";
import { isExpired, type TokenRecord, tokenName } from "../services/token-record.ts";
import type { Entry, Receipt } from "../store/replication.ts";
import { formatApiToken, newApiToken, verifierOf } from "../trust/api-token.ts";
import type { Role } from "../trust/role.ts";
import { writeRecords } from "./record-writes.ts";
import type { TokenTable } from "./token-table.ts";

/** Most tokens of a network, expired ones aside: every node holds all of them. */
export const tokensMax = 1_000;
const forMsMin = 1_000;
const forMsMax = 10 * 365 * 86_400_000;

export interface ApiTokensOptions {
  readonly system: ActorSystem;
  readonly tokens: TokenTable;
  readonly env: Env;
  /** Of this node's public key: `pinOf`. */
  readonly pin: string;
}

export interface NewToken {
  readonly role: Role;
  /** Default: the role and the beginning of its id. */
  readonly name?: string;
  /** How long it holds, as `30d`; default: until it is revoked. */
  readonly for?: string;
}

export interface MadeToken {
  readonly record: TokenRecord;
  /** The token itself: nothing keeps it, so this is the only time that it is told. */
  readonly text: string;
  readonly pin: string;
  readonly receipt: Receipt;
}

export class ApiTokens {
  readonly #options: ApiTokensOptions;

  constructor(options: ApiTokensOptions) {
    this.#options = options;
  }

  /** Those that were not revoked, in order of names. */
  list(): readonly TokenRecord[] {
    return [...this.#options.tokens.all()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws BadRequest for what it cannot be called or how long it cannot hold; Conflict */
  async create(wanted: NewToken): Promise<MadeToken> {
    const { pin, env } = this.#options;
    const nowMs = env.clock.wall();
    const forMs = wanted.for === undefined ? undefined : durationOf(wanted.for);
    const token = newApiToken(pin);
    const name = wanted.name ?? `${wanted.role}-${token.id.slice(0, 6)}`;
    if (!tokenName.test(name)) {
      throw new BadRequest(`"${name}" cannot be a token's name: letters, digits, . _ and - can`);
    }
    const held = this.list();
    const lapsed = held.filter((record) => isExpired(record, nowMs));
    const valid = held.filter((record) => !lapsed.includes(record));
    if (valid.some((record) => record.name === name)) {
      throw new Conflict(`there is a token ${name} already: revoke it, or choose another name`);
    }
    if (valid.length >= tokensMax) {
      throw new Conflict(`there are ${tokensMax} tokens: revoke those that are not used`);
    }
    const record: TokenRecord = {
      id: token.id,
      name,
      role: wanted.role,
      verifier: verifierOf(token),
      createdAtMs: nowMs,
      ...(forMs !== undefined && { expiresAtMs: nowMs + forMs }),
    };
    const forgotten = lapsed.map(({ id }): Entry => ({ key: keys.token(id) }));
    const receipt = await writeRecords(this.#options.system, [
      { key: keys.token(token.id), value: record },
      ...forgotten,
    ]);
    return { record, text: formatApiToken(token), pin, receipt };
  }

  /**
   * Revokes the token of that id, or every one of that name: two sides of a partition may each have
   * made one.
   * @throws NotFound
   */
  async revoke(
    nameOrId: string,
  ): Promise<{ readonly revoked: readonly TokenRecord[]; readonly receipt: Receipt }> {
    const revoked = this.list().filter(({ id, name }) => id === nameOrId || name === nameOrId);
    if (revoked.length === 0) throw new NotFound(`there is no token ${nameOrId}`);
    const receipt = await writeRecords(
      this.#options.system,
      revoked.map(({ id }) => ({ key: keys.token(id) })),
    );
    return { revoked, receipt };
  }
}

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= forMsMin && ms <= forMsMax) return ms;
  throw new BadRequest(`"${text}" is not how long a token can hold: from 1s to 3650d, like 30d`);
}
