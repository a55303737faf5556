import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { root } from "../../../scripts/root.ts";
import type { JsonSchema } from "../../../src/core/json-schema.ts";
import { createSpecSchema } from "../../../src/node/spec-schema.ts";
import { checkParams } from "../../../src/providers/registry.ts";
import { membersOf } from "../../../src/services/group-members.ts";
import { groupSpecToJson, parseGroupSpec } from "../../../src/services/group-spec.ts";
import { laterFields, parseSpec, specToJson } from "../../../src/services/spec.ts";
import { parseDocuments } from "../../../src/services/spec-text.ts";
import { validGroup, validSpec } from "./arbitraries.ts";

const schema = createSpecSchema();
/** Strict: a keyword that it does not know, or that cannot hold, is an error. */
const takes = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

function parses(document: unknown): boolean {
  try {
    for (const { spec } of membersOf(parseGroupSpec(document)).values()) {
      checkParams(spec.provider, spec.params);
    }
    return true;
  } catch {
    return false;
  }
}

/** What only a node can see is taken by the schema; everything else is refused by both. */
function assertRefused(document: unknown): void {
  const told = JSON.stringify(document);
  assert.equal(parses(document), false, `the parser takes ${told}`);
  assert.equal(takes(document), false, `the schema takes ${told}`);
}

const least = { name: "web", provider: "bash", params: { command: "true" } };
const leastOfExec = { name: "web", provider: "exec", params: { program: "true" } };
const wholeOfExec = {
  ...leastOfExec,
  params: {
    program: "/bin/echo",
    args: ["a b", "", 8000, true],
    cwd: "/srv",
    user: "www-data:adm",
  },
};

test("every example of a spec in the README and the docs is taken", () => {
  const providers: string[] = [];
  for (const file of ["README.md", "docs/spec.md", "docs/providers.md"]) {
    const markdown = readFileSync(join(root, file), "utf8");
    const texts = [
      ...markdown.matchAll(/^```yaml\n([\s\S]*?)^```$/gm),
      ...markdown.matchAll(/'(\{ "name":.*\})'$/gm),
      ...markdown.matchAll(/mob\.deploy\((\{ name: .*\})\)$/gm),
    ];
    for (const [, text = ""] of texts) {
      for (const document of parseDocuments(text, file)) {
        assert.ok(takes(document), `${file}: ${JSON.stringify(takes.errors)}\n${text}`);
        assert.ok(parses(document), text);
        const members = [...membersOf(parseGroupSpec(document)).values()];
        providers.push(...members.map(({ spec }) => spec.provider));
      }
    }
  }
  assert.ok(providers.length >= 6, `${providers.length} examples`);
  const shown = ["bash", "exec", "docker", "kvm", "lambda", "glusterfs", "xen", "rkt", "batch"];
  assert.deepEqual(new Set(providers), new Set(shown));
});

test("whatever the parser takes, the schema takes", () => {
  const anyOther = validSpec.filter(({ provider }) => !specific.includes(provider));
  const known = fc.constantFrom(least, leastOfExec, wholeOfExec, leastOfDocker, wholeOfDocker);
  const ofKnown = fc
    .tuple(validSpec, known)
    .map(([spec, { provider, params }]) => ({ ...spec, provider, params }));
  const documents = fc.oneof(anyOther, ofKnown);
  fc.assert(
    fc.property(documents, (document) => {
      assert.ok(parses(document));
      assert.ok(takes(document), JSON.stringify(takes.errors));
      assert.ok(takes(specToJson(parseSpec(document))), "with every default spelt out");
    }),
    { numRuns: 300 },
  );
});

const leastOfDocker = { name: "web", provider: "docker", params: { image: "alpine:edge" } };
const wholeOfDocker = {
  ...leastOfDocker,
  params: {
    image: "registry.lan:5000/team/web:1.2",
    entrypoint: [],
    command: "sh -c 'echo \"a b\"'",
    args: ["a b", 8000, true],
    pull: "always",
    user: "nobody:nogroup",
    cwd: "/srv",
    labels: { "org.team": "a" },
    networks: ["front", "back_2"],
    ports: [80, "8080:80", "http:80", "127.0.0.1:53:53/udp", "[::1]::80"],
    volumes: ["/srv/a:/a", "/b:/b:ro"],
    pids: 100,
    init: true,
  },
};
/** Providers whose parameters are known here. */
const specific = ["bash", "exec", "docker", "podman"];

/** Values of the wrong kind for the field at that path, whatever else is in the document. */
const wrong: readonly [readonly string[], readonly unknown[]][] = [
  [["name"], [null, 1, "", "Web", "-a", "a-", "a/b", "a".repeat(64), ["a"]]],
  [["provider"], [null, 1, "", "Bash", {}]],
  [["params"], [null, 1, "x", [], { comand: "x" }, {}, { command: " \n" }, { command: "a\0" }]],
  [
    ["params", "command"],
    [null, 1, [], ""],
  ],
  [["requires"], [null, "db", {}, ["DB"], [1], ["a/"], ["a", "a"], [Array(9).fill("a").join("/")]]],
  [["restart"], [null, 1, "sometimes", [], { policy: "never" }, { delays: "1s" }]],
  [
    ["restart", "delay"],
    [null, 5, "5", "5 sec", "1s1s", "-1s", "s"],
  ],
  [
    ["restart", "factor"],
    [null, "2", 0.5, 101],
  ],
  [
    ["restart", "intensity"],
    [5, {}, { restarts: 5 }, { restarts: -1, within: "5m" }],
  ],
  [
    ["restart", "intensity", "restarts"],
    [1.5, 1_001, "5"],
  ],
  [["env"], [null, [], "A=1", { "1A": "x" }, { "A B": "x" }, { ["__proto__x y"]: 1 }]],
  [
    ["env", "A"],
    [null, {}, [], "a\0b", "x".repeat(32_769)],
  ],
  [["placement"], [null, "eu", { constraint: [] }, { spread: "a b" }]],
  [["update"], [null, 1, { order: "both" }, { parallel: 0 }, { deadline: 0 }, { rollback: 1 }]],
  [["instances"], [null, -1, 1.5, 1_001, "all"]],
  [
    ["placement", "constraints"],
    [null, "label.zone == eu", ["zone == eu"], [1], Array(33).fill("node.name == a")],
  ],
  [["restart_grace"], [null, 10, "10", {}]],
  [["rebalance"], [null, 0, "true", {}]],
  [["guarantee"], [null, "at-most-one", true]],
  [["heal"], [null, "original", 1]],
  [["priority"], [null, -1, 101, 0.5, "50", true, []]],
  [
    ["health"],
    [
      null,
      "tcp",
      {},
      { interval: "5s" },
      { tcp: { port: 80 }, http: { port: 80 } },
      { tcp: {} },
      { tcp: { port: 0 } },
      { tcp: { port: "8 0" } },
      { tcp: { port: 80, path: "/" } },
      { http: { port: 80, path: "up" } },
      { http: { path: "/" } },
      { exec: {} },
      { exec: { command: " " } },
      { exec: { command: [] } },
      { exec: { command: [null] } },
      { exec: { command: "a\0" } },
      { tcp: { port: 80 }, retries: 0 },
      { tcp: { port: 80 }, interval: 10 },
    ],
  ],
  [["on_dependency_down"], [null, true, "", "restarts"]],
  [["ports"], [null, 80, [80], { "1a": 0 }, { "a b": 0 }, { http: "0" }, { http: 70_000 }]],
  [
    ["volumes"],
    [
      null,
      {},
      ["data:/srv"],
      [{ from: "data" }],
      [{ at: "/srv" }],
      [{ from: "Data", at: "/srv" }],
      [{ from: "data", at: "srv" }],
      [{ from: "data", at: "/" }],
      [{ from: "data", at: "/srv/" }],
      [{ from: "data", at: "/a/../b" }],
      [{ from: "data", at: "/srv", kind: "nfs" }],
      [{ from: "a//b", at: "/srv", kind: "glusterfs" }],
      [{ from: "data", at: "/srv", read_only: true }],
    ],
  ],
  [["stop"], [null, "SIGTERM", { sginal: "SIGTERM" }]],
  [
    ["stop", "signal"],
    [null, 15, "TERM", "SIGSTOP"],
  ],
  [
    ["stop", "grace"],
    [null, 10, "10"],
  ],
  [
    ["logs", "max_bytes"],
    [null, "10 megabytes", 1_023, 1_024.5, 10_000_000_001],
  ],
  [
    ["logs", "files"],
    [null, 0, 101, 1.5, "5"],
  ],
  ...laterFields.map((field): [readonly string[], readonly unknown[]] => [[field], [null, 1, {}]]),
  [["nam"], ["web"]],
];

/** The same for the parameters of exec. */
const wrongOfExec: typeof wrong = [
  [["params"], [null, 1, "x", [], {}, { porgram: "x" }, { command: "true" }]],
  [
    ["params", "program"],
    [null, 1, "", "/", "./run", "bin/run", "a\0", "a".repeat(256)],
  ],
  [
    ["params", "args"],
    [null, "-v", {}, [null], [["a"]], ["a\0"], ["x".repeat(32_769)], Array(4_097).fill("x")],
  ],
  [
    ["params", "cwd"],
    [null, 1, "", "srv", "~", "/a\0"],
  ],
  [
    ["params", "user"],
    [null, "", ":", "a:", ":b", "a:b:c", "a b", "-x", "a/b", -1, 1.5, 4_294_967_295, 1e21, ["a"]],
  ],
  [["params", "shell"], [true]],
];

/** The same for the parameters of docker, which are podman's. */
const wrongOfDocker: typeof wrong = [
  [["params"], [null, 1, [], {}, { imgae: "x" }, { command: "true" }]],
  [
    ["params", "image"],
    [null, 1, "", "Web", "a b", "a:", "a//b", "a".repeat(513)],
  ],
  [
    ["params", "args"],
    [null, 1, {}, [null], ["a\0"], "a\0"],
  ],
  [
    ["params", "pull"],
    [null, "", "allways", true],
  ],
  [
    ["params", "user"],
    [null, 1, "", "a b", ":", "a:", "a:b:c"],
  ],
  [
    ["params", "cwd"],
    [null, "", "srv"],
  ],
  [
    ["params", "labels"],
    [null, [], "a=b", { "mob.node": "x" }, { "": "x" }, { a: {} }],
  ],
  [
    ["params", "networks"],
    [null, "front", ["-a"], [1], Array(17).fill("a")],
  ],
  [
    ["params", "ports"],
    [null, 80, [null], ["a"], [0], [65_536], ["80/icmp"], ["1.2:80:80"], ["80:"]],
  ],
  [
    ["params", "volumes"],
    [null, "/a:/b", ["a:/b"], ["/a"], ["/a:b"], ["/a:/b:rx"]],
  ],
  [
    ["params", "pids"],
    [null, "1", 0, 1.5],
  ],
  [
    ["params", "init"],
    [null, "yes", 1],
  ],
  [["params", "privileged"], [true]],
];

function withValue(
  document: object,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): object {
  if (rest.length === 0) return { ...document, [key]: value };
  const below: unknown = Object.entries(document).find(([name]) => name === key)?.[1];
  const inner = typeof below === "object" && below !== null ? below : {};
  return { ...document, [key]: withValue(inner, rest, value) };
}

test("a value of the wrong kind in any field is refused by both, whatever else there is", () => {
  const mistake = fc
    .constantFrom(...wrong)
    .chain(([path, values]) => fc.tuple(fc.constant(path), fc.constantFrom(...values)));
  fc.assert(
    fc.property(validSpec, mistake, (spec, [path, value]) => {
      const good = { ...spec, provider: "bash", params: least.params };
      assertRefused(withValue(good, path, value));
    }),
    { numRuns: 1_000 },
  );
});

test("each wrong value is refused by itself, and so is what is no object or lacks a field", () => {
  for (const good of [least, leastOfExec, wholeOfExec, leastOfDocker, wholeOfDocker]) {
    assert.ok(parses(good) && takes(good));
  }
  for (const [path, values] of wrong) {
    for (const value of values) assertRefused(withValue(least, path, value));
  }
  for (const [path, values] of wrongOfExec) {
    for (const value of values) assertRefused(withValue(wholeOfExec, path, value));
  }
  for (const [path, values] of wrongOfDocker) {
    for (const value of values) {
      assertRefused(withValue(wholeOfDocker, path, value));
      assertRefused(withValue({ ...wholeOfDocker, provider: "podman" }, path, value));
    }
  }
  for (const field of ["name", "provider", "params"]) {
    assertRefused(Object.fromEntries(Object.entries(least).filter(([key]) => key !== field)));
  }
  for (const document of [null, 1, "web", [], [least]]) assertRefused(document);
});

test("whatever the parser takes as a group, the schema takes, and with it each of its services", () => {
  const document = validGroup.map((group) => ({ ...group, services: withKnown(group.services) }));
  fc.assert(
    fc.property(document, (group) => {
      assert.ok(takes(group), JSON.stringify(takes.errors));
      assert.ok(takes(groupSpecToJson(parseGroupSpec(group))), "with every default spelt out");
    }),
  );
  const inGroup = (one: unknown) => ({ name: "shop", services: [{ name: "g", services: [one] }] });
  assert.ok(takes(inGroup(least)));
  for (const [path, values] of wrong) {
    for (const value of values) assert.ok(!takes(inGroup(withValue(least, path, value))));
  }
  for (const bad of [
    { services: [] },
    { services: 1 },
    { strategy: "all" },
    { provider: "bash" },
  ]) {
    assert.ok(!takes({ ...inGroup(least), ...bad }), JSON.stringify(bad));
  }
});

/** Of a provider whose parameters the schema does not know, nothing is refused for them. */
function withKnown(services: readonly object[]): readonly object[] {
  return services.map((one) =>
    "services" in one && Array.isArray(one.services)
      ? { ...one, services: withKnown(one.services) }
      : { ...one, provider: least.provider, params: least.params },
  );
}

test("every field is described, and every optional one at the top has its default", () => {
  const undescribed: string[] = [];
  const look = (at: string, { properties = {}, anyOf = [], allOf = [] }: JsonSchema): void => {
    for (const [key, field] of Object.entries(properties)) {
      if (field.description === undefined) undescribed.push(`${at}${key}`);
      const says = field.type ?? field.enum ?? field.anyOf;
      assert.ok(says !== undefined, `${at}${key} takes anything`);
      look(`${at}${key}.`, field);
    }
    for (const choice of anyOf) look(at, choice);
    for (const { then = {} } of allOf) {
      for (const params of Object.values(then.properties ?? {})) look("params.", params);
    }
  };
  const { service, group } = schema.$defs ?? {};
  look("", service ?? {});
  look("group.", group ?? {});
  assert.deepEqual(undescribed, []);
  assert.deepEqual(service?.properties?.["requires"]?.default, []);
  assert.equal(service?.properties?.["stop"]?.properties?.["grace"]?.default, "10s");
  assert.equal(service?.properties?.["logs"]?.properties?.["max_bytes"]?.default, 10_000_000);
  assert.equal(group?.properties?.["strategy"]?.default, "one_for_one");
});
