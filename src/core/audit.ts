/**
 * The port to the audit log: who was refused, and who did what only an administrator may. Rooms record
 * through it and know nothing of where it goes; an implementation bounds what refusals can write.
 */

export interface AuditEvent {
  /** What was asked for or done: `POST /v1/node/shutdown`, `join`, `rotate key`. */
  readonly what: string;
  /** `failed`: it was allowed, and did not succeed. */
  readonly outcome: "done" | "refused" | "failed";
  /** Who asked, as far as is known: `local user`, `token ci`, a node's name. Never a secret. */
  readonly who: string;
  /** Which way they came: `socket`, or the address that they came from. */
  readonly how: string;
  /** With which role, where they have one. */
  readonly role?: string;
  /** To what it was done, or why it was refused. */
  readonly detail?: string;
}

export interface Audit {
  /**
   * Notes an event. Never throws: what is done must not hang on its being noted. Refusals may be
   * gathered by source (`how`) and told later, as a count.
   */
  record(event: AuditEvent): void;
}

/** Notes nothing. For tests of one room. */
export const silentAudit: Audit = { record() {} };
