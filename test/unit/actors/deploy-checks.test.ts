import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalog } from "../../../src/actors/catalog.ts";
import { checkDocuments } from "../../../src/actors/deploy-checks.ts";
import { InvalidSpec } from "../../../src/core/errors.ts";
import { asNodeId, asServiceName } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { checkParams } from "../../../src/providers/registry.ts";
import { groupSpecToJson, parseGroupSpec } from "../../../src/services/group-spec.ts";
import { keys } from "../../../src/services/keys.ts";

const self = asNodeId("0a".padStart(32, "0"));

function bash(name: string, more: object = {}): object {
  return { name, provider: "bash", params: { command: "true" }, ...more };
}

/** A catalog in which these are deployed. */
function catalogOf(documents: readonly { readonly name: string }[]): Catalog {
  const catalog = new Catalog(self, silentLog);
  for (const document of documents) {
    const spec = groupSpecToJson(parseGroupSpec(document));
    const value = { name: document.name, uid: "0011223344556677", spec, generation: 1 };
    const stamp = { wall: 1, counter: 0, origin: self };
    catalog.apply([{ key: keys.spec(asServiceName(document.name)), value, stamp, seen: [] }]);
  }
  return catalog;
}

async function errorsOf(
  documents: readonly unknown[],
  catalog = catalogOf([]),
): Promise<Readonly<Record<string, string>>> {
  try {
    await checkDocuments(documents, catalog, checkParams);
    return {};
  } catch (error) {
    if (!(error instanceof InvalidSpec)) throw error;
    return Object.fromEntries(error.details.map(({ path, message }) => [path, message]));
  }
}

test("what providers say of the parameters in a group has the path of each, with all else that is wrong", async () => {
  const shop = {
    name: "shop",
    services: [
      bash("a", { params: { comand: "true" } }),
      {
        name: "g",
        services: [bash("b"), bash("c", { provider: "nope" }), bash("d", { params: {} })],
      },
      bash("e", { restart: "often" }),
    ],
  };
  const paths = [
    "services[0].params.comand",
    "services[0].params.command",
    "services[1].services[1].provider",
    "services[1].services[2].params.command",
    "services[2].restart",
  ];
  assert.deepEqual(Object.keys(await errorsOf([shop])).sort(), paths);
  const second = await errorsOf([bash("web"), shop]);
  assert.deepEqual(
    Object.keys(second).sort(),
    paths.map((path) => `[1].${path}`),
  );
  assert.deepEqual(await errorsOf([{ name: "shop", services: [bash("a")] }]), {});
});

test("a cycle is found over what is required and the order of a group alike", async () => {
  const site = { name: "site", provider: "bash", params: { command: "true" }, requires: ["shop"] };
  const shop = (requires: readonly string[]) => ({
    name: "shop",
    services: [bash("db", { requires }), bash("api")],
  });
  assert.deepEqual(await errorsOf([shop([])], catalogOf([site])), {});
  const whole = await errorsOf([shop(["site"])], catalogOf([site]));
  assert.equal(whole["requires"], "is a cycle: shop/db → site → shop → shop/db");
  // db waits for the site, that for api, and api for db, since it is started after it.
  const inOrder = await errorsOf([shop(["site"]), { ...site, requires: ["shop/api"] }]);
  assert.equal(inOrder["requires"], "is a cycle: shop/db → site → shop/api → shop/db");
});

test("a volume of another service, in the network, the documents or the group, is refused with its path", async () => {
  const volumes = [{ from: "data", at: "/srv/data" }];
  const db = { name: "db", provider: "bash", params: { command: "true" }, volumes };
  assert.deepEqual(await errorsOf([db], catalogOf([db])), {}, "its own");
  const taken = "volume data is that of db, and has one writer";
  const shop = { name: "shop", services: [bash("web"), bash("db", { volumes })] };
  assert.deepEqual(await errorsOf([shop], catalogOf([db])), {
    "services[1].volumes[0].from": taken,
  });
  assert.deepEqual(Object.keys(await errorsOf([db, bash("b", { volumes })])).sort(), [
    "[0].volumes[0].from",
    "[1].volumes[0].from",
  ]);
  const twins = { name: "shop", services: [bash("a", { volumes }), bash("b", { volumes })] };
  assert.deepEqual(Object.keys(await errorsOf([twins])).sort(), [
    "services[0].volumes[0].from",
    "services[1].volumes[0].from",
  ]);
  const moved = { ...db, volumes: [{ from: "other", at: "/srv/data" }] };
  assert.deepEqual(await errorsOf([moved, bash("b", { volumes })], catalogOf([db])), {});
});

/** A catalog of one node, whose bash can do so much. */
function offers(features: readonly string[], lacks: Readonly<Record<string, string>> = {}) {
  const catalog = catalogOf([]);
  const provider = { type: "bash", available: true, version: "5", features, lacks };
  const facts = { providers: [provider], labels: {}, version: "0" };
  const member = { id: self, name: "a", address: "a:1", incarnation: 1, facts };
  catalog.publishView({ version: 1, members: [{ ...member, state: "alive" }] });
  return catalog;
}

test("what is to be isolated is refused where no node can, with the reason", async () => {
  const isolated = (isolation: unknown) => bash("web", { params: { command: "true", isolation } });
  const nowhere = offers([], { isolation: "bwrap is in no folder of its PATH on this node" });
  const refused = {
    "params.isolation":
      "no node can isolate what bash runs: bwrap is in no folder of its PATH on this node",
  };
  assert.deepEqual(await errorsOf([isolated(true)], nowhere), refused);
  assert.deepEqual(await errorsOf([isolated({ network: false })], nowhere), refused);
  assert.deepEqual(await errorsOf([isolated(false)], nowhere), {});
  assert.deepEqual(await errorsOf([isolated(true)], offers(["isolation"])), {});
});

test("a provider that gives its tasks no volumes is told so by its name", async () => {
  const db = bash("db", { volumes: [{ from: "data", at: "/srv/data" }] });
  assert.deepEqual(await errorsOf([db], offers(["limits"])), {
    volumes: "bash cannot give its tasks volumes",
  });
  assert.deepEqual(await errorsOf([db], offers(["volumes"])), {});
});

test("a misspelt provider is told with the one that was meant, where a node has it", async () => {
  const misspelt = [bash("web", { provider: "bahs" })];
  const unknown = "no node of the network knows a provider bahs";
  assert.deepEqual(await errorsOf(misspelt), { provider: unknown });
  assert.deepEqual(await errorsOf(misspelt, offers([])), {
    provider: `${unknown}, did you mean \`bash\`?`,
  });
});

test("of two documents of one name the later one is told, by its place among all", async () => {
  const errors = await errorsOf([{ name: "" }, bash("web"), bash("web")]);
  assert.equal(errors["[2].name"], "another document has the name web too");
});
