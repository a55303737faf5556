import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Commands } from "../../../src/api/commands.ts";
import type { InstanceView, NodeView } from "../../../src/api/shapes.ts";
import { runMobcli } from "../../../src/cli/mobcli.ts";
import { runMob } from "../../../src/cli/program.ts";
import { Conflict, InvalidSpec, OutcomeUnknown } from "../../../src/core/errors.ts";
import { formatApiToken, newApiToken } from "../../../src/trust/api-token.ts";
import { withApi } from "../../support/api-server.ts";
import {
  aChange,
  aLeftover,
  aNode,
  anInstance,
  aPlan,
  chunksOf,
  memoryCommands,
} from "../../support/memory-commands.ts";
import { memoryIo } from "../../support/memory-io.ts";
import { tempFolder } from "../../support/temp-folder.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `args` against a node with these commands; `-p PORT` is added. */
async function mob(args: string[], commands: Partial<Commands> = {}, input = "", runs = runMob) {
  const ran: Ran[] = [];
  await withApi(memoryCommands(commands), async ({ address, env }) => {
    const io = memoryIo({ input, env });
    const code = await runs([...args, "-p", String(address.port)], io);
    ran.push({ code, out: io.out(), err: io.err() });
  });
  const [result] = ran;
  assert.ok(result !== undefined);
  return result;
}

test("nodes and ls are aligned tables, and with --json the API's own shapes", async () => {
  const nodes = await mob(["nodes"]);
  assert.equal(nodes.code, 0);
  assert.equal(
    nodes.out,
    "NAME      ADDRESS         STATE  PROVIDERS  MEMORY        CPUS      LABELS   VERSION\n" +
      "6666@box  127.0.0.1:6666  alive  bash       256MB of 8GB  0.5 of 4  zone=eu  0.1.0\n",
  );
  assert.match((await mob(["ls"])).out, /^NAME +SLOT +NODE.*\nweb +0 +6666@box +bash +running/);
  assert.deepEqual(JSON.parse((await mob(["nodes", "--json"])).out), [aNode]);
  assert.deepEqual(JSON.parse((await mob(["--json", "ls"])).out), [anInstance]);
});

test("show, providers, join and actors tell what they got", async () => {
  assert.match((await mob(["show", "web"])).out, /"provider": "bash"/);
  assert.match((await mob(["providers"])).out, /docker +no .* not installed/);
  assert.match((await mob(["join", "127.0.0.1:7777"])).out, /7777@box +127\.0\.0\.1:7777/);
  assert.match((await mob(["actors"])).out, /^mob .*\n├─ peer .*\n│ {2}└─ listener .*\n└─ contr/m);
  assert.match((await mob(["actors", "mob/controller"])).out, /^path +mob\/controller$/m);
});

test("start, stop, restart and rm pass the action and all names on", async () => {
  const asked: unknown[] = [];
  const act: Commands["act"] = async (action, names) => {
    asked.push([action, ...names]);
    return [];
  };
  for (const command of ["start", "stop", "restart", "rm"])
    await mob([command, "a", "b/c"], { act });
  const names = ["a", "b/c"];
  const expected = ["start", "stop", "restart", "remove"].map((action) => [action, ...names]);
  assert.deepEqual(asked, expected);
});

test("each kind of failure has its exit code, and its message is on standard error", async () => {
  const fails = (error: Error) => ({ nodes: () => Promise.reject(error) });
  assert.equal((await mob(["nodes"], fails(new Conflict("no")))).code, 1);
  assert.equal((await mob(["nodes", "--nonsense"])).code, 2);
  const missing = await mob(["show", "nope"]);
  assert.equal(missing.code, 3);
  assert.equal(missing.out, "");
  assert.equal(missing.err, "error: there is no service nope\n");
  assert.equal((await mob(["nodes"], fails(new OutcomeUnknown("?")))).code, 6);
  const nobody = memoryIo({ env: { MOB_TOKEN: formatApiToken(newApiToken("p".repeat(43))) } });
  assert.equal(await runMob(["nodes", "--node", "127.0.0.1:1"], nobody), 4);
  assert.match(nobody.err(), /no node answers at 127\.0\.0\.1:1: is it running\?/);
});

test("an error's details follow it, each with its path; with --json they are the error's shape", async () => {
  const details = [{ path: "services[0].name", message: "is missing" }];
  const refused = { nodes: () => Promise.reject(new Conflict("cannot", { details })) };
  const plain = await mob(["nodes"], refused);
  assert.equal(plain.err, "error: cannot\n  services[0].name: is missing\n");
  const json = await mob(["nodes", "--json"], refused);
  const error = { code: "conflict", message: "cannot", details };
  assert.deepEqual(JSON.parse(json.err), { error });
});

test("a service that failed after all is exit code 1", async () => {
  const failed: Commands["act"] = async ([...names]) =>
    names.map((name) => ({
      name,
      result: "started",
      state: "failed",
      class: "available",
      acks: [],
      replicas: 1,
      partitioned: false,
    }));
  assert.equal((await mob(["start", "web"], { act: failed })).code, 1);
});

test("a misspelt command gets a suggestion, one that comes later is refused by name", async () => {
  const misspelt = await mob(["nodse"]);
  assert.equal(misspelt.code, 2);
  assert.match(misspelt.err, /unknown command 'nodse'\s+\(Did you mean nodes\?\)/);
  const later = await mob(["secret", "web", "3", "--now"]);
  assert.equal(later.code, 2);
  assert.match(later.err, /mob secret comes later/);
});

test("gc shows what is left, and with --remove says of each what became of it", async () => {
  const shown = await mob(["gc"]);
  assert.equal(shown.code, 0);
  assert.match(
    shown.out,
    /^PROVIDER +ID +INSTANCE .*STATE +REASON\nbash .*gone +its data folder is/,
  );
  const removed = await mob(["gc", "--remove"]);
  assert.equal(removed.code, 0);
  assert.match(removed.out, /\nbash +0a1b2c3d4e5f\/0123456789abcdef\.1 .* removed$/m);
});

test("gc fails where something is kept that was to go, or an engine does not answer", async () => {
  const kept = await mob(["gc", "--remove", aLeftover.id, "other"]);
  assert.equal(kept.code, 1);
  assert.match(kept.out, / removed\n- +other +- +kept +not there$/m);
  const unread = [{ provider: "docker", reason: "nobody listens" }];
  const silent = async () => ({ node: "6666@box", leftovers: [], unread });
  const unseen = await mob(["gc"], { leftovers: silent });
  assert.equal(unseen.code, 1);
  assert.match(unseen.out, /^docker could not be looked through: nobody listens$/m);
});

test("a command that wants one of its own shows them, and says so", async () => {
  const token = await mob(["token"]);
  assert.equal(token.code, 2);
  assert.match(token.err, /^Usage: mob token [\s\S]*\nerror: mob token wants a command\n/);
});

test("who mistyped an option is shown to the help of the very command, whatever its arguments are called", async () => {
  const pointed: [string[], string][] = [
    [["exec", "ls", "--nosuch"], "mob exec"],
    [["exec", "web", "ls", "-l"], "mob exec"],
    [["-p", "1", "show", "nodes", "--nosuch"], "mob show"],
    [["volume", "rm", "--nosuch"], "mob volumes rm"],
    [["shell", "--nosuch"], "mob attach"],
    [["token", "create"], "mob token create"],
    [["--nosuch"], "mob up"],
    [["-p", "1", "nodse"], "mob"],
  ];
  for (const [args, command] of pointed) {
    const io = memoryIo();
    assert.equal(await runMob(args, io), 2, args.join(" "));
    assert.ok(io.err().endsWith(`\nsee ${command} --help\n`), io.err());
  }
});

test("help and version are answers, not errors", async () => {
  const help = memoryIo();
  assert.equal(await runMob(["--help"], help), 0);
  assert.match(help.out(), /deploy/);
  assert.doesNotMatch(help.out(), /simulate|detached/);
  assert.equal(await runMob(["logs", "--help"], help), 0);
  assert.match(help.out(), /--tail/);
  const version = memoryIo();
  assert.equal(await runMob(["--version"], version), 0);
  assert.match(version.out(), /^\d+\.\d+\.\d+\n$/);
});

test("options with impossible values are bad usage, named", async () => {
  const wrong: [string[], RegExp][] = [
    [["nodes", "-p", "70000"], /--port is "70000"/],
    [["nodes", "--node", "nowhere"], /"nowhere" is not an address/],
    [["nodes", "--node", "a:1", "-p", "1"], /--port and --node/],
    [["logs", "web", "-n", "-5"], /--tail "-5" should be a number/],
    [["up", "--label", "zone"], /--label "zone"/],
    [["up", "--weight", "0"], /--weight "0" should be a number from 0\.1 to 100/],
    [["up", "--weight", "heavy"], /--weight "heavy"/],
    [["up", "--capacity", "memory=much"], /--capacity "memory=much" should look like memory=8GB/],
    [["up", "--capacity", "disk=8GB"], /--capacity "disk=8GB"/],
    [["up", "--capacity", "cpu=-1"], /--capacity "cpu=-1"/],
    [["up", "-P", "bash,,docker"], /--providers "bash,,docker": entry 2 of 3 is empty/],
    [["up", "-P", " "], /--providers " ": entry 1 of 1 is empty/],
    [
      ["up", "-P", "bash, ,docker,"],
      /--providers "bash, ,docker,": entries 2 and 4 of 4 are empty/,
    ],
    [["up", "--bind", "0.0.0.0:6666"], /--bind "0\.0\.0\.0:6666" should be a host/],
    [["up", "--advertise", "a b"], /--advertise "a b" should be a host/],
    [["up", "--membership", "moon"], /"moon" is no preset; there are: lan, wan, local/],
    [["up", "--membership", "lan,probeMs=x"], /probeMs="x" should be a whole number/],
    [["scale", "web", "-3"], /instances "-3" should be a whole number from 0, .* mob scale web 3/],
    [["scale", "web", "1.5"], /instances "1\.5" should be a whole number/],
    [["show"], /missing required argument 'name'/],
  ];
  for (const [args, message] of wrong) {
    const io = memoryIo();
    assert.equal(await runMob(args, io), 2, args.join(" "));
    assert.match(io.err(), message);
  }
});

test("MOB_PORT says which node, and is checked", async () => {
  await withApi(memoryCommands(), async ({ address, env }) => {
    const io = memoryIo({ env: { ...env, MOB_PORT: String(address.port) } });
    assert.equal(await runMob(["ls"], io), 0);
  });
  const wrong = memoryIo({ env: { MOB_PORT: "x" } });
  assert.equal(await runMob(["ls"], wrong), 2);
  assert.match(wrong.err(), /MOB_PORT is "x"/);
});

test("deploy takes files, standard input, JSON with single quotes, and YAML", async (t) => {
  const file = join(await tempFolder(t), "web.yaml");
  await writeFile(file, "name: filed\n---\nname: second\n");
  const deployed = async (args: string[], input = "") => {
    const got: unknown[] = [];
    const plain = memoryCommands();
    const deploy: Commands["deploy"] = (documents) => {
      got.push(...documents);
      return plain.deploy(documents);
    };
    assert.equal((await mob(["deploy", ...args], { deploy }, input)).code, 0);
    return got;
  };
  assert.deepEqual(await deployed([file, "{'name': 'inline'}"]), [
    { name: "filed" },
    { name: "second" },
    { name: "inline" },
  ]);
  assert.deepEqual(await deployed(["-"], '{"name":"piped"}'), [{ name: "piped" }]);
  assert.deepEqual(await deployed(["name: yaml\nprovider: bash"]), [
    { name: "yaml", provider: "bash" },
  ]);
});

test("an update that was rolled back meanwhile has failed, though all runs again", async () => {
  const undone = "no instance more of the new version was ready for 8 s";
  const deploy: Commands["deploy"] = async (documents) => {
    const results = await memoryCommands().deploy(documents);
    return results.map((result) => ({ ...result, undone }));
  };
  const { code, out } = await mob(["deploy", "name: web\nprovider: bash"], { deploy });
  assert.equal(code, 1);
  assert.match(out, /rolled back: no instance more of the new version/);
});

test("who deploys what fails is pointed to its output, or, where that tells nothing, to its reason", async () => {
  const toldFor = async (exit: Partial<InstanceView>) => {
    const failed = {
      name: "web",
      slot: 0,
      node: "6666@box",
      state: "backing-off",
      ...exit,
    } as const;
    const commands = memoryCommands();
    const deploy: Commands["deploy"] = async (documents) => {
      const results = await commands.deploy(documents);
      return results.map((result) => ({ ...result, instances: [failed] }));
    };
    const services: Commands["services"] = async () => [{ ...anInstance, ...failed }];
    const { err } = await mob(["deploy", "name: web\nprovider: bash"], { deploy, services });
    return err;
  };
  const show = "to see why: mob show web\n";
  const logs = "its output tells more: mob logs web\n";
  assert.equal(await toldFor({}), show);
  assert.equal(await toldFor({ exit: { signal: "SIGTERM", byMob: true } }), show);
  assert.equal(await toldFor({ exit: { code: 1 } }), logs);
  const unhealthy = { signal: "SIGTERM", reason: "a failed health check", byMob: true };
  assert.equal(await toldFor({ exit: unhealthy }), logs);
});

test("a deploy that goes on is no failure, and how to follow it is told", async () => {
  const deploy: Commands["deploy"] = async (documents) => {
    const results = await memoryCommands().deploy(documents);
    return results.map((result) => ({ ...result, group: "shop", unfinished: ["shop/web/0"] }));
  };
  const { code, out, err } = await mob(["deploy", "name: shop"], { deploy });
  assert.equal(code, 0);
  assert.match(out, /not yet as wanted: shop\/web\/0/);
  assert.equal(err, "it goes on: mob watch shop tells how\n");
});

test("what an action has not come to the end of goes on, and how to follow it is told", async () => {
  const act: Commands["act"] = async (action, names) => {
    const results = await memoryCommands().act(action, names);
    return results.map((result) => ({ ...result, unfinished: ["web/1"] }));
  };
  const started = await mob(["restart", "web"], { act });
  assert.equal(started.code, 0);
  assert.match(started.out, /not yet as wanted: web\/1\n$/);
  assert.equal(started.err, "it goes on: mob watch web tells how\n");
  const removed = await mob(["rm", "web"], { act });
  assert.equal(removed.err, ""); // There is nothing left of that name to be watched.
});

test("specs that cannot be read are exit code 2, and nothing is sent", async () => {
  const deploy = () => Promise.reject(new Conflict("it was sent"));
  assert.equal((await mob(["deploy", "{'name': "], { deploy })).code, 2);
  const noFile = await mob(["deploy", "/nonexistent/web.yaml"], { deploy });
  assert.equal(noFile.code, 2);
  assert.match(noFile.err, /\/nonexistent\/web\.yaml cannot be read/);
});

test("plan takes what deploy takes, and shows what would change and where it would run", async () => {
  const planned: unknown[] = [];
  const plan: Commands["plan"] = async (documents) => {
    planned.push(...documents);
    return [aPlan];
  };
  const { code, out } = await mob(["plan", "-"], { plan }, "name: web\nprovider: bash\n");
  assert.equal(code, 0);
  assert.deepEqual(planned, [{ name: "web", provider: "bash" }]);
  assert.equal(
    out,
    "web: would be updated, generation 2\n" +
      '  env.MODE: "test" → "production"\n' +
      "  NAME  SLOT  ACTION  NODE      WHY\n" +
      "  web   0     keep    6666@box  it is there already\n",
  );
  assert.deepEqual(JSON.parse((await mob(["plan", "--json", "name: web"])).out), [aPlan]);
});

test("a plan of specs that would be refused ends as their deploy would", async () => {
  const details = [{ path: "name", message: "is required" }];
  const refuse = () => Promise.reject(new InvalidSpec("the spec cannot be accepted", { details }));
  const refused = await mob(["plan", "{}"], { plan: refuse });
  assert.deepEqual(refused, await mob(["deploy", "{}"], { deploy: refuse }));
  assert.equal(refused.code, 2);
  assert.match(refused.err, /name: is required/);
});

test("what a node has against one of several documents is told of its file and its service", async (t) => {
  const folder = await tempFolder(t);
  const [one, two] = [join(folder, "one.yaml"), join(folder, "two.yaml")];
  await writeFile(one, "name: web\n");
  await writeFile(two, "name: db\n---\nprovider: bash\n");
  const details = [
    { path: "[0].parms", message: "unknown key" },
    { path: "[1]", message: "is no service" },
    { path: "[2].name", message: "is required" },
    { path: "requires", message: "is a cycle" },
  ];
  const deploy = () => Promise.reject(new InvalidSpec("the spec cannot be accepted", { details }));
  const { code, err } = await mob(["deploy", one, two], { deploy });
  assert.equal(code, 2);
  assert.deepEqual(err.trimEnd().split("\n").slice(1), [
    `  ${one}: web: parms: unknown key`,
    `  ${two}: db: is no service`,
    `  ${two}: document 2: name: is required`,
    "  requires: is a cycle",
  ]);
});

test("a revocation names the nodes that have not answered, and those that cannot be reached", async () => {
  const node = (name: string, state: NodeView["state"]) => ({ ...aNode, name, state });
  const nodes = async () => [
    node("a", "alive"),
    node("b", "alive"),
    node("c", "dead"),
    node("d", "left"),
  ];
  const revokeToken: Commands["revokeToken"] = async (name) => ({
    ...(await memoryCommands().revokeToken(name)),
    acks: ["a"],
    replicas: 2,
  });
  const { out } = await mob(["token", "revoke", "ci"], { nodes, revokeToken });
  const [done, ...others] = out.split("\n");
  assert.match(done ?? "", /^revoked ci .* on 1 of 3 nodes$/);
  assert.deepEqual(others, [
    "b: has yet to say that it heard of it, which takes a second or so",
    "c: cannot be reached, and lets it in until it is reached again",
    "",
  ]);
});

test("schema prints the JSON Schema of a spec, whether or not a node runs", async () => {
  const io = memoryIo();
  assert.equal(await runMob(["schema"], io), 0);
  const schema = JSON.parse(io.out()) as { readonly $schema: string; readonly $defs: object };
  assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.deepEqual(Object.keys(schema.$defs), ["spec", "service", "group"]);
  assert.equal(io.err(), "");
});

test("logs of one instance are passed on as they are", async () => {
  assert.equal((await mob(["logs", "web"])).out, "one\ntwo\n");
});

test("logs of several instances have whose each line is", async () => {
  const other = { ...anInstance, slot: 1 };
  const plain = memoryCommands();
  const several: Partial<Commands> = {
    show: async (name) => ({ ...(await plain.show(name)), instances: [anInstance, other] }),
    logs: async (name) =>
      chunksOf([
        { name, slot: 0, node: "a", bytes: Buffer.from("first ha") },
        { name, slot: 1, node: "b", bytes: Buffer.from("second\n") },
        { name, slot: 0, node: "a", bytes: Buffer.from("lf\nrest") },
      ]),
  };
  const { out } = await mob(["logs", "web"], several);
  assert.equal(out, "web.1 | second\nweb.0 | first half\nweb.0 | rest\n");
});

test("a reader that has gone ends a followed log quietly", async () => {
  const gone = new AbortController();
  async function* endless(signal: AbortSignal) {
    while (!signal.aborted) {
      yield { name: "web", slot: 0, node: "a", bytes: Buffer.from("line\n") };
      gone.abort();
    }
  }
  const logs: Commands["logs"] = async (_name, _options, signal) => endless(signal);
  await withApi(memoryCommands({ logs }), async ({ address, env }) => {
    const io = memoryIo({ gone: gone.signal, env });
    assert.equal(await runMob(["logs", "-f", "web", "-p", String(address.port)], io), 0);
    assert.equal(io.err(), "");
  });
});

test("a watch of what is not there says so, once, and waits for it", async () => {
  const gone = new AbortController();
  async function* untilGone() {
    yield [aChange];
    gone.abort();
  }
  const asked: unknown[] = [];
  const watch: Commands["watch"] = async ({ services }) => {
    asked.push(services);
    return untilGone();
  };
  await withApi(memoryCommands({ watch }), async ({ address, env }) => {
    const io = memoryIo({ gone: gone.signal, env });
    const args = ["watch", "web", "nope", "--json", "-p", String(address.port)];
    assert.equal(await runMob(args, io), 0);
    assert.equal(io.err(), "[there is no service nope yet: the watch waits for it]\n");
  });
  assert.deepEqual(asked, [["web", "nope"]]);
});

test("mobcli has the original's commands, one at a time", async () => {
  const mobcli = (...args: string[]) => mob(args, {}, "", runMobcli);
  assert.match((await mobcli("-n")).out, /6666@box/);
  assert.match((await mobcli("-j", "127.0.0.1:7777")).out, /7777@box/);
  assert.match((await mobcli("-d", '{ "name": "web" }')).out, /^web: created/);
  assert.equal((await mobcli()).code, 2);
  assert.equal((await mobcli("-n", "-j", "127.0.0.1:7777")).code, 2);
});
