import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createClient } from "../../../src/client/client.ts";
import { silentAudit } from "../../../src/core/audit.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { apiChild } from "../../../src/interface/api-actor.ts";
import { realEnv } from "../../../src/node/real-env.ts";
import { supervisor } from "../../../src/otp/supervisor.ts";
import { createSystem } from "../../../src/otp/system.ts";
import { knownTokens } from "../../support/api-tokens.ts";
import { eventually } from "../../support/eventually.ts";
import { aNode, memoryCommands } from "../../support/memory-commands.ts";
import { tempFolder } from "../../support/temp-folder.ts";

async function startApi(t: TestContext, socketPath: string) {
  const system = createSystem({ node: asNodeId("here"), boot: 1, env: realEnv(silentLog) });
  t.after(() => system.shutdown());
  const gate = { tokens: knownTokens(), audit: silentAudit, hosts: [] };
  const options = { commands: memoryCommands(), serveHttp: () => {}, socketPath, gate };
  await system.start(supervisor({ strategy: "one_for_one", children: [apiChild(options)] }));
  const client = createClient({ kind: "local", port: 6666, socketPath });
  t.after(() => client.close());
  return { system, client };
}

test("the API's socket is its user's alone, and is gone with it", async (t) => {
  const socketPath = join(await tempFolder(t), "api.sock");
  const { system, client } = await startApi(t, socketPath);
  assert.deepEqual(await client.nodes(), [aNode]);
  assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  await system.shutdown();
  assert.equal(statSync(socketPath, { throwIfNoEntry: false }), undefined);
});

test("an API that is killed serves the same socket in its next life", async (t) => {
  const socketPath = join(await tempFolder(t), "api.sock");
  const { system, client } = await startApi(t, socketPath);
  const first = system.whereis("api")?.serial;
  system.exit("api", "kill");
  await eventually(() => (system.whereis("api")?.serial ?? first) !== first, "the next life");
  assert.deepEqual(await eventually(() => client.nodes().catch(() => false), "an answer"), [aNode]);
});

test("a file that is in the socket's place is told, and left alone", async (t) => {
  const socketPath = join(await tempFolder(t), "api.sock");
  writeFileSync(socketPath, "mine");
  await assert.rejects(startApi(t, socketPath), /api\.sock is in the way: it is no socket/);
  assert.equal(statSync(socketPath).size, 4);
});
