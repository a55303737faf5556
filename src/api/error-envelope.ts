/** `{ error: { code, message, details } }`: how an error looks wherever one is sent or printed. */
import type { ErrorShape } from "../core/errors.ts";

export interface ErrorEnvelope {
  readonly error: ErrorShape;
}

/** The error in a parsed envelope; undefined when `value` is none. */
export function errorIn(value: unknown): ErrorShape | undefined {
  if (typeof value !== "object" || value === null || !("error" in value)) return undefined;
  return isErrorShape(value.error) ? value.error : undefined;
}

function isErrorShape(value: unknown): value is ErrorShape {
  if (typeof value !== "object" || value === null) return false;
  if (!("code" in value && "message" in value && "details" in value)) return false;
  const { code, message, details } = value;
  return typeof code === "string" && typeof message === "string" && Array.isArray(details);
}
