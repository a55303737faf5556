import assert from "node:assert/strict";
import { test } from "node:test";
import { runMob } from "../../../src/cli/program.ts";
import { withApi } from "../../support/api-server.ts";
import { memoryCommands, someKeys } from "../../support/memory-commands.ts";
import { memoryIo } from "../../support/memory-io.ts";

/** Runs `mob ARGS` against commands in memory; `asked` has the calls. */
async function run(...args: readonly string[]) {
  const asked: unknown[][] = [];
  const commands = memoryCommands({
    rotateKeys: async (...call) => {
      asked.push(call);
      return someKeys;
    },
    issueJoinToken: async (...call) => {
      asked.push(call);
      return { token: "mobjoin1_abc", address: "127.0.0.1:6666", expires: 0 };
    },
  });
  const ran: { readonly code: number; readonly out: string; readonly err: string }[] = [];
  await withApi(commands, async ({ address, env }) => {
    const io = memoryIo({ env });
    const code = await runMob([...args, "-p", String(address.port)], io);
    ran.push({ code, out: io.out(), err: io.err() });
  });
  const [result] = ran;
  assert.ok(result !== undefined);
  return { ...result, asked };
}

test("a join token is printed alone, and what goes with it beside", async () => {
  const { code, asked, out, err } = await run("token", "join", "--for", "10m");
  assert.deepEqual([code, out, asked], [0, "mobjoin1_abc\n", [["10m"]]]);
  assert.match(err, /good once, until 1970.*mob join --token/s);
  assert.match(err, /only nodes of this host reach 127\.0\.0\.1:6666.*--bind/);
});

test("keys are listed by id, with who misses them and the next step", async () => {
  const { out } = await run("key", "list");
  assert.match(out, /ff00ff00ff00ff00\s+installed\s+0\s+7777@box/);
  assert.match(out, /next: mob key use ff00ff00ff00ff00/);
  assert.match(out, /not here now: 8888@box.*mob token join/);
});

test("the steps of a rotation ask for themselves, those about one key with its id", async () => {
  assert.deepEqual((await run("key", "install")).asked, [["install", undefined]]);
  assert.deepEqual((await run("key", "use", "ff")).asked, [["use", "ff"]]);
  assert.deepEqual((await run("key", "remove", "00")).asked, [["remove", "00"]]);
  const replaced = await run("key", "replace");
  assert.deepEqual(replaced.asked, [["replace", undefined]]);
  assert.match(replaced.err, /shut out until each is given a token.*8888@box/);
});

test("a step without its key, a join of no one and a damaged token are bad usage", async () => {
  assert.equal((await run("key", "use")).code, 2);
  const nobody = await run("join");
  assert.equal(nobody.code, 2);
  assert.match(nobody.err, /join whom\? Give host:port of a node, or --token/);
  const damaged = await run("join", "--token", "mobjoin1_abc");
  assert.equal(damaged.code, 2);
  assert.match(damaged.err, /the join token is damaged/);
});
