import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskEnd } from "../../../src/api/shapes.ts";
import { InvalidSpec } from "../../../src/core/errors.ts";
import { formatError } from "../../../src/shell/error-text.ts";
import { plain } from "../../../src/shell/style.ts";
import {
  formatActions,
  formatAge,
  formatDeploys,
  formatDrain,
  formatInstances,
  formatProviders,
} from "../../../src/shell/views.ts";
import { anInstance } from "../../support/memory-commands.ts";

const seconds = (count: number) => formatAge(count * 1000);

test("an age is shown in its two largest units", () => {
  assert.equal(seconds(-5), "0s");
  assert.equal(seconds(59.9), "59s");
  assert.equal(seconds(200), "3m20s");
  assert.equal(seconds(2 * 3600 + 60), "2h1m");
  assert.equal(seconds(50 * 3600), "2d2h");
});

test("an instance is shown with its task, its last exit and the reason of its state", () => {
  const ended = { exit: { code: 7 }, restarts: 2, since: 1_000 };
  const instance = { ...anInstance, ...ended, reason: "waits for db" };
  const table = formatInstances(
    [{ ...instance, state: "pending", healthy: null, handle: {} }],
    62_000,
    plain,
  );
  const [, row] = table.split("\n");
  assert.equal(
    row?.split(/ {2,}/).join("|"),
    "web|0|6666@box|bash|pending|-|1m1s|2|-|http=20000|waits for db (last ended with exit code 7)",
  );
});

test("an instance whose engine is away is shown with why, and for how long", () => {
  const away = { reason: "its engine does not tell how it is: nobody listens", since: 1_000 };
  const table = formatInstances(
    [{ ...anInstance, ...away, engineAwaySince: 2_000 }],
    62_000,
    plain,
  );
  assert.match(table, / 1m1s .* its engine does not tell how it is: nobody listens \(for 1m0s\)\n/);
});

test("a provider is shown with for how long it has been there, or away and why, if its node tells", () => {
  const common = { node: "n", features: [], lacks: {} };
  const rows = formatProviders(
    [
      { ...common, type: "bash", available: true, version: "5.2", since: 2_000 },
      { ...common, type: "docker", available: false, reason: "nobody listens", since: 61_000 },
      { ...common, type: "old", available: true, version: "1" },
    ],
    62_000,
    plain,
  );
  const [, ...cells] = rows.trimEnd().split("\n");
  assert.deepEqual(
    cells.map((row) => row.trim().split(/ {2,}/).join("|")),
    ["n|bash|yes|1m0s|5.2|-", "n|docker|no|1s|-|-|nobody listens", "n|old|yes|-|1|-"],
  );
});

test("an exit is not told twice, nor one that the user wished for, nor the age of nothing", () => {
  const ended = { ...anInstance, exit: { code: 7 }, since: 0 };
  const reason = "exited with code 7";
  const rows = formatInstances(
    [
      { ...ended, state: "failed", healthy: null, reason },
      { ...ended, state: "running", restarts: 0 },
      { ...ended, state: "running", restarts: 1 },
    ],
    60_000,
    plain,
  ).split("\n");
  assert.match(rows[1] ?? "", / failed +- +- .* exited with code 7$/);
  assert.doesNotMatch(rows[2] ?? "", /7/);
  assert.match(rows[3] ?? "", / last ended with exit code 7$/);
});

test("a last end is told with why it came, one of a user's wish is not", () => {
  const lastReason = (exit: TaskEnd) => {
    const ended = { ...anInstance, state: "running", restarts: 3, exit } as const;
    return formatInstances([ended], 0, plain).trimEnd().split(/ {2,}/).at(-1);
  };
  const reason = "3 failed health checks in a row, tcp port 80: connection refused";
  assert.equal(
    lastReason({ signal: "SIGTERM", reason, byMob: true }),
    `last ended with SIGTERM: ${reason}`,
  );
  assert.equal(
    lastReason({ signal: "SIGKILL", reason: "out of memory" }),
    "last ended with SIGKILL: out of memory",
  );
  assert.equal(
    lastReason({ reason: "the machine restarted" }),
    "last ended: the machine restarted",
  );
  assert.equal(lastReason({ signal: "SIGTERM", byMob: true }), "http=20000");
});

test("a deploy that found nothing to do says nothing of disks, and why it waits", () => {
  const waiting = {
    name: "web",
    slot: 0,
    node: "a",
    state: "pending",
    reason: "waits for db",
  } as const;
  const result = {
    group: "web",
    generation: 1,
    result: "unchanged",
    instances: [waiting],
  } as const;
  const worth = { class: "available", acks: ["a"], replicas: 2, partitioned: false } as const;
  const text = formatDeploys([{ ...result, ...worth, acks: ["a"] }], plain);
  assert.match(text, /^web: unchanged, generation 1\n/);
  assert.match(text, / pending +waits for db\n$/);
});

test("a stop that cannot be carried out yet says what it waits for", () => {
  const reason = "its node b is away; its tasks run on";
  const worth = { class: "available", acks: ["a"], replicas: 1, partitioned: true } as const;
  const stopped = { name: "web", result: "stopped", state: "running", reason, ...worth } as const;
  const [, line = ""] = formatActions([stopped], plain).split("\n");
  assert.ok(
    line.endsWith(
      `on disk on 1 of 1 nodes; at least half of the nodes cannot be reached  ${reason}`,
    ),
    line,
  );
});

test("actions that go on name what is not as wanted yet, of all services in one line", () => {
  const worth = { class: "available", acks: ["a"], replicas: 1, partitioned: false } as const;
  const restarted = (name: string, unfinished?: string[]) =>
    ({
      name,
      result: "restarted",
      state: "starting",
      ...(unfinished && { unfinished }),
      ...worth,
    }) as const;
  const several = [
    restarted("web", ["web/1", "web/2"]),
    restarted("db"),
    restarted("api", ["api/0"]),
  ];
  assert.match(formatActions(several, plain), /\nnot yet as wanted: web\/1, web\/2, api\/0\n$/);
  assert.doesNotMatch(formatActions([restarted("db")], plain), /not yet/);
});

test("running and healthy are told apart", () => {
  const shown = ([true, false, null] as const).map((healthy) => {
    const [, row = ""] = formatInstances([{ ...anInstance, healthy }], 0, plain).split("\n");
    return row.split(/ {2,}/).slice(4, 6).join(" ");
  });
  assert.deepEqual(shown, ["running healthy", "running unhealthy", "running -"]);
});

test("a deploy tells its result and what its answer is worth", () => {
  const text = formatDeploys(
    [
      {
        group: "shop",
        generation: 3,
        result: "updated",
        instances: [{ name: "shop/web", slot: 0, node: null, state: "pending" }],
        class: "available",
        acks: ["a"],
        replicas: 2,
        partitioned: true,
      },
    ],
    plain,
  );
  assert.match(
    text,
    /^shop: updated, generation 3, on disk on 1 of 2 nodes; at least half .* cannot be reached\n/,
  );
  assert.match(text, /\n {2}shop\/web +0 +- +pending\n$/);
});

test("a deploy that goes on names what is not as wanted yet, and not a thousand", () => {
  const worth = { class: "available", acks: ["a"], replicas: 1, partitioned: false } as const;
  const result = {
    group: "web",
    generation: 2,
    result: "updated",
    instances: [],
    ...worth,
  } as const;
  const shown = (count: number) => {
    const unfinished = Array.from({ length: count }, (_, slot) => `web/${slot}`);
    return formatDeploys([{ ...result, unfinished }], plain);
  };
  assert.match(shown(2), /\n {2}not yet as wanted: web\/0, web\/1\n$/);
  assert.match(shown(1_000), /, web\/15, and 984 more\n$/);
});

test("a deploy that was undone meanwhile tells why before it tells what runs", () => {
  const instances = [{ name: "web", slot: 0, node: "a", state: "running" }] as const;
  const worth = { class: "available", acks: ["a"], replicas: 1, partitioned: false } as const;
  const undone = "no instance more of the new version was ready for 8 s";
  const result = { group: "web", generation: 2, result: "updated", undone, ...worth } as const;
  const [title, why] = formatDeploys([{ ...result, instances }], plain).split("\n");
  assert.equal(title, "web: updated, generation 2, on disk on 1 of 1 nodes");
  assert.equal(why, `  rolled back: ${undone}`);
});

test("of what was on a drained node it is told what went elsewhere, what ended and what stays", () => {
  const worth = { class: "available", acks: ["a"], replicas: 1, partitioned: false } as const;
  const instances = [
    { name: "web", slot: 0, node: "b" },
    { name: "agent", slot: 1, node: null },
    { name: "job", slot: 0, node: "a", reason: "is a job" },
  ];
  const text = formatDrain({ node: "a", instances, ...worth }, plain);
  const results = text
    .split("\n")
    .slice(2, -1)
    .map((row) => row.trim().split(/ {2,}/)[2]);
  assert.deepEqual(results, ["moved", "ended", "stays"]);
});

test("an error is its message and its details, without a stack or control characters", () => {
  const details = [
    { path: "a.b", message: "is \u001b[2Jmissing" },
    { path: "", message: "all of it" },
  ];
  const text = formatError(new InvalidSpec("two\nlines", { details }), plain);
  assert.equal(text, "error: two\nlines\n  a.b: is  [2Jmissing\n  all of it\n");
});
