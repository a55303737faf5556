/**
 * What every transport must do, whatever carries its frames. Run by each implementation's own test
 * file; a transport that passes can be put under a node.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Unavailable, Unreachable } from "../../src/core/errors.ts";
import type { NodeId } from "../../src/core/ids.ts";
import { type Connection, DialRefused, type Transport } from "../../src/transport/transport.ts";
import { eventually } from "../support/eventually.ts";

export interface TransportUnderTest {
  readonly transport: Transport;
  /** Whose it is. */
  readonly node: NodeId;
  /** An address to listen on, any port. */
  readonly anyAddress: string;
}

/** Small enough to fill it in a test. */
export const queueBytesMaxUnderTest = 64 * 1024;

/** Both ends of a new connection, closed after the test. */
async function pair(t: TestContext, { transport, anyAddress }: TransportUnderTest) {
  const accepted: Connection[] = [];
  const listener = await transport.listen(anyAddress, (connection) => accepted.push(connection));
  t.after(() => listener.close());
  const dialed = await transport.dial(listener.address);
  const other = await eventually(() => accepted[0], "the listener gets the connection");
  other.admit();
  t.after(() => {
    dialed.close();
    other.close();
  });
  return { dialed, accepted: other };
}

function received(connection: Connection): Uint8Array[] {
  const frames: Uint8Array[] = [];
  connection.onFrame((frame) => frames.push(Uint8Array.from(frame)));
  return frames;
}

function ended(connection: Connection): { times: number } {
  const end = { times: 0 };
  connection.onClose(() => {
    end.times += 1;
  });
  return end;
}

const numbered = (n: number) => Uint8Array.of(n >> 8, n & 0xff);

export function transportSuite(name: string, make: () => TransportUnderTest): void {
  test(`${name}: frames arrive whole and in order, both ways`, async (t) => {
    const { dialed, accepted } = await pair(t, make());
    const there = received(accepted);
    const here = received(dialed);
    for (let n = 0; n < 1_000; n++) {
      assert.ok(dialed.send(numbered(n)));
      assert.ok(accepted.send(numbered(n)));
    }
    await eventually(
      () => there.length === 1_000 && here.length === 1_000,
      "1,000 frames each way",
    );
    assert.deepEqual(
      there,
      Array.from({ length: 1_000 }, (_, n) => numbered(n)),
    );
    assert.deepEqual(here, there);
  });

  test(`${name}: empty frames and large ones arrive as they were sent`, async (t) => {
    const { dialed, accepted } = await pair(t, make());
    const there = received(accepted);
    const sizes = [0, 1, queueBytesMaxUnderTest / 2, 0, 3];
    for (const size of sizes) assert.ok(dialed.send(new Uint8Array(size).fill(size)));
    await eventually(() => there.length === sizes.length, "all sizes");
    assert.deepEqual(
      there,
      sizes.map((size) => new Uint8Array(size).fill(size)),
    );
  });

  test(`${name}: both ends know each other's key, and share what no other connection has`, async (t) => {
    const made = make();
    const { dialed, accepted } = await pair(t, made);
    const other = await pair(t, made);
    assert.deepEqual([dialed.peer, accepted.peer], [made.node, made.node]);
    assert.equal(dialed.keyingMaterial.length, 32);
    assert.deepEqual([...dialed.keyingMaterial], [...accepted.keyingMaterial]);
    assert.notDeepEqual([...dialed.keyingMaterial], [...other.dialed.keyingMaterial]);
  });

  test(`${name}: frames that came before onFrame are kept for it, in order`, async (t) => {
    const { dialed, accepted } = await pair(t, make());
    const here = received(dialed);
    for (let n = 0; n < 100; n++) dialed.send(numbered(n));
    accepted.send(numbered(0)); // Its arrival means that something of the other way had time to.
    await eventually(() => here.length === 1, "the answer");
    const there = received(accepted);
    await eventually(() => there.length === 100, "the kept frames");
    assert.deepEqual(
      there,
      Array.from({ length: 100 }, (_, n) => numbered(n)),
    );
  });

  test(`${name}: a full queue refuses frames, and takes them again when it has drained`, async (t) => {
    const { dialed, accepted } = await pair(t, make());
    const frame = new Uint8Array(1_000);
    let sent = 0;
    while (dialed.send(frame)) sent += 1;
    assert.ok(sent > 0 && sent * frame.length <= queueBytesMaxUnderTest);
    const there = received(accepted);
    await eventually(() => there.length === sent, "what was queued");
    assert.ok(await eventually(() => dialed.send(frame), "room again"));
    await eventually(() => there.length === sent + 1, "the frame after");
  });

  test(`${name}: what was sent before close is delivered, and both ends are told once`, async (t) => {
    const { dialed, accepted } = await pair(t, make());
    const there = received(accepted);
    const ends = [ended(dialed), ended(accepted)];
    for (let n = 0; n < 10; n++) dialed.send(numbered(n));
    dialed.close();
    dialed.close();
    await eventually(() => ends.every(({ times }) => times === 1), "both ends closed");
    assert.equal(there.length, 10);
    accepted.close();
    assert.equal(dialed.send(numbered(1)), false);
    assert.equal(accepted.send(numbered(1)), false);
    await new Promise((turn) => setImmediate(turn));
    assert.deepEqual(ends, [{ times: 1 }, { times: 1 }]);
  });

  test(`${name}: onClose set after the end is still called`, async (t) => {
    const { dialed, accepted } = await pair(t, make());
    const end = ended(accepted);
    received(accepted);
    dialed.close();
    await eventually(() => end.times === 1, "the other end closed");
    const late = ended(accepted);
    await eventually(() => late.times === 1, "the late handler is called");
  });

  test(`${name}: dialing where nobody listens is refused`, async () => {
    const { transport, anyAddress } = make();
    const listener = await transport.listen(anyAddress, () => {});
    await listener.close();
    await assert.rejects(transport.dial(listener.address), (error) => {
      assert.ok(error instanceof DialRefused && error instanceof Unreachable);
      assert.ok(error.message.includes(listener.address));
      return true;
    });
  });

  test(`${name}: an address in use is unavailable, by name, until it is closed`, async () => {
    const { transport, anyAddress } = make();
    const first = await transport.listen(anyAddress, () => {});
    await assert.rejects(
      transport.listen(first.address, () => {}),
      (error) => error instanceof Unavailable && error.message.includes(first.address),
    );
    await first.close();
    const second = await transport.listen(first.address, () => {});
    assert.equal(second.address, first.address);
    await second.close();
  });

  test(`${name}: connections outlive their listener`, async (t) => {
    const { transport, anyAddress } = make();
    const accepted: Connection[] = [];
    const listener = await transport.listen(anyAddress, (connection) => accepted.push(connection));
    const dialed = await transport.dial(listener.address);
    t.after(() => dialed.close());
    const other = await eventually(() => accepted[0], "the listener gets the connection");
    other.admit();
    await listener.close();
    const there = received(other);
    dialed.send(numbered(7));
    await eventually(() => there.length === 1, "a frame after the listener is gone");
  });
}
