import assert from "node:assert/strict";
import { test } from "node:test";
import { providerWorkerName } from "../../src/actors/names.ts";
import type { Operations } from "../../src/actors/operations.ts";
import { asInstanceId } from "../../src/core/ids.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import type { VirtualTask } from "../../src/simulator/virtual-host.ts";
import { instanceOf } from "./told.ts";

const machines = ["a", "b", "c", "d", "e"];
/** After which everything is to be right, and a moment for what is then still being ended. */
const healedMs = 31_000;

class Network {
  readonly simulation: Simulation;
  /** Where `web` was placed first. */
  home = "";

  constructor(seed: number) {
    this.simulation = new Simulation({ seed, machines });
  }

  /** Five nodes that run `web`. */
  async begin(spec: object): Promise<void> {
    for (const name of machines) {
      await this.simulation.start(name);
      if (name !== "a") await this.simulation.ask(name, (node) => node.join("a:6666"));
    }
    await this.simulation.ask("b", (node) => node.deploy([web(spec)]));
    this.home = this.running()[0]?.machine ?? "";
    assert.equal(this.running().length, 1);
  }

  /** Tasks of `web` that run. */
  running(): readonly { readonly machine: string; readonly task: VirtualTask }[] {
    return machines.flatMap((machine) =>
      [...this.simulation.host(machine).tasks.values()]
        .filter((task) => task.service === "web" && task.ended === undefined)
        .map((task) => ({ machine, task })),
    );
  }

  /** Parts the home of `web` and `others` of the machines after it from the rest. */
  part(others: number): { readonly small: readonly string[]; readonly large: readonly string[] } {
    const at = machines.indexOf(this.home);
    const turned = [...machines.slice(at), ...machines.slice(0, at)];
    const [small, large] = [turned.slice(0, others + 1), turned.slice(others + 1)];
    for (const one of small) for (const other of large) this.simulation.cut(one, other);
    return { small, large };
  }

  /** Heals it, and lets time go on: at no moment none runs that ran before, and in the end one does, for all. */
  async heal(isHealthy: (task: VirtualTask) => boolean = () => true): Promise<VirtualTask> {
    this.simulation.heal();
    for (let ms = 0; ms < healedMs; ms += 50) {
      await this.simulation.run(50);
      const well = this.running().filter(({ task }) => isHealthy(task));
      assert.ok(well.length > 0, `none runs ${ms} ms after the network was whole`);
    }
    const [left, ...more] = this.running();
    assert.ok(left !== undefined && more.length === 0, `${more.length + 1} run`);
    const { found } = left.task;
    const { node } = this.simulation.catalog(left.machine).told(asInstanceId(found.instance)) ?? {};
    for (const machine of machines) {
      const info = instanceOf(this.simulation, machine, "web");
      assert.deepEqual([info.state, info.instance, info.node], ["running", found.instance, node]);
    }
    assert.deepEqual(this.simulation.violations, []);
    return left.task;
  }

  /** Those of `web` that were ended as copies, as the history on a machine tells. */
  ended(machine: string) {
    const history = this.simulation.operations(machine).history("web");
    return history.flatMap((one) => (one.kind === "copy" ? [one.copy] : []));
  }
}

function web(spec: object): object {
  return { name: "web", provider: "virtual", params: {}, ...spec };
}

for (const others of [0, 1]) {
  for (const seed of [1, 2, 3]) {
    const parts = `${others + 1}/${4 - others}, seed ${seed}`;

    test(`each policy keeps the copy that it names, untouched (${parts})`, async () => {
      const kept = { longest_running: 0, keep_original: 0, keep_replacement: 1 };
      for (const [heal, at] of Object.entries(kept)) {
        const network = new Network(seed);
        await network.begin({ heal });
        const [original] = network.running();
        network.part(others);
        await network.simulation.run(60_000);
        const copies = network.running().map(({ task }) => task);
        assert.equal(copies.length, 2, "each side runs it");
        const replacement = copies.find((task) => task !== original?.task);
        const wanted = [original?.task, replacement][at];
        assert.equal(await network.heal(), wanted, heal);
        for (const machine of machines) {
          const [ended, ...more] = network.ended(machine);
          assert.ok(ended !== undefined && more.length === 0, "the end of one is told of");
          assert.equal(ended.merit, heal);
        }
      }
    });
  }
}

test("best_score keeps the copy on the node where it would be placed now", async () => {
  const network = new Network(4);
  await network.begin({ heal: "best_score" });
  const constraints = [`node.name == ${network.home}`];
  const fillers = ["x", "y", "z"].map((name) => {
    return { name, provider: "virtual", params: {}, placement: { constraints } };
  });
  await network.simulation.ask("c", (node) => node.deploy(fillers));
  const [original] = network.running();
  network.part(1);
  await network.simulation.run(60_000);
  assert.notEqual(await network.heal(), original?.task);
});

test("a copy that does its work is kept before the original, which has given up", async () => {
  const network = new Network(5);
  const health = { tcp: { port: 80 }, interval: "1s", retries: 1 };
  const restart = { policy: "always", intensity: { restarts: 0, within: "1h" } };
  const params = { port: 80, sickMs: 100_000 };
  await network.begin({ params, health, restart, heal: "keep_original" });
  await network.simulation.run(60_000);
  network.part(1);
  await network.simulation.run(50_000);
  assert.equal(network.running().length, 1, "the original has fallen ill");
  const [replacement] = network.running();
  assert.equal(await network.heal(), replacement?.task);
});

test("one that never confirms is passed over, and goes once its node hears again", async () => {
  const network = new Network(6);
  await network.begin({});
  const [original] = network.running();
  assert.ok(original !== undefined);
  network.part(1);
  await network.simulation.run(60_000);
  const instance = asInstanceId(original.task.found.instance);
  network.simulation.suspend(original.machine, providerWorkerName(instance));
  network.simulation.heal();
  for (let ms = 0; ms < healedMs; ms += 50) {
    await network.simulation.run(50);
    assert.ok(network.running().some(({ task }) => task !== original.task));
  }
  const { instance: kept } = instanceOf(network.simulation, "a", "web");
  assert.notEqual(kept, instance);
  const [ended] = network.ended("a");
  assert.deepEqual([ended?.instance, ended?.merit], [instance, "confirmed"]);
});

test("a node that comes back with its task running goes on with it, if that has run longer", async () => {
  const network = new Network(7);
  await network.begin({});
  const [original] = network.running();
  await network.simulation.run(10_000);
  network.simulation.crash(network.home);
  await network.simulation.run(30_000);
  assert.equal(network.running().length, 2);
  await network.simulation.start(network.home);
  assert.equal(await network.heal(), original?.task);
});

test("the end of a copy is told while it happens, and in the history, with why another was kept", async () => {
  const network = new Network(8);
  await network.begin({});
  network.part(1);
  await network.simulation.run(60_000);
  const reasons: string[] = [];
  for (const machine of machines) {
    const catalog = network.simulation.catalog(machine);
    catalog.watch(() => {
      for (const { service, status } of catalog.statuses()) {
        if (service === "web" && status.state === "stopping") reasons.push(status.reason ?? "");
      }
    });
  }
  await network.heal();
  const told = `a second copy after the network was whole again; kept the one on ${network.home} because`;
  assert.ok(reasons.length > 0);
  for (const reason of reasons) assert.equal(reason, `${told} it has run longer`);
});

type Wish = (operations: Operations) => Promise<unknown>;

/** What two sides of a partition wish one after the other, what runs in the end, and whose words are told as lost. */
interface Rivals {
  readonly first: Wish;
  readonly second: Wish;
  /** The environment of each task that is left. */
  readonly left: readonly object[];
  /** In the words of the spec or the run state. */
  readonly lost: readonly string[];
}

const deploy = (v: string) => (node: Operations) => node.deploy([web({ env: { V: v } })]);
const scale = (count: number) => (node: Operations) => node.scale("web", count);
const act = (action: "stop" | "remove") => (node: Operations) => node.act(action, ["web"]);

const rivals: Readonly<Record<string, Rivals>> = {
  "a deploy and a later scale": {
    first: deploy("2"),
    second: scale(2),
    left: [{ V: "1" }, { V: "1" }],
    lost: ["V 2"],
  },
  "a scale and a later deploy": {
    first: scale(2),
    second: deploy("2"),
    left: [{ V: "2" }],
    lost: ["V 1, 2 instances"],
  },
  "a stop and a later deploy": {
    first: act("stop"),
    second: deploy("2"),
    left: [{ V: "2" }],
    lost: ["stopped"],
  },
  "a deploy and a later removal": {
    first: deploy("2"),
    second: act("remove"),
    left: [],
    lost: ["V 2"],
  },
  "a removal and a later deploy": {
    first: act("remove"),
    second: deploy("2"),
    left: [],
    lost: ["V 2"],
  },
};

for (const [what, { first, second, left, lost }] of Object.entries(rivals)) {
  for (const isSmallFirst of [true, false]) {
    const who = isSmallFirst ? "the smaller side first" : "the larger side first";

    test(`${what}, on two sides: one holds, and what lost is told on every node (${who})`, async () => {
      const network = new Network(9);
      await network.begin({ env: { V: "1" } });
      const { small, large } = network.part(0);
      const { simulation } = network;
      await simulation.run(40_000);
      const [one = "", other = ""] = isSmallFirst ? [small[0], large[0]] : [large[0], small[0]];
      await simulation.ask(one, async (node) => void (await first(node)));
      await simulation.run(1_000);
      await simulation.ask(other, async (node) => void (await second(node)));
      await simulation.run(5_000);
      simulation.heal();
      await simulation.run(60_000);
      assert.equal(network.running().length, left.length);
      for (const machine of machines) {
        const services = simulation.catalog(machine).servicesUnder("web");
        assert.deepEqual(
          services.map(({ member }) => member.spec.env).slice(0, 1),
          left.slice(0, 1),
        );
        const history = simulation.operations(machine).history("web");
        const words = history.flatMap((entry) =>
          entry.kind === "lost" && entry.record !== undefined ? [wordsOf(entry.record.value)] : [],
        );
        for (const word of lost) assert.ok(words.includes(word), `${words} tells of ${word}`);
      }
      assert.deepEqual(simulation.violations, []);
    });
  }
}

function wordsOf(value: unknown): string {
  if (value === undefined) return "removed";
  const { run, spec } = value as {
    readonly run?: string;
    readonly spec?: { readonly env: { readonly V: string }; readonly instances: number };
  };
  if (spec === undefined) return run ?? "";
  const { env, instances } = spec;
  return instances === 1 ? `V ${env.V}` : `V ${env.V}, ${instances} instances`;
}
