import assert from "node:assert/strict";
import { test } from "node:test";
import type { Commands, WatchOptions } from "../../../src/api/commands.ts";
import type { ServiceChange } from "../../../src/api/watch-shapes.ts";
import type { Endpoint } from "../../../src/client/endpoint.ts";
import { followChanges } from "../../../src/client/following.ts";
import { Forbidden, Unavailable } from "../../../src/core/errors.ts";
import { type ApiServer, serveApi } from "../../support/api-server.ts";
import { aChange, aNode, memoryCommands } from "../../support/memory-commands.ts";

const change = (n: number): ServiceChange => ({ ...aChange, key: `run/s${n}`, name: `s${n}` });

/** Nodes that tell, each, changes of their own to everyone who watches, and then end as they are told. */
class Nodes {
  readonly asked: WatchOptions[] = [];
  readonly servers: ApiServer[] = [];
  readonly endpoints = new Map<string, Endpoint>();

  async add(tells: number, then: () => unknown, id = aNode.id): Promise<ApiServer> {
    const { asked, endpoints } = this;
    const watch: Commands["watch"] = async (options) => {
      asked.push(options);
      return (async function* () {
        yield [change(tells)];
        await then();
      })();
    };
    const nodes = async () => [...endpoints.keys()].map((address) => ({ ...aNode, id, address }));
    const server = await serveApi(memoryCommands({ watch, nodes }));
    this.servers.push(server);
    endpoints.set(`127.0.0.1:${server.address.port}`, server.endpoint);
    return server;
  }

  follow(through: ApiServer, signal: AbortSignal, moved: string[] = [], giveUpMs = 60_000) {
    return followChanges(
      {
        endpoint: through.endpoint,
        reach: (address) => this.endpoints.get(address),
        onMoved: (to) => moved.push(to),
        giveUpMs,
      },
      signal,
    );
  }

  async close(): Promise<void> {
    for (const server of this.servers) await server.close();
  }
}

async function withNodes(body: (nodes: Nodes) => Promise<void>): Promise<void> {
  const nodes = new Nodes();
  await body(nodes).finally(() => nodes.close());
}

const forever = () => new Promise(() => {});

test("another node is told what was told, and goes on; and the first one again after it", async () => {
  await withNodes(async (nodes) => {
    const first = await nodes.add(1, () => {});
    const second = await nodes.add(2, () => {
      throw new Unavailable("it is stopping");
    });
    const stop = new AbortController();
    const moved: string[] = [];
    const told: string[] = [];
    for await (const changes of nodes.follow(first, stop.signal, moved)) {
      told.push(...changes.map(({ name }) => name));
      if (told.length === 3) stop.abort();
    }
    assert.deepEqual(told, ["s1", "s2", "s1"]);
    const ports = [second, first].map(({ address }) => `127.0.0.1:${address.port}`);
    assert.deepEqual(moved, ports);
    const { key, stamp, removed } = change(1);
    assert.deepEqual(nodes.asked[0]?.told, []);
    assert.deepEqual(nodes.asked[1]?.told, [{ key, stamp, removed }]);
    assert.equal(nodes.asked[2]?.told?.length, 2);
  });
});

test("a node of another network is not gone on through, whatever its address", async () => {
  await withNodes(async (nodes) => {
    const first = await nodes.add(1, () => {});
    await nodes.add(2, forever, "f".repeat(32));
    const stop = new AbortController();
    const told: string[] = [];
    for await (const changes of nodes.follow(first, stop.signal)) {
      told.push(...changes.map(({ name }) => name));
      if (told.length === 2) stop.abort();
    }
    assert.deepEqual(told, ["s1", "s1"]);
  });
});

test("it ends with what no other node would answer otherwise, and where there is none left", async () => {
  await withNodes(async (nodes) => {
    const refusing = await nodes.add(1, () => {
      throw new Forbidden("not any more");
    });
    const { signal } = new AbortController();
    const all = async (through: ApiServer) => {
      for await (const _ of nodes.follow(through, signal, [], 0)) if (nodes.asked.length > 1) break;
    };
    await assert.rejects(all(refusing), { code: "forbidden" });
    const last = await nodes.add(2, () => nodes.close());
    nodes.endpoints.clear();
    nodes.endpoints.set(`127.0.0.1:${last.address.port}`, last.endpoint);
    nodes.asked.length = 0;
    await assert.rejects(all(last), { code: "unreachable" });
  });
});
