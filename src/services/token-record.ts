/**
 * What the network keeps of a token for its API: a record on every node, so that any of them lets its
 * holder in, and its removal, which is the revocation, reaches all of them.
 */

import { Fields, readAll } from "../core/reading.ts";
import { choice, number, text } from "../core/value-readers.ts";
import { type Role, roles } from "../trust/role.ts";
import { deepFreeze } from "./plain-data.ts";

export interface TokenRecord {
  /** 16 hex digits; also in its key. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  readonly role: Role;
  /** From which the secret cannot be had (`trust/api-token.ts`). */
  readonly verifier: string;
  /** Wall clock, ms; so is `expiresAtMs`. */
  readonly createdAtMs: number;
  /** Absent: it holds until it is revoked. */
  readonly expiresAtMs?: number;
}

/** What a token can be called. */
export const tokenName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const moment = number({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** @throws InvalidSpec with every error and its path */
export function parseToken(value: unknown): TokenRecord {
  const record = readAll("the record of a token", value, (input, at) => {
    const fields = new Fields(input, at, "an object");
    const expiresAtMs = fields.optional("expiresAtMs", moment, undefined);
    return {
      id: fields.required("id", text(/^[0-9a-f]{16}$/, "16 hex digits")),
      name: fields.required("name", text(tokenName, "the name of a token")),
      role: fields.required("role", choice(roles)),
      verifier: fields.required("verifier", text(/^[0-9a-f]{64}$/, "64 hex digits")),
      createdAtMs: fields.required("createdAtMs", moment),
      ...(expiresAtMs !== undefined && { expiresAtMs }),
    };
  });
  return deepFreeze(record);
}

/** Whether a token no longer holds. */
export function isExpired({ expiresAtMs }: TokenRecord, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}
