import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { InvalidSpec } from "../../../src/core/errors.ts";
import { asServiceName } from "../../../src/core/ids.ts";
import { isGroup } from "../../../src/services/group.ts";
import { membersOf, partOf, withInstances } from "../../../src/services/group-members.ts";
import { groupSpecToJson, parseGroupSpec } from "../../../src/services/group-spec.ts";
import { parseSpec, specToJson } from "../../../src/services/spec.ts";
import { validGroup, validSpec } from "./arbitraries.ts";

function service(name: string, more: object = {}) {
  return { name, provider: "bash", params: { command: "true" }, ...more };
}

/** What is wrong, by path. */
function errorsOf(document: unknown): Readonly<Record<string, string>> {
  try {
    parseGroupSpec(document);
    return {};
  } catch (error) {
    if (!(error instanceof InvalidSpec)) throw error;
    return Object.fromEntries(error.details.map(({ path, message }) => [path, message]));
  }
}

const shop = {
  name: "shop",
  strategy: "rest_for_one",
  services: [
    service("db"),
    { name: "front", services: [service("api", { requires: ["db", "shop/db"] }), service("web")] },
    service("mail", { requires: ["front/web", "elsewhere/queue"], instances: 2 }),
  ],
};

test("the services of a group are known by their full names, in the order of their start", () => {
  const members = membersOf(parseGroupSpec(shop));
  assert.deepEqual(
    [...members].map(([name, { path, after }]) => ({ name, path, after })),
    [
      { name: "shop/db", path: "services[0]", after: [] },
      { name: "shop/front/api", path: "services[1].services[0]", after: ["shop/db"] },
      {
        name: "shop/front/web",
        path: "services[1].services[1]",
        after: ["shop/db", "shop/front/api"],
      },
      {
        name: "shop/mail",
        path: "services[2]",
        after: ["shop/db", "shop/front/api", "shop/front/web"],
      },
    ],
  );
});

test("those that start after it end before it, and who restarts it says the group that it is in", () => {
  const members = membersOf(parseGroupSpec(shop));
  const api = members.get(asServiceName("shop/front/api"));
  assert.deepEqual(api?.before, ["shop/front/web", "shop/mail"]);
  const by = [...members.values()].map(({ restartedBy }) => restartedBy);
  assert.deepEqual(by, ["group", "node", "node", "group"]);
});

test("what is required is a sibling first, or in one, and else known by its full name", () => {
  const members = membersOf(parseGroupSpec(shop));
  const requiredBy = (name: string) => members.get(asServiceName(name))?.spec.requires;
  assert.deepEqual(requiredBy("shop/mail"), ["shop/front/web", "elsewhere/queue"]);
  // `db` is no sibling in `front`: it is another group of that name.
  assert.deepEqual(requiredBy("shop/front/api"), ["db", "shop/db"]);
});

test("a service alone is the one member of itself", () => {
  const web = parseGroupSpec(service("web", { requires: ["db"] }));
  assert.equal(isGroup(web), false);
  const [member, ...others] = membersOf(web).values();
  assert.deepEqual(others, []);
  assert.deepEqual(member, { spec: web, path: "", after: [], before: [], restartedBy: "node" });
});

test("no one waits for a service that is to have no instance", () => {
  const members = membersOf(
    parseGroupSpec({ name: "a", services: [service("b", { instances: 0 }), service("c")] }),
  );
  assert.deepEqual(members.get(asServiceName("a/c"))?.after, []);
});

test("every error of every service is told at once, with its path", () => {
  const errors = errorsOf({
    name: "Shop",
    stratgy: "one_for_all",
    intensity: { restarts: 3 },
    services: [
      service("db", { restart: "alwys" }),
      { name: "front", strategy: "all", services: [service("api", { parms: {} }), service("api")] },
      service("db"),
      { name: "none", services: [] },
      7,
    ],
  });
  assert.deepEqual(Object.keys(errors).sort(), [
    "intensity.within",
    "name",
    "services[0].restart",
    "services[1].services[0].parms",
    "services[1].services[1].name",
    "services[1].strategy",
    "services[2].name",
    "services[3].services",
    "services[4]",
    "stratgy",
  ]);
  assert.match(errors["stratgy"] ?? "", /did you mean `strategy`/);
  assert.match(errors["services[1].services[0].parms"] ?? "", /did you mean `params`/);
  assert.equal(errors["services[2].name"], "db is also the name of services[0]");
});

test("a group whose own words are misspelt is told what they are, and not what a service needs", () => {
  const errors = errorsOf({ name: "shop", servics: [service("db")] });
  assert.deepEqual(Object.keys(errors).sort(), ["services", "servics"]);
  assert.match(errors["servics"] ?? "", /did you mean `services`/);
});

test("what is required within a group is there, and starts before", () => {
  const errors = errorsOf({
    name: "shop",
    services: [
      service("web", { requires: ["db", "shop/nope", "web", "late"] }),
      { name: "back", services: [service("api", { requires: ["shop", "shop/back", "shop/db"] })] },
      service("db", { requires: ["back", "shop/web", "nope"] }),
      service("late"),
    ],
  });
  assert.deepEqual(Object.keys(errors).sort(), [
    "services[0].requires[0]",
    "services[0].requires[1]",
    "services[0].requires[2]",
    "services[0].requires[3]",
    "services[1].services[0].requires[0]",
    "services[1].services[0].requires[1]",
    "services[1].services[0].requires[2]",
  ]);
  assert.equal(errors["services[0].requires[0]"], "shop/db requires shop/web in turn");
  assert.match(errors["services[0].requires[3]"] ?? "", /^shop\/late is started after it/);
  assert.equal(errors["services[0].requires[1]"], "there is no shop/nope in the group");
  assert.equal(errors["services[0].requires[2]"], "shop/web would require itself");
  assert.equal(
    errors["services[1].services[0].requires[2]"],
    "shop/db requires shop/back/api in turn",
  );
});

test("a group is bounded in depth, in services and in size", () => {
  const nested = (levels: number): object =>
    levels === 0 ? service("web") : { name: "g", services: [nested(levels - 1)] };
  assert.deepEqual(errorsOf(nested(7)), {});
  assert.match(Object.values(errorsOf(nested(8))).join(), /nested too deeply.* 8 parts/);
  assert.match(Object.values(errorsOf(nested(5_000))).join(), /nested too deeply/);
  const many = (count: number) => Array.from({ length: count }, (_, n) => service(`s${n}`));
  const halves = { name: "g", services: [{ name: "h", services: many(200) }, ...many(57)] };
  assert.match(errorsOf(halves)[""] ?? "", /257 services in all, and may have 256/);
  const big = "x".repeat(140_000);
  const large = { name: "g", services: [service("a", { params: { big } }), service("b")] };
  assert.deepEqual(errorsOf(large), {});
  const larger = { ...large, services: [...large.services, service("c", { params: { big } })] };
  assert.match(errorsOf(larger)[""] ?? "", /may have 262144/);
  assert.match(errorsOf(service("web", { params: { a: big + big } }))[""] ?? "", /262144/);
});

test("a group reads back as it was written, and is frozen", () => {
  fc.assert(
    fc.property(validGroup, (document) => {
      const spec = parseGroupSpec(document);
      assert.deepEqual(parseGroupSpec(groupSpecToJson(spec)), spec);
      assert.ok(Object.isFrozen(spec) && isGroup(spec) && Object.isFrozen(spec.services[0]));
    }),
  );
});

test("a service alone is read as any service is", () => {
  fc.assert(
    fc.property(validSpec, (document) => {
      assert.deepEqual(parseGroupSpec(document), parseSpec(document));
      assert.deepEqual(groupSpecToJson(parseSpec(document)), specToJson(parseSpec(document)));
    }),
  );
});

test("a part of a group is found by its full name, and scaled alone", () => {
  const spec = parseGroupSpec(shop);
  assert.equal(partOf(spec, asServiceName("shop")), spec);
  assert.equal(partOf(spec, asServiceName("shop/front"))?.name, "front");
  assert.equal(partOf(spec, asServiceName("shop/front/api"))?.name, "api");
  assert.equal(partOf(spec, asServiceName("shop/front/nope")), undefined);
  const scaled = withInstances(spec, (name) => (name === "shop/front/web" ? 3 : undefined));
  const counts = [...membersOf(scaled)].map(([name, member]) => [name, member.spec.instances]);
  assert.deepEqual(Object.fromEntries(counts), {
    "shop/db": 1,
    "shop/front/api": 1,
    "shop/front/web": 3,
    "shop/mail": 2,
  });
});
