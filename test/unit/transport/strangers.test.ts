import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Strangers, type StrangersOptions } from "../../../src/transport/strangers.ts";
import { eventually } from "../../support/eventually.ts";

/** Strangers, and a way to let one more in from one of the addresses that lead to this host. */
async function gate(t: TestContext, options: StrangersOptions) {
  const strangers = new Strangers(options);
  const came: Socket[] = [];
  const server = createServer((socket) => {
    strangers.add(socket);
    came.push(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;
  const enter = async (localAddress = "127.0.0.1"): Promise<Socket> => {
    const count = came.length;
    const socket = connect({ host: "127.0.0.1", port, localAddress });
    socket.on("error", () => {}).resume();
    t.after(() => socket.destroy());
    await eventually(() => came.length > count, "the connection");
    return socket;
  };
  return { strangers, came, enter };
}

test("of one source the oldest gives way to the newest", async (t) => {
  const { strangers, enter } = await gate(t, { perSourceMax: 2, totalMax: 10 });
  const first = await enter();
  const second = await enter();
  const third = await enter();
  await eventually(() => first.closed, "the end of the oldest");
  assert.equal(strangers.size, 2);
  assert.deepEqual([second.closed, third.closed], [false, false]);
});

test("of all sources, the one that has most gives way", async (t) => {
  const { strangers, enter } = await gate(t, { perSourceMax: 10, totalMax: 3 });
  const few = await enter("127.0.0.2");
  const many = await enter();
  const more = await enter();
  const late = await enter("127.0.0.3");
  await eventually(() => many.closed, "the end of the oldest of those that are many");
  assert.equal(strangers.size, 3);
  assert.deepEqual([few.closed, more.closed, late.closed], [false, false, false]);
});

test("who is known, and who has gone, counts no more", async (t) => {
  const { strangers, came, enter } = await gate(t, { perSourceMax: 2, totalMax: 2 });
  const known = await enter();
  strangers.remove(came[0] ?? assert.fail());
  const gone = await enter();
  gone.destroy();
  await eventually(() => strangers.size === 0, "nobody left");
  await enter();
  await enter();
  assert.equal(known.closed, false);
  strangers.close();
  await eventually(() => strangers.size === 0, "nobody left");
  assert.equal(known.closed, false);
});
