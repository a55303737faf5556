/**
 * A job comes and goes: what is told of it is always on its way, and left out where something must have
 * come to rest.
 */

/** Of a record. */
export function isSteadyKey(key: string): boolean {
  return key.split("/")[1] !== "job";
}
