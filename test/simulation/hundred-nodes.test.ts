import { test } from "node:test";
import { holdsFor } from "./seeds.ts";

test("a hundred nodes hold what must always hold, under faults", () =>
  holdsFor({ first: 1, count: 1, nodes: 100, seconds: 20 }));
