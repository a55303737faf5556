/**
 * What somebody may have meant: the nearest known word, for a message that helps. Distance is that
 * of Damerau and Levenshtein (optimal string alignment): a swap of neighbours is one mistake.
 */

/** ` (did you mean "…"?)`, or nothing when no known word is near. */
export function suggestion(word: string, known: readonly string[]): string {
  let nearest: string | undefined;
  let least = Math.floor(Math.max(word.length, 3) / 3) + 1; // A mistake in three letters, at most.
  for (const candidate of known) {
    const distance = distanceOf(word.toLowerCase(), candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
}

function distanceOf(a: string, b: string): number {
  let twoAbove: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const edits = [at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + same];
      row.push(Math.min(...edits, ...(swapped ? [at(twoAbove, j - 2) + 1] : [])));
    }
    twoAbove = above;
    above = row;
  }
  return at(above, b.length);
}

function at(row: readonly number[], j: number): number {
  return row[j] ?? Number.POSITIVE_INFINITY;
}
