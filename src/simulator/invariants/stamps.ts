/** Orders the stamps of records as the store does: wall clock, counter, origin. */

/** Negative when `a` is older, positive when newer. */
export function compareStampTexts(a: string, b: string): number {
  const [wallA = "", counterA = "", originA = ""] = a.split(".");
  const [wallB = "", counterB = "", originB = ""] = b.split(".");
  const before = Number(wallA) - Number(wallB) || Number(counterA) - Number(counterB);
  if (before !== 0) return before;
  return originA === originB ? 0 : originA < originB ? -1 : 1;
}
