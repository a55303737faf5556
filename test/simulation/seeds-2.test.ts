/** An eighth of the seeds that every change must survive; files, since each has a time limit of its own. */
import { test } from "node:test";
import { holdsFor } from "./seeds.ts";

test("3 to 9 nodes hold what must always hold, under the faults of seeds 26 to 50", () =>
  holdsFor({ first: 26, count: 25 }));
