import assert from "node:assert/strict";
import { test } from "node:test";
import { measureInstances } from "../../../src/actors/measurements.ts";
import { type Measured, measuredMax, type Use } from "../../../src/actors/meter.ts";
import type { Operations } from "../../../src/actors/operations.ts";
import type { InstanceInfo, ServiceInfo } from "../../../src/actors/service-view.ts";
import { NotFound, Unreachable } from "../../../src/core/errors.ts";
import { asInstanceId, asNodeId, asServiceName, type InstanceId } from "../../../src/core/ids.ts";
import { noResources } from "../../../src/core/resources.ts";
import { NoSuchActor } from "../../../src/otp/errors.ts";
import { instanceInfo } from "../../support/instance-info.ts";

const use: Use = {
  ...{ cpuMs: 10, cpuPercent: 1, memoryBytes: 2 },
  ...{ limits: noResources, uptimeMs: 3 },
};

let last = 0;
function instanceOf(name: string, slot: number, more: Partial<InstanceInfo> = {}): InstanceInfo {
  last++;
  return instanceInfo({
    name: asServiceName(name),
    group: name.split("/")[0] ?? name,
    instance: asInstanceId(last.toString(16).padStart(16, "0")),
    slot,
    node: asNodeId("a"),
    provider: "bash",
    ...more,
  });
}

interface Called {
  readonly node: string;
  readonly instances: readonly InstanceId[];
}

/** A network of those instances. `answer` is what the meter of a node answers; default: all that it is asked for. */
function networkOf(
  all: readonly InstanceInfo[],
  answer: (called: Called) => readonly Measured[] = ({ instances }) =>
    instances.map((instance) => ({ instance, use })),
) {
  const calls: Called[] = [];
  const under = (name: string) =>
    all.filter((one) => one.name === name || one.name.startsWith(`${name}/`));
  const call = async (target: { readonly node: string }, _method: string, request: Called) => {
    const called = { node: target.node, instances: request.instances };
    calls.push(called);
    return answer(called);
  };
  const operations = {
    has: (name: string) => under(name).length > 0,
    instances: () => all,
    instancesOf: (name: string) => all.filter((one) => one.name === name),
    service(name: string) {
      if (under(name).length === 0) throw new NotFound(`there is no service ${name}`);
      return { instances: under(name) } as unknown as ServiceInfo;
    },
    call: call as unknown as Operations["call"],
  };
  return {
    calls,
    async measure(...names: string[]) {
      const told = await measureInstances(operations, names);
      return told.map(({ instance: { name, slot }, use: used, why }) => [
        `${name}/${slot}`,
        used === undefined ? why : "told",
      ]);
    },
  };
}

test("services, groups and slots are meant by their names, each instance once", async () => {
  const network = networkOf([
    instanceOf("web", 0),
    instanceOf("web", 1),
    instanceOf("shop/db", 0),
    instanceOf("shop/api", 0),
  ]);
  const { measure } = network;
  assert.deepEqual(await measure("web/1", "shop", "web/1"), [
    ["web/1", "told"],
    ["shop/db/0", "told"],
    ["shop/api/0", "told"],
  ]);
  assert.equal((await measure()).length, 4);
  assert.deepEqual(await measure("shop/db"), [["shop/db/0", "told"]]);
  const told = network.calls.length;
  await assert.rejects(measure("web", "nobody"), { message: "there is no service nobody" });
  await assert.rejects(measure("web/7"), { message: "web has no instance 7" });
  await assert.rejects(measure("nobody/0"), { message: "there is no service nobody/0" });
  assert.equal(network.calls.length, told, "nobody is asked then");
});

test("each node is asked once, and one that cannot be asked takes no other along", async () => {
  const [b, c] = [asNodeId("b"), asNodeId("c")];
  const network = networkOf(
    [
      instanceOf("web", 0),
      instanceOf("web", 1, { node: b }),
      instanceOf("web", 2),
      instanceOf("web", 3, { node: c }),
    ],
    ({ node, instances }) => {
      if (node === "b") throw new Unreachable("the node b is away, and cannot be asked");
      if (node === "c") throw new NoSuchActor("meter");
      return instances.map((instance) => ({ instance, use })).toReversed();
    },
  );
  assert.deepEqual(await network.measure("web"), [
    ["web/0", "told"],
    ["web/1", "the node b is away, and cannot be asked"],
    ["web/2", "told"],
    ["web/3", "its node is of a version that does not tell what tasks use"],
  ]);
  assert.deepEqual(network.calls.map(({ node }) => node).toSorted(), ["a", "b", "c"]);
});

test("what does not run is asked of nobody, and says how it is", async () => {
  const network = networkOf([
    instanceOf("web", 0, { state: "failed", reason: "exit code 1" }),
    instanceOf("web", 1, { state: "pending", node: null, instance: null }),
  ]);
  assert.deepEqual(await network.measure("web"), [
    ["web/0", "it is failed, exit code 1"],
    ["web/1", "it is pending"],
  ]);
  assert.deepEqual(network.calls, []);
});

test("why one instance cannot be measured is its own affair", async () => {
  const all = [instanceOf("web", 0), instanceOf("web", 1), instanceOf("web", 2)];
  const network = networkOf(all, ({ instances: [first, second] }) => [
    ...(first === undefined ? [] : [{ instance: first, use }]),
    ...(second === undefined ? [] : [{ instance: second, why: "its engine is away" }]),
  ]);
  assert.deepEqual(await network.measure("web"), [
    ["web/0", "told"],
    ["web/1", "its engine is away"],
    ["web/2", "its node told nothing of it"],
  ]);
});

test("a node with more instances than fit one question is asked several", async () => {
  const all = Array.from({ length: 2 * measuredMax + 1 }, (_, slot) => instanceOf("web", slot));
  const network = networkOf(all);
  assert.ok((await network.measure("web")).every(([, told]) => told === "told"));
  assert.deepEqual(
    network.calls.map(({ instances }) => instances.length),
    [measuredMax, measuredMax, 1],
  );
});
