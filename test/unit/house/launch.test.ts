/** The launchers at the root, in an installation of their own whose path has a space in it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { root } from "../../../scripts/root.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const built = 'console.log(JSON.stringify(["built", ...process.argv.slice(2)]));';
const source = 'const said: string = "source"; console.log(JSON.stringify([said]));';

/** An installed package: launchers and dist/, no sources. */
async function installation(t: TestContext): Promise<string> {
  const folder = join(await tempFolder(t), "with a space");
  for (const file of ["mob", "mobcli", "scripts/launch.sh"]) {
    cpSync(join(root, file), join(folder, file));
  }
  mkdirSync(join(folder, "dist"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "dist/mob.js"), built);
  writeFileSync(join(folder, "dist/mobcli.js"), built);
  return folder;
}

/** An installation that is a checkout too, with sources that are older than dist/. */
async function checkout(t: TestContext): Promise<string> {
  const folder = await installation(t);
  for (const room of ["src", "bin"]) mkdirSync(join(folder, room));
  writeFileSync(join(folder, "bin/mob.ts"), source);
  writeFileSync(join(folder, "src/planted.ts"), "");
  for (const path of ["src", "src/planted.ts", "bin", "bin/mob.ts", "package.json"]) {
    utimesSync(join(folder, path), 1, 1);
  }
  return folder;
}

function run(program: string, ...args: string[]) {
  return spawnSync(program, args, { cwd: "/", encoding: "utf8" });
}

test("a link to a launcher runs what is built, from any folder, with its arguments whole", async (t) => {
  const folder = await installation(t);
  for (const program of ["mob", "mobcli"]) {
    const link = join(folder, `${program} link`);
    symlinkSync(join(folder, program), link);
    const { stdout } = run(link, "-d", "{ 'name': \"a  b\" }", "");
    assert.deepEqual(JSON.parse(stdout), ["built", "-d", "{ 'name': \"a  b\" }", ""]);
  }
});

test("a launcher passes the exit code on", async (t) => {
  const folder = await installation(t);
  writeFileSync(join(folder, "dist/mob.js"), "process.exitCode = 6;");
  assert.equal(run(join(folder, "mob")).status, 6);
});

test("a checkout runs what is built while no source is newer", async (t) => {
  const { stdout } = run(join(await checkout(t), "mob"));
  assert.deepEqual(JSON.parse(stdout), ["built"]);
});

test("a checkout runs the sources when one is newer than what is built", async (t) => {
  const folder = await checkout(t);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  utimesSync(join(folder, "dist/mob.js"), 2, 2);
  utimesSync(join(folder, "src/planted.ts"), 3, 3);
  const { stdout } = run(join(folder, "mob"));
  assert.deepEqual(JSON.parse(stdout), ["source"]);
});

test("a checkout that is neither built nor installed says what to do", async (t) => {
  const folder = await checkout(t);
  utimesSync(join(folder, "src/planted.ts"), new Date(), new Date(Date.now() + 60_000));
  const { status, stderr } = run(join(folder, "mob"));
  assert.equal(status, 1);
  assert.match(stderr, /run `npm ci` in .*with a space/);
});

test("a launcher leaves a user's own setting of memory arenas alone, and marks its own", async (t) => {
  const folder = await installation(t);
  const tell =
    "const { MALLOC_ARENA_MAX: n, MOB_SET_ARENAS: own } = process.env; console.log(n, own);";
  writeFileSync(join(folder, "dist/mob.js"), tell);
  const { MALLOC_ARENA_MAX: _n, MOB_SET_ARENAS: _own, ...env } = process.env;
  const said = (more: NodeJS.ProcessEnv) =>
    spawnSync(join(folder, "mob"), { encoding: "utf8", env: { ...env, ...more } }).stdout.trim();
  assert.equal(said({}), "1 1");
  assert.equal(said({ MALLOC_ARENA_MAX: "7" }), "7 undefined");
});
