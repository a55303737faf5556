/**
 * Finds what a misspelt word was meant to be: the nearest of the words that would have been right.
 */

/** Longer words are not compared, so that junk costs nothing. */
const lengthMax = 40;

/** The nearest of `words`, if near enough to be meant: two slips at most, fewer in a short word. */
export function suggest(word: string, words: readonly string[]): string | undefined {
  if (word.length > lengthMax) return undefined;
  const given = word.toLowerCase().replaceAll("-", "_");
  let best: string | undefined;
  let bestSlips = Math.min(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const slips = distance(given, candidate.toLowerCase().replaceAll("-", "_"));
    if (slips < bestSlips) [best, bestSlips] = [candidate, slips];
  }
  return best;
}

/** `, did you mean …?`, to follow what is wrong; nothing where no word is near. */
export function didYouMean(word: string, words: readonly string[]): string {
  const meant = suggest(word, words);
  return meant === undefined ? "" : `, did you mean \`${meant}\`?`;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours from `a` to `b`: the optimal string
 * alignment distance (Damerau 1964), row by row.
 */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let slips = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        slips = Math.min(slips, at(beforeLast, j - 2) + 1);
      }
      row.push(slips);
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
