/**
 * Plants imports that cross the layers and expects dependency-cruiser, with this house's rules, to
 * refuse each by the name of its rule.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../../scripts/root.ts";
import { plantedHouse, type Sources } from "./planted.ts";

/** The violations in `folder`, as `rule: from → to`, sorted. */
function violations(folder: string): string[] {
  const depcruise = join(root, "node_modules/.bin/depcruise");
  const flags = ["--no-progress", "--output-type", "json"];
  const { stdout } = spawnSync(depcruise, [...flags, "src", "bin"], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const report: {
    summary: { violations: readonly { rule: { name: string }; from: string }[] };
  } = JSON.parse(stdout);
  return report.summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`).sort();
}

/** Every file that the planted ones import. */
const neighbours: Sources = {
  "bin/mob.ts": "export const bin = 1;",
  "src/core/errors.ts": "export const core = 1;",
  "src/ring/rank.ts": "export const ring = 1;",
  "src/cli/main.ts": "export const cli = 1;",
  "src/node/start.ts": "export const start = 1;",
  "src/node/other.ts": "export const other = 1;",
  "src/transport/transport.ts": "export const contract = 1;",
  "src/transport/tcp.ts": "export const tcp = 1;",
  "src/storage/storage.ts": "export const contract = 1;",
  "src/providers/provider.ts": "export const contract = 1;",
};

function importing(path: string): string {
  return `import * as planted from "${path}";\nexport const used = planted;`;
}

test("what the design allows is allowed", async (t) => {
  const folder = await plantedHouse(t, {
    ...neighbours,
    "bin/mobcli.ts": importing("../src/cli/main.ts"),
    "src/store/planted.ts": importing("../ring/rank.ts"),
    "src/actors/one.ts": importing("../transport/transport.ts"),
    "src/actors/two.ts": importing("../storage/storage.ts"),
    "src/actors/three.ts": importing("../providers/provider.ts"),
    "src/cli/planted.ts": importing("../node/start.ts"),
    "src/otp/planted.ts": importing("nact"),
  });
  assert.deepEqual(violations(folder), []);
});

const crossings: readonly (readonly [rule: string, file: string, imports: string])[] = [
  ["room-core", "src/core/rank.ts", "../ring/rank.ts"],
  ["room-membership", "src/membership/rank.ts", "../ring/rank.ts"],
  ["room-otp", "src/otp/start.ts", "../node/start.ts"],
  ["room-actors", "src/actors/tcp.ts", "../transport/tcp.ts"],
  ["room-cli", "src/cli/other.ts", "../node/other.ts"],
  ["room-node", "src/node/main.ts", "../cli/main.ts"],
  ["room-ring", "src/ring/bin.ts", "../../bin/mob.ts"],
  ["bin-is-thin", "bin/start.ts", "../src/node/start.ts"],
  ["every-file-has-a-room", "src/misc/errors.ts", "../core/errors.ts"],
  ["nact-has-one-owner", "src/actors/nact.ts", "nact"],
  ["lmdb-has-one-owner", "src/store/lmdb.ts", "lmdb"],
  ["fastify-has-one-owner", "src/node/fastify.ts", "fastify"],
  ["packages-have-owners", "src/core/fast-check.ts", "fast-check"],
  ["resolvable", "src/core/gone.ts", "./gone-for-good.ts"],
  ["no-cycles", "src/ring/one.ts", "./two.ts"],
];

test("each crossing is refused by the name of its rule", async (t) => {
  const planted = crossings.map(([, file, imports]) => [file, importing(imports)]);
  const folder = await plantedHouse(t, {
    ...neighbours,
    ...Object.fromEntries(planted),
    "src/ring/two.ts": importing("./one.ts"),
  });
  const expected = crossings.map(([rule, file]) => `${rule}: ${file}`);
  assert.deepEqual(violations(folder), expected.sort());
});
