/**
 * Which siblings go down and up again with a failed child: OTP's restart strategies, of actors and of the
 * services of a group alike. Pure.
 */
export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one";

/**
 * The children that the failure of the one at `failed` takes along, itself among them, in start
 * order. They are stopped from right to left, then started from left to right.
 */
export function affected<Child>(
  strategy: Strategy,
  children: readonly Child[],
  failed: number,
): readonly Child[] {
  switch (strategy) {
    case "one_for_one":
      return children.slice(failed, failed + 1);
    case "rest_for_one":
      return children.slice(failed);
    case "one_for_all":
      return children.slice();
  }
}
