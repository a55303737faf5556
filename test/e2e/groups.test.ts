/** Groups of real tasks over real nodes: which are restarted with one that is killed, in which order, and when no more. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { InstanceView, ServiceDetail } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { Lab, type MobNode } from "../support/mob-node.ts";

/** Writes what becomes of it into a file that all share, and when the kernel says that it was started. */
function script(name: string, file: string): string {
  const ticks = `$(cut -d" " -f22 /proc/$$/stat)`;
  const trap = `trap 'echo "-${name}" >> ${file}; exit 0' TERM`;
  return `${trap}; echo "+${name} ${ticks}" >> ${file}; while true; do sleep 0.05; done`;
}

/** First those have ended, in that order, and then these been started, each after those before it. */
function assertRound(
  lines: readonly string[],
  ended: readonly string[],
  started: readonly string[],
): void {
  assert.deepEqual(lines.slice(0, ended.length), ended);
  const starts = lines.slice(ended.length).map((line) => line.split(" "));
  const ticks = new Map(starts.map(([what = "", at]) => [what, Number(at)]));
  assert.deepEqual([...ticks.keys()].sort(), started.toSorted());
  // A task runs before it writes: in which order they were started says the kernel, to 10 ms.
  const inOrder = started.map((what) => ticks.get(what) ?? Number.NaN);
  assert.deepEqual(
    inOrder,
    inOrder.toSorted((one, other) => one - other),
  );
}

interface World {
  readonly a: MobNode;
  readonly b: MobNode;
  readonly bash: (name: string, on: string) => object;
  readonly exec: (name: string, on: string) => object;
  /** What the tasks have written since it was last asked for, once there is as much of it. */
  readonly written: (lines: number) => Promise<readonly string[]>;
}

async function world(lab: Lab): Promise<World> {
  const providers = "bash,exec";
  const a = await lab.start({ providers, args: ["--label", "on=a"] });
  const b = await lab.start({
    providers,
    args: ["--label", "on=b", "--join", `127.0.0.1:${a.port}`],
  });
  const file = join(lab.home, "written");
  let read = 0;
  const on = (label: string) => ({ placement: { constraints: [`label.on == ${label}`] } });
  return {
    a,
    b,
    bash: (name, at) => ({
      name,
      provider: "bash",
      params: { command: script(name, file) },
      ...on(at),
    }),
    exec: (name, at) => ({
      name,
      provider: "exec",
      params: { program: "bash", args: ["-c", script(name, file)] },
      ...on(at),
    }),
    async written(lines) {
      const all = await eventually(async () => {
        const found = (await readFile(file, "utf8")).split("\n").slice(0, -1);
        return found.length >= read + lines && found;
      }, `${lines} more lines of the tasks`);
      const more = all.slice(read);
      read = all.length;
      return more;
    },
  };
}

async function pids(node: MobNode): Promise<Readonly<Record<string, number>>> {
  const { instances } = await node.json<ServiceDetail>("show", "shop");
  const told = instances.map(({ name, handle }) => [name, Number(handle["pid"])] as const);
  return Object.fromEntries(told);
}

/** The instances of shop, once they are so. */
function once(node: MobNode, isSo: (all: readonly InstanceView[]) => boolean, what: string) {
  return eventually(async () => {
    const { instances } = await node.json<ServiceDetail>("show", "shop");
    return isSo(instances) && instances;
  }, what);
}

const allRun = (all: readonly InstanceView[]) => all.every(({ state }) => state === "running");

test("one that is killed takes along whom the strategies name, over nodes and providers, and no one else", async (t) => {
  const { a, b, bash, exec, written } = await world(await Lab.open(t));
  const front = {
    name: "front",
    strategy: "one_for_all",
    services: [bash("api", "b"), exec("web", "a")],
  };
  const shop = {
    name: "shop",
    strategy: "rest_for_one",
    services: [exec("db", "a"), front, bash("mail", "b")],
  };
  await b.deploy(shop);
  assertRound(await written(4), [], ["+db", "+api", "+web", "+mail"]);
  const ls = await a.mob("ls");
  for (const name of ["shop/db", "shop/front/api", "shop/front/web", "shop/mail"]) {
    assert.ok(ls.includes(`${name} `), ls);
  }

  await once(a, allRun, "all to run");
  const first = await pids(a);
  process.kill(first["shop/front/web"] ?? 0, "SIGKILL");
  assertRound(await written(3), ["-api"], ["+api", "+web"]);
  await once(a, allRun, "all to run again");
  const second = await pids(a);
  const changed = (before: typeof first, now: typeof first) =>
    Object.keys(now).filter((name) => before[name] !== now[name]);
  assert.deepEqual(changed(first, second), ["shop/front/api", "shop/front/web"]);

  process.kill(second["shop/db"] ?? 0, "SIGKILL");
  assertRound(await written(7), ["-mail", "-web", "-api"], ["+db", "+api", "+web", "+mail"]);
  await once(a, allRun, "all to run again");
  const third = await pids(a);
  process.kill(third["shop/mail"] ?? 0, "SIGKILL");
  assertRound(await written(1), [], ["+mail"]);
  await once(a, allRun, "all to run again");
  assert.deepEqual(changed(third, await pids(b)), ["shop/mail"]);

  await a.mob("stop", "shop");
  assertRound(await written(4), ["-mail", "-web", "-api", "-db"], []);
  await a.mob("rm", "shop");
  assert.deepEqual(await b.json<InstanceView[]>("ls"), []);
});

test("too many restarts fail a group as one, and a start by a user begins anew", async (t) => {
  const { a, b, bash, exec, written } = await world(await Lab.open(t));
  await a.deploy({
    name: "shop",
    intensity: { restarts: 1, within: "1h" },
    services: [exec("db", "a"), bash("web", "b")],
  });
  assertRound(await written(2), [], ["+db", "+web"]);
  await once(a, allRun, "both to run");
  process.kill((await pids(a))["shop/web"] ?? 0, "SIGKILL");
  assertRound(await written(1), [], ["+web"]);
  await once(a, allRun, "both to run again");
  process.kill((await pids(a))["shop/web"] ?? 0, "SIGKILL");
  assertRound(await written(1), ["-db"], []);
  const failed = await once(b, (all) => all.every(({ state }) => state === "failed"), "failure");
  for (const { reason } of failed) assert.match(reason ?? "", /shop gave up after 1 restarts/);
  await b.mob("start", "shop");
  assertRound(await written(2), [], ["+db", "+web"]);
  await once(b, allRun, "both to run anew");
});
