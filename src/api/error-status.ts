/** Which HTTP status goes with which error code. What is not here is a bug of Mob's: 500. */
const statuses: Readonly<Record<string, number>> = {
  bad_request: 400,
  invalid_spec: 400,
  unauthorized: 401,
  forbidden: 403,
  token_refused: 403,
  not_the_issuer: 403,
  not_found: 404,
  conflict: 409,
  comes_later: 501,
  function_failed: 502,
  unreachable: 503,
  unavailable: 503,
  overloaded: 503,
  queue_full: 503,
  function_timed_out: 504,
  call_timeout: 504,
  outcome_unknown: 504,
};

export function statusOf(code: string): number {
  return statuses[code] ?? 500;
}
