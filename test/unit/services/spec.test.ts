import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSpec } from "../../../src/core/errors.ts";
import { laterFields, parseSpec, specToJson } from "../../../src/services/spec.ts";

const least = { name: "web", provider: "bash" };

function errorsOf(input: unknown): Record<string, string> {
  try {
    parseSpec(input);
  } catch (error) {
    assert.ok(error instanceof InvalidSpec);
    return Object.fromEntries(error.details.map(({ path, message }) => [path, message]));
  }
  return {};
}

function errorAt(path: string, more: object): string | undefined {
  return errorsOf({ ...least, ...more })[path];
}

test("fills in every default", () => {
  assert.deepEqual(parseSpec(least), {
    name: "web",
    provider: "bash",
    params: {},
    requires: [],
    onDependencyDown: "restart",
    instances: 1,
    placement: { constraints: [] },
    restart: {
      when: "always",
      delayMs: 1_000,
      factor: 2,
      delayMaxMs: 60_000,
      healthyAfterMs: 60_000,
    },
    restartGraceMs: 10_000,
    priority: 50,
    rebalance: false,
    guarantee: "at-least-one",
    heal: "longest_running",
    update: {
      parallel: 1,
      healthyForMs: 10_000,
      deadlineMs: 300_000,
      order: "stop-first",
      rollback: true,
    },
    env: {},
    ports: {},
    volumes: [],
    resources: { memoryBytes: 0, milliCpus: 0 },
    stop: { signal: "SIGTERM", graceMs: 10_000, delayMs: 0 },
    logs: { fileBytesMax: 10_000_000, filesMax: 5 },
  });
});

test("reads every field", () => {
  const spec = parseSpec({
    name: "web",
    provider: "bash",
    params: { command: "sleep 1", list: [1, { a: null }] },
    requires: ["db", "stack/cache"],
    instances: 3,
    placement: { constraints: ["label.zone==eu"], spread: "zone" },
    restart: {
      policy: "on_error",
      delay: "250ms",
      factor: 1.5,
      max: "5m",
      intensity: { restarts: 5, within: "1h" },
    },
    restart_grace: "2m",
    priority: 7,
    rebalance: true,
    guarantee: "at-least-one",
    heal: "best_score",
    update: {
      parallel: 3,
      healthy_for: "1s",
      deadline: "1m",
      order: "start-first",
      rollback: false,
    },
    env: { MODE: "production", PORT: 8080, DEBUG: true },
    stop: { signal: "SIGINT", grace: "1.5s", delay: "2s" },
    resources: { memory: "256MB", cpu: 0.5 },
    logs: { max_bytes: "256KiB", files: 2 },
  });
  assert.deepEqual(spec, {
    name: "web",
    provider: "bash",
    params: { command: "sleep 1", list: [1, { a: null }] },
    requires: ["db", "stack/cache"],
    onDependencyDown: "restart",
    instances: 3,
    placement: {
      constraints: [{ attribute: "label.zone", operator: "==", value: "eu" }],
      spread: "zone",
    },
    restart: {
      when: "on_error",
      delayMs: 250,
      factor: 1.5,
      delayMaxMs: 300_000,
      healthyAfterMs: 60_000,
      intensity: { restarts: 5, withinMs: 3_600_000 },
    },
    restartGraceMs: 120_000,
    priority: 7,
    rebalance: true,
    guarantee: "at-least-one",
    heal: "best_score",
    update: {
      parallel: 3,
      healthyForMs: 1_000,
      deadlineMs: 60_000,
      order: "start-first",
      rollback: false,
    },
    env: { MODE: "production", PORT: "8080", DEBUG: "true" },
    ports: {},
    volumes: [],
    resources: { memoryBytes: 256_000_000, milliCpus: 500 },
    stop: { signal: "SIGINT", graceMs: 1_500, delayMs: 2_000 },
    logs: { fileBytesMax: 262_144, filesMax: 2 },
  });
});

test("resources are bounded, and tell which is wrong", () => {
  const of = (resources: unknown) => parseSpec({ ...least, resources }).resources;
  assert.deepEqual(of({ cpu: 0.01 }), { memoryBytes: 0, milliCpus: 10 });
  assert.deepEqual(of({ memory: 6_291_456 }), { memoryBytes: 6_291_456, milliCpus: 0 });
  assert.match(errorAt("resources.memory", { resources: { memory: "1MB" } }) ?? "", /6291456 to/);
  assert.match(
    errorAt("resources.cpu", { resources: { cpu: "half" } }) ?? "",
    /a number from 0.01/,
  );
  assert.match(errorAt("resources.disk", { resources: { disk: 1 } }) ?? "", /unknown key/);
  assert.match(errorAt("resources", { resources: "256MB" }) ?? "", /memory: 256MB, cpu: 0.5/);
});

test("a spec is frozen through and through, and holds nothing of its input", () => {
  const params = { list: [{ a: 1 }] };
  const spec = parseSpec({ ...least, params });
  params.list.push({ a: 2 });
  assert.deepEqual(spec.params, { list: [{ a: 1 }] });
  assert.throws(() => Object.assign(spec.restart, { when: "none" }), TypeError);
  assert.throws(() => Object.assign(spec.params ?? {}, { list: [] }), TypeError);
});

test("tells every error at once, each with its path", () => {
  const errors = errorsOf({
    name: "Web!",
    requires: ["db", 7],
    restart: { intensity: { restarts: 5, within: "soon" } },
    env: { MODE: [] },
    stop: { grace: 10 },
    colour: "red",
  });
  assert.deepEqual(Object.keys(errors).sort(), [
    "colour",
    "env.MODE",
    "name",
    "provider",
    "requires[1]",
    "restart.intensity.within",
    "stop.grace",
  ]);
  assert.equal(errors["provider"], "is required");
});

test("suggests the key that a misspelt one was meant to be", () => {
  assert.equal(errorAt("requries", { requries: [] }), "unknown key, did you mean `requires`?");
  assert.equal(
    errorAt("restart.intensity.withn", {
      restart: { intensity: { restarts: 1, within: "1s", withn: 1 } },
    }),
    "unknown key, did you mean `within`?",
  );
  assert.equal(errorAt("zzz", { zzz: 1 }), "unknown key");
});

test("suggests the value that a misspelt one was meant to be", () => {
  assert.equal(
    errorAt("restart", { restart: "alwyas" }),
    "must be one of always, on_error, none, did you mean `always`?",
  );
  assert.match(
    errorAt("stop.signal", { stop: { signal: "SIGTREM" } }) ?? "",
    /did you mean `SIGTERM`/,
  );
});

test("refuses by name every field whose meaning comes later", () => {
  const errors = errorsOf({ ...least, ...Object.fromEntries(laterFields.map((key) => [key, 1])) });
  assert.deepEqual(Object.keys(errors).sort(), laterFields.toSorted());
  for (const message of Object.values(errors)) assert.match(message, /comes later/);
});

test("of what holds while the network is parted one is there, and the other refused by name", () => {
  const heals = ["longest_running", "keep_original", "keep_replacement", "best_score"];
  for (const heal of heals) {
    const spec = parseSpec({ ...least, guarantee: "at-least-one", heal });
    assert.deepEqual([spec.guarantee, spec.heal], ["at-least-one", heal]);
  }
  assert.match(errorAt("guarantee", { guarantee: "at-most-one" }) ?? "", /comes later/);
  assert.equal(errorAt("guarantee", { guarantee: "once" }), "must be at-least-one");
  assert.match(errorAt("heal", { heal: "keep_orignal" }) ?? "", /did you mean `keep_original`/);
});

test("a misspelt field that comes later is pointed at too", () => {
  assert.match(errorAt("helth", { helth: {} }) ?? "", /did you mean `health`/);
});

test("a duration without its unit is refused with what it may have meant", () => {
  assert.equal(errorAt("stop.grace", { stop: { grace: 10 } }), "needs a unit, like 10s or 10ms");
});

test("a number of bytes needs no unit", () => {
  assert.equal(parseSpec({ ...least, logs: { max_bytes: 4096 } }).logs.fileBytesMax, 4_096);
});

test("values out of their range are refused with the range", () => {
  assert.equal(errorAt("stop.grace", { stop: { grace: "2h" } }), "must be from 0s to 1h");
  assert.equal(
    errorAt("logs.files", { logs: { files: 0 } }),
    "must be a whole number from 1 to 100",
  );
  assert.match(errorAt("restart.factor", { restart: { factor: 0.5 } }) ?? "", /from 1 to 100/);
  assert.match(errorAt("logs.max_bytes", { logs: { max_bytes: "1B" } }) ?? "", /1024 to/);
});

test("a name is a DNS label", () => {
  for (const name of [
    "",
    "-a",
    "a-",
    "A",
    "a.b",
    "a/b",
    "a".repeat(64),
    "a\n",
    7,
    null,
    undefined,
  ]) {
    assert.ok(errorsOf({ provider: "bash", name })["name"], String(name));
  }
  assert.equal(parseSpec({ ...least, name: "a".repeat(63) }).name.length, 63);
});

test("the same service is not required twice, nor more than 64", () => {
  assert.equal(errorAt("requires[2]", { requires: ["a", "b", "a"] }), "is listed twice");
  const many = Array.from({ length: 65 }, (_, i) => `a${i}`);
  assert.equal(errorAt("requires", { requires: many }), "has 65 items, and may have 64");
});

test("env takes text, numbers and booleans, and no NUL", () => {
  assert.match(errorAt("env.A", { env: { A: null } }) ?? "", /is nothing/);
  assert.match(errorAt("env.A", { env: { A: "a\0b" } }) ?? "", /NUL/);
  assert.match(errorAt('env["A B"]', { env: { "A B": "" } }) ?? "", /not a possible name/);
});

test("params are bounded in depth, in size and to plain data", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert.match(Object.values(errorsOf({ ...least, params: { deep } })).join(), /nested deeper/);
  const cyclic: { self?: unknown; other?: unknown } = {};
  cyclic.self = cyclic;
  cyclic.other = cyclic;
  assert.match(Object.values(errorsOf({ ...least, params: cyclic })).join(), /nested deeper/);
  assert.match(errorAt("params.when", { params: { when: new Date(0) } }) ?? "", /plain data/);
  assert.match(errorAt("params", { params: "sleep 1" }) ?? "", /must be an object, and is text/);
});

test("a key named __proto__ changes no prototype and is refused", () => {
  const hostile: unknown = JSON.parse(
    '{"name":"web","provider":"bash","__proto__":{"polluted":1},"params":{"__proto__":{"polluted":1}},"env":{"__proto__":"x"}}',
  );
  const errors = errorsOf(hostile);
  assert.deepEqual(Object.keys(errors).sort(), ["__proto__", "env.__proto__", "params.__proto__"]);
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

test("what is no object is refused with what it is", () => {
  for (const input of [null, undefined, 7, "web", [], [least], new Map()]) {
    assert.match(errorsOf(input)[""] ?? "", /must be a service/);
  }
});

test("thousands of errors are counted, not listed", () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, i]));
  assert.throws(
    () => parseSpec({ ...least, ...many }),
    (error) =>
      error instanceof InvalidSpec &&
      error.details.length === 101 &&
      error.details.at(-1)?.message === "and 4900 more errors",
  );
});

test("a health check has its defaults, and is given back as it could have been written", () => {
  const spec = parseSpec({ ...least, health: { http: { port: 8080 } } });
  assert.deepEqual(spec.health, {
    check: { kind: "http", port: 8_080, path: "/" },
    intervalMs: 10_000,
    timeoutMs: 3_000,
    retries: 3,
    startPeriodMs: 30_000,
  });
  assert.deepEqual(specToJson(spec)["health"], {
    http: { port: 8_080, path: "/" },
    interval: "10s",
    timeout: "3s",
    retries: 3,
    start_period: "30s",
  });
  assert.equal(parseSpec(least).health, undefined);
});

test("a health check is one of three, and every error of it is told with its path", () => {
  const wrong = (health: unknown) => errorsOf({ ...least, health });
  assert.deepEqual(Object.keys(wrong(7)), ["health"]);
  assert.match(wrong({})["health"] ?? "", /one of http, tcp, exec, and has none/);
  assert.match(wrong({ tcp: { port: 1 }, exec: { command: "x" } })["health"] ?? "", /tcp and exec/);
  const all = wrong({
    http: { port: 70_000, path: "up", prot: 1 },
    interval: 5,
    timeout: "0s",
    retries: 0,
    start_period: "soon",
  });
  assert.deepEqual(Object.keys(all).sort(), [
    "health.http.path",
    "health.http.port",
    "health.http.prot",
    "health.interval",
    "health.retries",
    "health.start_period",
    "health.timeout",
  ]);
  assert.deepEqual(Object.keys(wrong({ exec: { command: [] } })), ["health.exec.command"]);
});

test("priority is a whole number from 0 to 100, and 50 where nothing is said", () => {
  assert.equal(parseSpec(least).priority, 50);
  for (const priority of [0, 100])
    assert.equal(parseSpec({ ...least, priority }).priority, priority);
  for (const priority of [-1, 101, 49.5, "50", null]) {
    assert.equal(errorAt("priority", { priority }), "must be a whole number from 0 to 100");
  }
});
