/**
 * Makes a plan that fails as short as it can be, by leaving out what is not needed to fail in the same
 * way: delta debugging, after Zeller and Hildebrandt (2002), over the items of the plan.
 */
import type { Item, Plan } from "./schedule.ts";

export interface ShortenOptions {
  /** Most runs that it may take; default 150. More runs, shorter plans. */
  readonly runsMax?: number;
}

/** The shortest plan found for which `fails` still holds; `plan` itself where nothing can be left out. */
export async function shorten(
  plan: Plan,
  fails: (plan: Plan) => Promise<boolean>,
  { runsMax = 150 }: ShortenOptions = {},
): Promise<Plan> {
  let { items } = plan;
  let runs = 0;
  for (let pieces = 2; items.length > 0; ) {
    const size = Math.ceil(items.length / pieces);
    let isShorter = false;
    for (let at = 0; at < items.length; at += size) {
      if (runs === runsMax) return { ...plan, items };
      runs++;
      const rest: Item[] = items.toSpliced(at, size);
      if (!(await fails({ ...plan, items: rest }))) continue;
      items = rest;
      isShorter = true;
      at -= size; // What followed has moved up.
    }
    if (size === 1 && !isShorter) break;
    pieces = isShorter ? Math.max(2, pieces - 1) : Math.min(items.length, 2 * pieces);
  }
  return { ...plan, items };
}
