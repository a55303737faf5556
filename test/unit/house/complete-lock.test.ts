import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { missingPlatformPackages } from "../../../scripts/complete-lock.ts";
import { root } from "../../../scripts/root.ts";

const lockText = readFileSync(join(root, "package-lock.json"), "utf8");

test("the lock has an entry for every platform package, as npm 11 demands", () => {
  const { packages } = JSON.parse(lockText);
  assert.deepEqual(Object.keys(missingPlatformPackages(packages)), []);
});

test("the lock names no registry", () => {
  assert.doesNotMatch(lockText, /"resolved"/);
});

test("a platform package that a mirror lacks is added with its platform", () => {
  const missing = missingPlatformPackages({
    "node_modules/tool": {
      dev: true,
      optionalDependencies: {
        "@tool/linux-arm64-musl": "1.2.3",
        "@tool/darwin-x64": "1.2.3",
        "colours-for-tool": "^2.0.0",
      },
    },
    "node_modules/@tool/darwin-x64": { version: "1.2.3", optional: true },
  });
  assert.deepEqual(missing, {
    "node_modules/@tool/linux-arm64-musl": {
      version: "1.2.3",
      dev: true,
      optional: true,
      os: ["linux"],
      cpu: ["arm64"],
      libc: ["musl"],
    },
  });
});
