/** A quarter of the seeds that every change must survive; files, since each has its own time limit. */
import { test } from "node:test";
import { holdsFor } from "./seeds.ts";

test("3 to 9 nodes hold what must always hold, under faults of seeds 51 to 100", () =>
  holdsFor({ first: 51, count: 50 }));
