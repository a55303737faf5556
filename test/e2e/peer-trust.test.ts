/**
 * Attackers at the peers' side of the port, over real TLS: whoever does not prove the network's key over
 * the very connection, as the node whose key it shows, gets "not proven" and not a word more.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createServer, type TLSSocket } from "node:tls";
import { createNodeKey, openNodeKey } from "../../src/trust/node-key.ts";
import { peerProtocol } from "../../src/wire/preface.ts";
import { eventually } from "../support/eventually.ts";
import { Lab, type MobNode } from "../support/mob-node.ts";
import { keyRingOf, openTls, RawPeer } from "../support/raw-peer.ts";

/** A peer's hello is refused, and nothing about the node is told. */
async function isTurnedAway(peer: RawPeer): Promise<void> {
  await peer.closed();
  assert.deepEqual(peer.received, [{ kind: "refuse", code: "not_proven", message: "" }]);
}

async function isAlone(node: MobNode): Promise<void> {
  assert.equal((await node.json<unknown[]>("nodes")).length, 1);
}

test("a wrong key, a proof of another connection and a stolen node id are turned away alike", async (t) => {
  const node = await (await Lab.open(t)).start();
  const { port } = node;
  const keyRing = keyRingOf(node);

  const wrongKey = await RawPeer.secure({ port });
  wrongKey.send(wrongKey.hello({ network: keyRing.network }));
  await isTurnedAway(wrongKey);

  const key = await createNodeKey();
  const earlier = await RawPeer.secure({ port, key, keyRing });
  const replayed = earlier.hello();
  earlier.close();
  const replaying = await RawPeer.secure({ port, key, keyRing });
  replaying.send(replayed);
  await isTurnedAway(replaying);

  const victim = await createNodeKey();
  const thief = await RawPeer.secure({ port, keyRing });
  thief.send(thief.hello({ node: victim.id, proof: thief.proof(victim.id) }));
  await isTurnedAway(thief);
  await isAlone(node);
  const refusals = node.printed.split("\n").filter((line) => line.includes("was refused"));
  assert.equal(refusals.length, 1, "one line a minute for each source");
  assert.match(refusals[0] ?? "", /from=127\.0\.0\.1.*code=not_proven/);
});

test("a peer without a certificate is hung up on, and told nothing", async (t) => {
  const node = await (await Lab.open(t)).start();
  const nameless = await openTls(node.port);
  let told = 0;
  nameless.on("data", (chunk) => {
    told += chunk.length;
  });
  await eventually(() => nameless.closed, "the end of the connection");
  assert.equal(told, 0);
  await isAlone(node);
});

test("nodes whose traffic a man in the middle relays do not come together, and say so", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = [await lab.start(), await lab.start()];
  const { port, relayed } = await manInTheMiddle(t, b.port);
  const { code, stderr } = await a.try("join", `127.0.0.1:${port}`);
  assert.equal(code, 1);
  assert.match(stderr, /network\.key|another network/);
  assert.ok(relayed() > 0, "the attack took place");
  await Promise.all([isAlone(a), isAlone(b)]);
});

test("a node of another network is refused with what is wrong, and is never merged", async (t) => {
  const [ours, theirs] = [await Lab.open(t), await Lab.open(t)];
  const [a, b] = [await ours.start(), await theirs.start()];
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const { code, stderr } = await from.try("join", `127.0.0.1:${to.port}`);
    assert.equal(code, 1);
    assert.match(stderr, /another network, or of this one with another key/);
  }
  await Promise.all([isAlone(a), isAlone(b)]);
  assert.doesNotMatch(a.printed + b.printed, new RegExp(keyRingOf(b).network));
});

test("a node keeps its id for as long as its key is there, and is another without it", async (t) => {
  const node = await (await Lab.open(t)).start();
  const idOf = async () => (await node.json<{ id: string }[]>("nodes"))[0]?.id;
  const pem = join(node.dataFolder, "node.pem");
  const { id, privateKey } = await openNodeKey(pem);
  assert.equal(await idOf(), id);
  await node.crash();
  await node.start();
  assert.equal(await idOf(), id);
  await node.crash();
  rmSync(pem);
  await node.start();
  assert.notEqual(await idOf(), id);
  assert.equal((await node.json<unknown[]>("nodes")).length, 1);
  assert.ok(!node.printed.includes(privateKey) && !readFileSync(pem).includes(privateKey));
});

test("a key that cannot be used keeps the node from starting, with what to do", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start();
  await node.crash();
  rmSync(join(lab.home, "network.key"));
  const { code, stderr } = await lab.shell(
    `umask 022; echo nonsense > "$MOB_HOME/network.key"; ./mob -p ${node.port} </dev/null`,
  );
  assert.equal(code, 1);
  assert.match(stderr, /network\.key can be read.*chmod 600/);
});

/** Between two nodes: TLS with each under a key of its own, and all that is said within passed on. */
async function manInTheMiddle(t: TestContext, target: number) {
  const key = await createNodeKey();
  let bytes = 0;
  const server = createServer(
    {
      key: key.privateKey,
      cert: key.certificate,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: [peerProtocol],
    },
    async (victim: TLSSocket) => {
      victim.on("error", () => {});
      const onward = await openTls(target, key);
      onward.on("close", () => victim.destroy());
      victim.on("close", () => onward.destroy());
      for (const [from, to] of [
        [victim, onward],
        [onward, victim],
      ] as const) {
        from.on("data", (chunk) => {
          bytes += chunk.length;
          to.write(chunk);
        });
      }
    },
  );
  t.after(() => server.close());
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { port: address.port, relayed: () => bytes };
}
