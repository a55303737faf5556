import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Deployment,
  deployed,
  deployResult,
  rolledBack,
} from "../../../src/services/deploy.ts";
import type { Spec } from "../../../src/services/group.ts";
import { parseGroupSpec } from "../../../src/services/group-spec.ts";
import type { GroupRecord } from "../../../src/services/records.ts";
import { parseSpec } from "../../../src/services/spec.ts";
import { validSpec } from "./arbitraries.ts";

const web = parseSpec({ name: "web", provider: "bash", params: { a: 1, b: [1, 2] } });

function running(group: GroupRecord): Deployment {
  return { group, stamp: "s1", run: "running" };
}

test("the first deploy of a name creates it", () => {
  const { result, record } = deployed(undefined, web, "u1");
  assert.equal(result, "created");
  assert.deepEqual(record, { name: "web", uid: "u1", spec: web, generation: 1 });
});

test("a changed spec is the next generation of the same creation", () => {
  const { record } = deployed(undefined, web, "u1");
  const spec = parseSpec({ name: "web", provider: "bash", params: { a: 1, b: [2, 1] } });
  const next = deployed(running(record), spec, "u2");
  assert.equal(next.result, "updated");
  const previous = { spec: web, stamp: "s1" };
  assert.deepEqual(next.record, { name: "web", uid: "u1", spec, generation: 2, previous });
});

test("the same spec changes nothing: order of keys and defaults spelt out do not count", () => {
  const { record } = deployed(undefined, web, "u1");
  const same = parseSpec({
    params: { b: [1, 2], a: 1 },
    provider: "bash",
    name: "web",
    restart: { policy: "always", max: "1m" },
    stop: { grace: "10000ms" },
  });
  const next = deployed(running(record), same, "u2");
  assert.equal(next.result, "unchanged");
  assert.equal(next.record, record);
});

test("the same spec starts what was stopped, as the generation that it is", () => {
  const { record } = deployed(undefined, web, "u1");
  const next = deployed({ ...running(record), run: "stopped" }, web, "u2");
  assert.deepEqual(next, { result: "updated", record });
});

test("a rollback is a generation more, with the spec before and the reason, and goes back and forth", () => {
  const { record } = deployed(undefined, web, "u1");
  assert.equal(rolledBack(running(record), "asked for"), undefined);
  const spec = parseSpec({ name: "web", provider: "bash", params: {} });
  const { record: second } = deployed(running(record), spec, "u2");
  const back = rolledBack({ ...running(second), stamp: "s2" }, "asked for");
  assert.deepEqual(back, {
    ...record,
    generation: 3,
    previous: { spec, stamp: "s2" },
    rollback: "asked for",
  });
  const again = rolledBack({ ...running(back ?? record), stamp: "s3" }, "asked for");
  assert.deepEqual([again?.spec, again?.generation], [spec, 4]);
});

test("a group has a new version when a task of it changes, comes or goes; a strategy is none", () => {
  const shop = (services: readonly object[], strategy = "one_for_one") =>
    parseGroupSpec({ name: "shop", strategy, services });
  const [a, b] = [
    { name: "a", provider: "bash" },
    { name: "b", provider: "bash" },
  ];
  const { record, result } = deployed(undefined, shop([a, b]), "u1");
  assert.equal(result, "created");
  const isVersion = (spec: Spec) => {
    const next = deployed({ ...running(record), stamp: "s1" }, spec, "u2");
    assert.equal(next.result, "updated");
    return next.record.previous !== undefined;
  };
  assert.equal(isVersion(shop([a, { ...b, env: { A: "1" } }])), true);
  assert.equal(isVersion(shop([a])), true);
  assert.equal(isVersion(shop([a, b, { name: "c", provider: "bash" }])), true);
  assert.equal(isVersion(shop([a, b], "one_for_all")), false);
  assert.equal(isVersion(shop([b, a])), false);
  const more = deployed({ ...running(record), stamp: "s1" }, shop([{ ...a, instances: 3 }]), "u2");
  const back = rolledBack({ ...running(more.record), stamp: "s2" }, "asked for");
  assert.deepEqual(back?.spec, shop([{ ...a, instances: 3 }, b]), "as many as there are now");
});

test("a spec is unchanged against itself, and updated by any difference in env", () => {
  fc.assert(
    fc.property(validSpec, (input) => {
      const spec = parseSpec(input);
      assert.equal(deployResult(spec, parseSpec(input)), "unchanged");
      const other = parseSpec({ ...input, env: { ...input.env, other_: "x" } });
      assert.equal(deployResult(spec, other), "updated");
    }),
  );
});

test("a change that needs no new task is no version to go back to, and a rollback keeps the number", () => {
  const { record } = deployed(undefined, web, "u1");
  const scaled = deployed(running(record), { ...web, instances: 3 }, "u2").record;
  assert.equal(scaled.previous, undefined);
  const spec = parseSpec({ name: "web", provider: "bash", params: { a: 2 }, instances: 3 });
  const changed = deployed({ ...running(scaled), stamp: "s2" }, spec, "u3").record;
  const more = deployed(
    { ...running(changed), stamp: "s3" },
    { ...spec, instances: 5 },
    "u4",
  ).record;
  assert.equal(more.previous?.stamp, "s2");
  const back = rolledBack({ ...running(more), stamp: "s4" }, "asked for");
  assert.deepEqual(back?.spec, { ...web, instances: 5 });
});
