/**
 * Plants each banned thing in a file of its own and expects the linter, with this house's rules, to
 * refuse it: a rule that stopped working looks exactly like clean code.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join, relative } from "node:path";
import { test } from "node:test";
import { root } from "../../../scripts/root.ts";
import { plantedHouse, type Sources } from "./planted.ts";

interface Report {
  readonly diagnostics: readonly {
    readonly severity: string;
    readonly location: { readonly path: string };
  }[];
}

/** Which of the planted files the linter refuses. */
function refused(folder: string): Set<string> {
  const biome = join(root, "node_modules/.bin/biome");
  const flags = ["--vcs-enabled=false", "--reporter=json", "--max-diagnostics=none"];
  const { stdout } = spawnSync(biome, ["lint", ...flags, "src"], {
    cwd: folder,
    encoding: "utf8",
  });
  const report: Report = JSON.parse(stdout);
  const errors = report.diagnostics.filter(({ severity }) => severity === "error");
  return new Set(errors.map(({ location }) => relative(folder, join(folder, location.path))));
}

const modules = ["net", "fs", "fs/promises", "child_process", "http", "timers/promises", "os"];
const outsideWorld: readonly string[] = [
  "export const at = Date.now();",
  "export const at = new Date();",
  "export const at = performance.now();",
  "export const draw = Math.random();",
  "export const draw = crypto.randomUUID();",
  "setTimeout(() => {}, 1);",
  "setInterval(() => {}, 1);",
  "setImmediate(() => {});",
  "globalThis.setTimeout(() => {}, 1);",
  'import { randomBytes } from "node:crypto";\nexport const draw = randomBytes(1);',
  'export const late = await import("node:fs");',
  ...modules.flatMap((name) => [
    `import * as outside from "node:${name}";\nexport const all = outside;`,
    `import * as outside from "${name}"; export const all = outside;`,
  ]),
];
const processWide: readonly string[] = [
  'export const home = process.env["HOME"];',
  "process.exit(1);",
  'import { env } from "node:process";\nexport const home = env["HOME"];',
];

/** One file in `room` for each piece of code. */
function plant(room: string, codes: readonly string[]): Sources {
  return Object.fromEntries(codes.map((code, at) => [`src/${room}/planted-${at}.ts`, code]));
}

const pureRooms = ["core", "otp", "wire", "membership", "ring", "store", "services"];
for (const room of [...pureRooms, "actors", "supervisors", "api"]) {
  test(`src/${room} may touch neither the outside world nor the process`, async (t) => {
    const sources = plant(room, [...outsideWorld, ...processWide]);
    const found = refused(await plantedHouse(t, sources));
    for (const [file, code] of Object.entries(sources)) assert.ok(found.has(file), code);
  });
}

const outerRooms = ["node", "transport", "storage", "interface", "providers", "keeper"];
for (const room of [...outerRooms, "client", "shell", "simulator"]) {
  test(`src/${room} may touch the outside world, and not the process`, async (t) => {
    const allowed = plant(room, [
      "export const at = Date.now() + performance.now() + Math.random();",
      "setTimeout(() => {}, 1);",
      'import { readFileSync } from "node:fs";\nexport const read = readFileSync;',
    ]);
    const banned = plant(`${room}/banned`, processWide);
    const found = refused(await plantedHouse(t, { ...allowed, ...banned }));
    assert.deepEqual([...found].sort(), Object.keys(banned).sort());
  });
}

test("src/cli may read the process's environment and end it", async (t) => {
  const found = refused(await plantedHouse(t, plant("cli", processWide)));
  assert.deepEqual([...found], []);
});
