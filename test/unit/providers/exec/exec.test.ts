import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, lstat, readFile, realpath, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { asInstanceId } from "../../../../src/core/ids.ts";
import { silentLog } from "../../../../src/core/log.ts";
import { createExec } from "../../../../src/providers/exec/exec.ts";
import type { Provider } from "../../../../src/providers/provider.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const { PATH = "/usr/bin:/bin" } = process.env;
const isRoot = process.getuid?.() === 0;
const needsRoot = { skip: isRoot ? false : "only root can run tasks as another user" };
const needsNoRoot = { skip: isRoot ? "root can run tasks as another user" : false };
const logs = { fileBytesMax: 1e6, filesMax: 1 };

/** A provider, and what runs a task of it to its end and returns its output. */
async function startExec(t: TestContext, env: Readonly<Record<string, string>> = {}) {
  const alive = setInterval(() => {}, 1_000);
  const instance = asInstanceId(randomBytes(8).toString("hex"));
  let provider: Provider | undefined;
  // Registered before the folder is made, since what is registered first is done first.
  t.after(async () => {
    clearInterval(alive);
    await provider?.remove(instance);
    await provider?.close();
  });
  const folder = await realpath(await tempFolder(t));
  const made = createExec({ folder, node: "test", env: { PATH, ...env }, log: silentLog });
  provider = made;
  const instanceFolder = join(folder, "instances", instance);
  const start = (input: unknown, own: Readonly<Record<string, string>> = {}, attempt = 1) =>
    made.start(instance, made.parseParams(input), {
      service: "tested",
      attempt,
      env: own,
      logs,
    });
  const run = async (input: unknown, own?: Readonly<Record<string, string>>) => {
    const handle = await start(input, own);
    const task = await made.adopt({ instance, attempt: 1, handle });
    const exit = "gone" in task ? task.exit : (await task.exited).exit;
    const text = await readFile(join(instanceFolder, "output"), "utf8");
    assert.deepEqual(exit, { kind: "exited", code: 0 }, text);
    return text;
  };
  return { provider: made, folder, instance, instanceFolder, start, run };
}

test("arguments reach the program as they are: no shell reads them", async (t) => {
  const { run } = await startExec(t);
  const args = ["$HOME", "a  b", "", "*", "`id`", "; exit 1", "'\"\n", "é"];
  assert.equal(await run({ program: "printf", args: ["[%s]", ...args] }), `[${args.join("][")}]`);
});

test("a task runs in its own folder, or in the one asked for", async (t) => {
  const own = await startExec(t);
  assert.equal(await own.run({ program: "pwd" }), `${own.instanceFolder}/work\n`);
  const there = await startExec(t);
  assert.equal(await there.run({ program: "pwd", cwd: there.folder }), `${there.folder}\n`);
});

test("a program is looked up on the PATH of the service before that of the node", async (t) => {
  const { run, folder } = await startExec(t);
  await writeFile(join(folder, "pwd"), "#!/bin/sh\necho mine\n");
  await chmod(join(folder, "pwd"), 0o755);
  assert.equal(await run({ program: "pwd" }, { PATH: folder }), "mine\n");
});

test("what cannot be had names its parameter, and leaves nothing", async (t) => {
  const { start, provider, folder } = await startExec(t);
  await assert.rejects(start({ program: "/no/such" }), {
    code: "unavailable",
    message: "params.program: /no/such does not exist on this node",
  });
  await assert.rejects(start({ program: "pwd", cwd: `${folder}/none` }), {
    code: "unavailable",
    message: `params.cwd: ${folder}/none does not exist on this node`,
  });
  assert.deepEqual(await provider.list(), []);
});

test("a task that runs is found by a second start, though its program is gone", async (t) => {
  const { start, folder } = await startExec(t);
  const program = join(folder, "sleeper");
  await writeFile(program, "#!/bin/sh\nexec sleep 1000\n");
  await chmod(program, 0o755);
  const handle = await start({ program });
  await unlink(program);
  assert.deepEqual(await start({ program }), handle);
  await assert.rejects(start({ program }, {}, 2), { code: "unavailable" });
});

test("a user is refused by a node that does not run as root", needsNoRoot, async (t) => {
  const { start } = await startExec(t);
  await assert.rejects(start({ program: "id", user: "nobody" }), {
    code: "unavailable",
    message: `params.user: only a node that runs as root can do so, and this one runs as uid ${process.getuid?.()}`,
  });
});

test(
  "as a user, a task has its ids, its groups, its home and no capability",
  needsRoot,
  async (t) => {
    const { run, provider } = await startExec(t, { HOME: "/root", USER: "root", LOGNAME: "root" });
    const probed = await provider.probe();
    assert.ok(probed.available && probed.features.includes("user"));
    const script =
      'id -u; id -g; id -G; echo "$HOME $USER $LOGNAME"; grep -E "Cap(Inh|Prm|Eff|Amb)" /proc/self/status';
    const output = await run({ program: "sh", args: ["-c", script], user: "daemon" });
    assert.match(output, /^1\n1\n1\n\/usr\/sbin daemon daemon\n(Cap\w+:\s0+\n){4}$/);
  },
);

test(
  "as a user, a task is refused its volume by name, and nothing of it is left",
  needsRoot,
  async (t) => {
    const { provider, folder, instance } = await startExec(t);
    const at = join(folder, "found");
    const context = { service: "tested", attempt: 1, env: {}, logs };
    const volumes = [{ name: "data", folder, at }];
    const params = provider.parseParams({ program: "id", user: "daemon" });
    await assert.rejects(provider.start(instance, params, { ...context, volumes }), {
      code: "unavailable",
      message: "user: volume data is in the node's data folder, which is closed to other users",
    });
    await assert.rejects(lstat(at), { code: "ENOENT" });
    assert.deepEqual(await provider.list(), []);
  },
);

test("as a user with a group, that is the task's group, and its files'", needsRoot, async (t) => {
  const { run, instanceFolder } = await startExec(t);
  const output = await run({ program: "sh", args: ["-c", "id -g; touch made"], user: "daemon:3" });
  assert.equal(output, "3\n");
  const made = await stat(join(instanceFolder, "work", "made"));
  assert.deepEqual([made.uid, made.gid], [1, 3]);
});

test("a uid that no user has needs a group, and has no other", needsRoot, async (t) => {
  const { run, start } = await startExec(t);
  await assert.rejects(start({ program: "id", user: 54_321 }), {
    message: /^params\.user: there is no user 54321 on this node, so a group is needed too/,
  });
  const script = 'id -u; id -G; echo "$HOME $USER"';
  const output = await run({ program: "sh", args: ["-c", script], user: "54321:54322" });
  assert.equal(output, "54321\n54322\n/ 54321\n");
});

test("a user and a group that are not there are told by name", needsRoot, async (t) => {
  const { start } = await startExec(t);
  for (const [user, missing] of [
    ["no-such", "user no-such"],
    ["1e3", "user 1e3"],
    ["daemon:no-such", "group no-such"],
  ]) {
    await assert.rejects(start({ program: "id", user }), {
      message: `params.user: there is no ${missing} on this node`,
    });
  }
});

test(
  "a user's task opens its output again and its folder is its own, what holds both is not",
  needsRoot,
  async (t) => {
    const { run, instanceFolder } = await startExec(t);
    const script =
      "echo one >>/dev/stdout; echo two >file; cat file; ls .. 2>/dev/null || echo shut";
    assert.equal(
      await run({ program: "sh", args: ["-c", script], user: "nobody" }),
      "one\ntwo\nshut\n",
    );
    const mode = (await stat(instanceFolder)).mode & 0o777;
    assert.equal(mode, 0o700);
  },
);

test("the service's own HOME counts more than the user's", needsRoot, async (t) => {
  const { run } = await startExec(t);
  const params = { program: "sh", args: ["-c", 'echo "$HOME"'], user: "daemon" };
  assert.equal(await run(params, { HOME: "/srv" }), "/srv\n");
});
