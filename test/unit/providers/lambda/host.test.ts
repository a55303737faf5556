import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { asInstanceId } from "../../../../src/core/ids.ts";
import { silentLog } from "../../../../src/core/log.ts";
import { hostSocket } from "../../../../src/providers/lambda/host-config.ts";
import { createLambda } from "../../../../src/providers/lambda/lambda.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const instance = asInstanceId("0123456789abcdef");
const { PATH = "" } = process.env;

test("a connection to a host is used again, and nothing is left on it by each invocation", async (t) => {
  const warned: string[] = [];
  const warn = ({ message }: Error) => warned.push(message);
  process.on("warning", warn);
  t.after(() => process.off("warning", warn));
  const { invoke } = await startEcho(t);
  for (let n = 0; n < 12; n++) assert.equal(await invoke(String(n)), String(n));
  assert.deepEqual(warned, []);
});

test("a node that is killed while it hands an event over leaves the host unharmed", async (t) => {
  const { invoke, folder } = await startEcho(t);
  await invoke("1");
  const socket = connect(join(folder, "instances", instance, "work", hostSocket));
  await once(socket, "connect");
  socket.write("POST / HTTP/1.1\r\nHost: host\r\nContent-Length: 1000\r\n\r\nhalf of it");
  await invoke("2"); // By then the host has read that, too.
  socket.destroy();
  assert.equal(await invoke("3"), "3");
});

/** A function that answers its event. */
async function startEcho(t: TestContext) {
  const alive = setInterval(() => {}, 1_000); // A provider alone keeps no process from ending.
  const closers: (() => Promise<void>)[] = [];
  // Registered before the folder is made, since what is registered first is done first.
  t.after(async () => {
    clearInterval(alive);
    for (const close of closers) await close();
  });
  const folder = await tempFolder(t);
  const provider = createLambda({ folder, node: "tested", env: { PATH }, log: silentLog });
  closers.push(async () => {
    await provider.remove(instance);
    await provider.close();
  });
  const params = provider.parseParams({ code: "exports.handler = async (event) => event;" });
  const logs = { fileBytesMax: 1e6, filesMax: 2 };
  const handle = await provider.start(instance, params, {
    service: "echo",
    attempt: 1,
    env: {},
    logs,
  });
  const task = await provider.adopt({ instance, attempt: 1, handle });
  assert.ok(!("gone" in task));
  const { invocable } = provider;
  assert.ok(invocable);
  const invoke = async (event: string) => (await invocable.invoke(instance, event)).answer;
  return { folder, invoke };
}
