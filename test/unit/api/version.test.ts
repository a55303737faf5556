import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { version } from "../../../src/api/version.ts";

test("the version is the package's", () => {
  const file = new URL("../../../package.json", import.meta.url);
  assert.equal(version, JSON.parse(readFileSync(file, "utf8")).version);
});
