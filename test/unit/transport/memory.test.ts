import assert from "node:assert/strict";
import { test } from "node:test";
import { asNodeId } from "../../../src/core/ids.ts";
import { createMemoryHub, createMemoryTransport } from "../../../src/transport/memory.ts";
import type { Connection } from "../../../src/transport/transport.ts";
import { queueBytesMaxUnderTest, transportSuite } from "../../conformance/transport-suite.ts";

const node = asNodeId("a".repeat(32));

transportSuite("memory", () => ({
  transport: createMemoryTransport(createMemoryHub(), {
    node,
    queueBytesMax: queueBytesMaxUnderTest,
  }),
  node,
  anyAddress: "10.0.0.1:0",
}));

test("nothing arrives before the hub's schedule says so, and then in order", async () => {
  const due: (() => void)[] = [];
  const transport = createMemoryTransport(
    createMemoryHub((deliver) => due.push(deliver)),
    { node },
  );
  const accepted: Connection[] = [];
  await transport.listen("a:1", (connection) => accepted.push(connection));
  const dialing = transport.dial("a:1");
  assert.equal(accepted.length, 0);
  due.shift()?.();
  const dialed = await dialing;
  const frames: number[] = [];
  accepted.at(0)?.onFrame((frame) => frames.push(frame[0] ?? -1));
  for (const n of [1, 2, 3]) dialed.send(Uint8Array.of(n));
  assert.deepEqual(frames, []);
  for (const deliver of due.splice(0).reverse()) deliver();
  assert.deepEqual(frames, [1, 2, 3]);
});
