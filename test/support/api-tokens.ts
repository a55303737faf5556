/** Tokens as the API finds them, held in memory. */

import { TokenTable } from "../../src/actors/token-table.ts";
import type { TokenSource } from "../../src/interface/token-source.ts";
import { type ApiToken, newApiToken, verifierOf } from "../../src/trust/api-token.ts";
import type { Role } from "../../src/trust/role.ts";

export interface KnownTokens extends TokenSource {
  /** Makes a token of that role; its record is known from now on. */
  make(role: Role, expiresAtMs?: number): ApiToken;
  revoke(token: ApiToken): void;
}

/** `pin`: what the tokens pin; default one that no key has. */
export function knownTokens(pin = "p".repeat(43)): KnownTokens {
  const table = new TokenTable();
  return {
    get: (id) => table.get(id),
    watch: (changed) => table.watch(changed),
    make(role, expiresAtMs) {
      const token = newApiToken(pin);
      const { id } = token;
      const expires = expiresAtMs === undefined ? {} : { expiresAtMs };
      const verifier = verifierOf(token);
      table.take(id, { id, name: `of-${role}`, role, verifier, createdAtMs: 0, ...expires });
      return token;
    },
    revoke({ id }) {
      table.take(id, undefined);
      table.changed();
    },
  };
}
