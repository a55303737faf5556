/** Runs in which little goes wrong and for long, so that what is to become right again does while it does. */
import { test } from "node:test";
import { holdsFor } from "./seeds.ts";

test("3 to 9 nodes hold what must always hold, while machines are down for minutes", () =>
  holdsFor({ first: 700_001, count: 12, seconds: 400, isSlow: true }));
