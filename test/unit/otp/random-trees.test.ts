import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Strategy } from "../../../src/core/strategies.ts";
import type { ActorDefinition, Restart } from "../../../src/otp/definition.ts";
import { NameTaken } from "../../../src/otp/errors.ts";
import type { ActorTree } from "../../../src/otp/inspection.ts";
import { supervisor } from "../../../src/otp/supervisor.ts";
import { type ActorWorld, type ProbeProtocol, withActors } from "../../support/actor-world.ts";
import { settle } from "../../support/manual-env.ts";
import {
  type BranchSpec,
  modelPeriodMs,
  TreeModel,
  type TreeSpec,
} from "../../support/tree-model.ts";

const restarts = fc.constantFrom<Restart>("permanent", "transient", "temporary");
const strategies = fc.constantFrom<Strategy>("one_for_one", "one_for_all", "rest_for_one");

/** A tree before its actors are named. */
type Shape =
  | { readonly restart: Restart }
  | {
      readonly restart: Restart;
      readonly strategy: Strategy;
      readonly intensity: number;
      readonly children: readonly Shape[];
    };

const leaf: fc.Arbitrary<Shape> = fc.record({ restart: restarts });

function branch(depth: number): fc.Arbitrary<Shape> {
  const child = depth === 0 ? leaf : fc.oneof(leaf, branch(depth - 1));
  return fc.record({
    restart: restarts,
    strategy: strategies,
    intensity: fc.nat(3),
    children: fc.array(child, { minLength: 1, maxLength: 4 }),
  });
}

/** Names the actors by their place, like `r.0.2`. */
function nameAll(shape: Shape, id = "r"): TreeSpec {
  if (!("children" in shape)) return { kind: "leaf", id, restart: shape.restart };
  const children = shape.children.map((child, i) => nameAll(child, `${id}.${i}`));
  const { restart, strategy, intensity } = shape;
  return { kind: "branch", id, restart, strategy, intensity, children };
}

const trees = branch(2)
  .map((shape) => nameAll(shape))
  .filter((spec): spec is BranchSpec => spec.kind === "branch");

function define(world: ActorWorld, spec: TreeSpec): ActorDefinition {
  if (spec.kind === "leaf") return world.probe(spec.id);
  const { id: name, strategy, intensity } = spec;
  const children = spec.children.map((child) => {
    const { id, restart } = child;
    return { id, restart, start: define(world, child) };
  });
  return supervisor({ name, strategy, intensity, periodMs: modelPeriodMs, children });
}

function idsOf(spec: TreeSpec): string[] {
  return spec.kind === "leaf" ? [spec.id] : [spec.id, ...spec.children.flatMap(idsOf)];
}

function leavesOf(spec: TreeSpec): string[] {
  return spec.kind === "leaf" ? [spec.id] : spec.children.flatMap(leavesOf);
}

const attacks = fc.record({
  kind: fc.constantFrom("crash", "kill", "normal", "shutdown"),
  /** Whom, as a fraction of all actors. */
  whom: fc.double({ min: 0, max: 0.999, noNaN: true }),
  afterMs: fc.constantFrom(0, 1, 2_500, 5_000, 5_001),
});
type Attack = typeof attacks extends fc.Arbitrary<infer A> ? A : never;

/** Does it, as far as it can be done to that actor; true when the actor will end. */
function strike(world: ActorWorld, id: string, isLeaf: boolean, { kind }: Attack): boolean {
  if (kind === "kill") world.system.exit(id, "kill");
  else if (!isLeaf) return false;
  else if (kind === "crash") world.system.cast<ProbeProtocol, "crash">(id, "crash", id);
  else {
    const reason =
      kind === "normal" ? ({ kind: "normal" } as const) : { kind: "shutdown" as const };
    world.system.cast<ProbeProtocol, "stop">(id, "stop", reason);
  }
  return true;
}

function pick(ids: readonly string[], { whom }: Attack): string {
  return ids[Math.floor(whom * ids.length)] ?? "r";
}

function startsIn(events: readonly string[]): Map<string, number> {
  const starts = new Map<string, number>();
  for (const event of events) {
    const id = event.startsWith("start ") ? event.slice(6) : undefined;
    if (id !== undefined) starts.set(id, (starts.get(id) ?? 0) + 1);
  }
  return starts;
}

test("after each exit a random tree is what OTP's documentation says it is", async () => {
  await fc.assert(
    fc.asyncProperty(trees, fc.array(attacks, { maxLength: 12 }), (spec, plan) =>
      withActors(async (world) => {
        const ids = idsOf(spec);
        const leaves = new Set(leavesOf(spec));
        const model = new TreeModel(spec);
        await world.system.start(define(world, spec));
        for (const attack of plan) {
          await world.env.advance(attack.afterMs);
          const id = pick(ids, attack);
          if (strike(world, id, leaves.has(id), attack)) {
            const abnormal = attack.kind === "crash" || attack.kind === "kill";
            model.end(id, abnormal ? "abnormal" : "normal", world.env.clock.mono());
          }
          await settle();
          assert.deepEqual(world.alive, model.alive);
          assert.deepEqual(startsIn(world.events), model.starts);
          for (const known of ids) {
            assert.equal(world.system.whereis(known) !== undefined, model.isRunning(known), known);
          }
        }
      }),
    ),
    { numRuns: 60 },
  );
});

/** Every permanent child of a running supervisor runs, and each child is there once. */
function checkWhole(tree: ActorTree): void {
  const paths = tree.children.map(({ path }) => path);
  assert.equal(new Set(paths).size, paths.length);
  for (const child of tree.children) {
    if (child.child?.restart === "permanent") assert.equal(child.state, "running", child.path);
    checkWhole(child);
  }
}

test("whatever happens at the same moment, a tree comes to rest whole or gives up whole", async () => {
  await fc.assert(
    fc.asyncProperty(trees, fc.array(attacks, { maxLength: 20 }), (spec, plan) =>
      withActors(async (world) => {
        const ids = idsOf(spec);
        const leaves = new Set(leavesOf(spec));
        await world.system.start(define(world, spec));
        for (const attack of plan) {
          const id = pick(ids, attack);
          strike(world, id, leaves.has(id), attack);
          // Between some of them things are left half done.
          if (attack.afterMs === 1) await new Promise((resolve) => setImmediate(resolve));
        }
        await settle();
        for (const tree of world.system.inspect.tree()) checkWhole(tree);
        const taken = world.crashes.filter(({ error }) => error instanceof NameTaken);
        assert.deepEqual(taken, [], "nothing was started before its last life had ended");
      }),
    ),
    { numRuns: 60 },
  );
});
