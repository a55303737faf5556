import assert from "node:assert/strict";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { PortClaims } from "../../../src/actors/port-claims.ts";
import { asInstanceId } from "../../../src/core/ids.ts";
import { isPortFree } from "../../../src/node/free-port.ts";
import { seededRandom } from "../../../src/simulator/virtual-env.ts";

const [a, b] = [asInstanceId("a".repeat(16)), asInstanceId("b".repeat(16))];

function claims(): PortClaims {
  return new PortClaims(isPortFree, seededRandom(process.pid, "ports"));
}

/** A port that somebody else listens on, on one address alone. */
async function taken(t: TestContext, host = "127.0.0.1"): Promise<number> {
  const server = createServer();
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

test("each of many that start at once has ports of its own", async () => {
  const all = claims();
  const ids = Array.from({ length: 50 }, (_, i) => asInstanceId(`${i}`.padStart(16, "0")));
  const given = await Promise.all(ids.map((id) => all.claim(id, { http: 0, admin: 0 }, {})));
  const numbers = given.flatMap((ports) => Object.values(ports));
  assert.equal(new Set(numbers).size, 100);
  assert.ok(numbers.every((port) => port >= 20_000 && port < 32_000));
});

test("it gets again what it had, unless that is taken by now", async (t) => {
  const all = claims();
  const before = await all.claim(a, { http: 0 }, {});
  all.release(a);
  assert.deepEqual(await all.claim(a, { http: 0 }, before), before);
  all.release(a);
  all.hold(b, before);
  assert.notDeepEqual(await all.claim(a, { http: 0 }, before), before);
  const port = await taken(t);
  assert.notEqual((await all.claim(a, { http: 0 }, { http: port }))["http"], port);
});

test("a fixed port that somebody holds is refused by name, and nothing is kept of the claim", async (t) => {
  const all = claims();
  const port = await taken(t);
  const wanted = { http: 0, admin: port };
  await assert.rejects(
    all.claim(a, wanted, {}),
    new RegExp(`port ${port} \\(ports\\.admin\\) is in use`),
  );
  const own = await all.claim(a, { http: 0 }, {});
  await assert.rejects(all.claim(b, { http: own["http"] ?? 0 }, {}), /is in use on this node/);
  all.release(a);
  assert.deepEqual(await all.claim(b, { http: own["http"] ?? 0 }, {}), own);
});

test("a port is not free while somebody listens on it, on whatever address", async (t) => {
  for (const host of ["127.0.0.1", "0.0.0.0"]) {
    assert.equal(await isPortFree(await taken(t, host)), false, host);
  }
});
