import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalog, type CatalogChange } from "../../../src/actors/catalog.ts";
import { asNodeId, asServiceName } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { keys } from "../../../src/services/keys.ts";
import type { Register } from "../../../src/store/register.ts";

const self = asNodeId("0a".padStart(32, "0"));
const web = asServiceName("web");

function register(key: string, value: unknown): Register {
  return { key, value, stamp: { wall: 1, counter: 0, origin: self }, seen: [] };
}

function told(catalog: Catalog): CatalogChange[] {
  const changes: CatalogChange[] = [];
  catalog.watch((change) => changes.push(change));
  return changes;
}

test("those who watch are told which groups read differently, and nothing of records of no group", () => {
  const catalog = new Catalog(self, silentLog);
  const changes = told(catalog);
  catalog.apply([register("bench/1", "x")]);
  assert.deepEqual(changes, []);
  const run = { uid: "0011223344556677", run: "stopped" };
  catalog.apply([register(keys.runState(web), run), register("bench/1", "y")]);
  assert.deepEqual(changes, [{ kind: "records", names: new Set(["web"]) }]);
});

test("the version is another before anyone is told of a change, and the same while there is none", () => {
  const catalog = new Catalog(self, silentLog);
  let seen = catalog.version;
  const news: boolean[] = [];
  catalog.watch(() => {
    news.push(catalog.version !== seen);
    seen = catalog.version;
  });
  catalog.apply([register(keys.runState(web), { uid: "0011223344556677", run: "stopped" })]);
  catalog.publishView({ version: 1, members: [] });
  assert.deepEqual(news, [true, true]);
  catalog.groups();
  catalog.placements();
  assert.equal(catalog.version, seen);
});
