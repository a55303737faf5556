/** An eighth of the seeds that every change must survive; files, since each has a time limit of its own. */
import { test } from "node:test";
import { holdsFor } from "./seeds.ts";

test("3 to 9 nodes hold what must always hold, under the faults of seeds 51 to 75", () =>
  holdsFor({ first: 51, count: 25 }));
