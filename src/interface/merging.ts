/**
 * Several sources read as one, each piece as it comes; more of them may come meanwhile. What has come is
 * kept in a queue: to race long waits anew for each piece would have them hold every race.
 */

/** What a source has given, or how it failed. */
type Told<T> = () => Promise<readonly T[]>;

/** Until all of them have ended, and no more come. @param left called when it has ended, or its reader has gone */
export async function* merged<T>(
  sources: AsyncGenerator<AsyncGenerator<T>>,
  left: () => void,
): AsyncGenerator<T> {
  const asked = new Set<AsyncGenerator<unknown>>();
  const told: Told<T>[] = [];
  let wake = () => {};
  /** Asks for its next; `take` is called with it in turn. */
  const ask = <U>(source: AsyncGenerator<U>, take: (next: U) => readonly T[]) => {
    asked.add(source);
    const next = source.next();
    const tell = () => {
      told.push(async () => {
        const { done, value } = await next;
        if (done === true) asked.delete(source);
        else ask(source, take);
        return done === true ? [] : take(value);
      });
      wake();
    };
    next.then(tell, tell);
  };
  ask(sources, (source) => {
    ask(source, (piece) => [piece]);
    return [];
  });
  try {
    while (asked.size > 0) {
      const next = told.shift();
      if (next !== undefined) yield* await next();
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    left();
    for (const source of asked) source.return(undefined).catch(() => {}); // No one hears of it any more.
  }
}
