/** Which exit code goes with which error code: the table that scripts rely on (DESIGN section 11). */
export const exitCodes = {
  done: 0,
  failed: 1,
  badUsage: 2,
  notFound: 3,
  unreachable: 4,
  refused: 5,
  outcomeUnknown: 6,
} as const;

const byErrorCode: Readonly<Record<string, number>> = {
  bad_request: exitCodes.badUsage,
  invalid_spec: exitCodes.badUsage,
  comes_later: exitCodes.badUsage,
  not_found: exitCodes.notFound,
  unreachable: exitCodes.unreachable,
  unauthorized: exitCodes.refused,
  forbidden: exitCodes.refused,
  token_refused: exitCodes.refused,
  not_the_issuer: exitCodes.refused,
  outcome_unknown: exitCodes.outcomeUnknown,
  call_timeout: exitCodes.outcomeUnknown,
};

/** Every other error is a plain failure. */
export function exitCodeOf(errorCode: string): number {
  return byErrorCode[errorCode] ?? exitCodes.failed;
}
