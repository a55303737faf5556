/**
 * Decides for the groups whose shard this node ranks first among the live: takes the users' wishes for
 * them, one after the other for each name, and compares what is wanted with where it is placed.
 */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest, Conflict, NotFound, Unavailable } from "../core/errors.ts";
import { asServiceName, type NodeId, newId, type ServiceName } from "../core/ids.ts";
import type { Behaviour, Caller, Self } from "../otp/gen-server.ts";
import { refuse, replyLater } from "../otp/gen-server.ts";
import { type DeployResult, deployed } from "../services/deploy.ts";
import { keys } from "../services/keys.ts";
import { groupToJson } from "../services/records.ts";
import { type ServiceAction, serviceAction } from "../services/service-action.ts";
import { parseSpec, type ServiceSpec } from "../services/spec.ts";
import type { Entry, Receipt } from "../store/replication.ts";
import { Absences } from "./absences.ts";
import type { Catalog, CatalogChange } from "./catalog.ts";
import { cycleThrough } from "./deploy-checks.ts";
import { names } from "./names.ts";
import { owns } from "./ownership.ts";
import { dropArrived, placementPass } from "./placement-pass.ts";
import { PlacementTable } from "./placement-table.ts";
import { untilReady } from "./readiness.ts";
import type { ShardMap } from "./shard-map.ts";
import type { StoreProtocol } from "./store.ts";

export interface Deployed {
  readonly group: ServiceName;
  readonly generation: number;
  readonly result: DeployResult;
  readonly receipt: Receipt;
}

export interface Acted {
  /** False: it was so already. */
  readonly changed: boolean;
  readonly receipt: Receipt;
}

const ActRequest = Type.Object({ name: Type.String(), action: serviceAction });
const isAct = Compile(ActRequest);

export type ControllerProtocol = {
  /**
   * `document`: a spec as a user writes it.
   * @throws InvalidSpec; Conflict when it would close a cycle of dependencies
   */
  deploy: { request: { document: unknown }; reply: Deployed };
  /** @throws NotFound */
  act: { request: { name: string; action: ServiceAction }; reply: Acted };
};

export type ControllerInfo =
  | { readonly type: "changed"; readonly change: CatalogChange }
  /** A node has been away for the grace of a service that is placed there. */
  | { readonly type: "loss-due" }
  | { readonly type: "pass" };

export interface ControllerOptions {
  readonly node: NodeId;
  readonly catalog: Catalog;
  readonly shards: ShardMap;
}

/** Time between two looks at everything, which repair whatever was missed. */
const passMs = 10_000;

interface State {
  readonly self: Self<ControllerProtocol, ControllerInfo>;
  readonly options: ControllerOptions;
  /** The last wish for each name that is being carried out. */
  readonly busy: Map<string, Promise<void>>;
  /** What this node has placed, and the catalog has yet to hear of. */
  readonly underway: PlacementTable;
  readonly absences: Absences;
  /** When a service is lost to its node next, on the monotonic clock; Infinity: none is due. */
  nextLossAtMs: number;
  readonly random: () => number;
}

export function controller(
  options: ControllerOptions,
): Behaviour<State, ControllerProtocol, ControllerInfo> {
  return {
    init(self) {
      const random = self.env.random("controller");
      const underway = new PlacementTable();
      const absences = new Absences();
      const nextLossAtMs = Number.POSITIVE_INFINITY;
      const state = { self, options, busy: new Map(), underway, absences, nextLossAtMs, random };
      self.tell({ type: "pass" });
      return state;
    },
    handlers: {
      deploy(state, { document }, caller) {
        try {
          const spec = parseSpec(document);
          inTurn(state, spec.name, caller, () => deploy(state, spec));
          return [state, replyLater];
        } catch (error) {
          return refuse(state, error);
        }
      },
      act(state, { name, action }, caller) {
        const isKnown = options.catalog.group(name) !== undefined || !options.shards.isReady(name);
        if (!isKnown && !state.busy.has(name)) {
          return refuse(state, notFound(name));
        }
        inTurn(state, name, caller, () => act(state, name, action));
        return [state, replyLater];
      },
    },
    info(state, message) {
      if (message.type === "changed") {
        pass(state, message.change.kind === "view" ? undefined : message.change.names);
      } else if (message.type === "loss-due") {
        state.nextLossAtMs = Number.POSITIVE_INFINITY;
        pass(state, undefined);
      } else if (message.type === "pass") {
        pass(state, undefined);
        state.self.sendAfter(passMs, { type: "pass" });
      }
      return state;
    },
    describe: ({ busy }) => ({ busyWith: [...busy.keys()] }),
    remote: {
      deploy: (payload) => ({ document: documentOf(payload) }),
      act(payload) {
        if (isAct.Check(payload)) return payload;
        throw new BadRequest("not a wish for a service");
      },
    },
  };
}

function documentOf(payload: unknown): unknown {
  return typeof payload === "object" && payload !== null && "document" in payload
    ? payload.document
    : undefined;
}

/** A wish whose turn comes later is not begun: shorter than anyone waits for its outcome. */
const turnMsMax = 12_000;

/** Wishes for one name are carried out one after the other, those for different names together. */
function inTurn<T>(state: State, name: string, caller: Caller<T>, work: () => Promise<T>): void {
  const before = state.busy.get(name) ?? Promise.resolve();
  const { clock } = state.self.env;
  const askedAtMs = clock.mono();
  const begin = () => {
    // As after a stall: whoever asked was told that its outcome is unknown, and may have gone on.
    if (clock.mono() - askedAtMs > turnMsMax)
      throw new Unavailable(`${name} was busy with other wishes`);
    return work();
  };
  const turn = before.then(begin).then(
    (result) => caller.reply(result),
    (error: unknown) => caller.fail(error),
  );
  state.busy.set(name, turn);
  void turn.then(() => {
    if (state.busy.get(name) === turn) state.busy.delete(name);
  });
}

async function deploy(state: State, spec: ServiceSpec): Promise<Deployed> {
  const { catalog } = state.options;
  await ready(state, spec.name);
  const cycle = cycleThrough(catalog, [spec]);
  if (cycle !== undefined) throw new Conflict(`${spec.name} would require itself: ${cycle}`);
  const last = catalog.group(spec.name)?.record;
  const run = last === undefined ? "running" : catalog.runState(last).run;
  const { result, record } = deployed(last, run, spec, newId(state.random, 8));
  const { name: group, uid, generation } = record;
  if (result === "unchanged") return { group, generation, result, receipt: ownReceipt(state) };
  const receipt = await write(state, [
    { key: keys.spec(group), value: groupToJson(record) },
    { key: keys.runState(group), value: { uid, run: "running" } },
  ]);
  return { group, generation, result, receipt };
}

async function act(state: State, name: string, action: ServiceAction): Promise<Acted> {
  await ready(state, name);
  const entries = entriesFor(state, name, action);
  if (entries.length === 0) return { changed: false, receipt: ownReceipt(state) };
  return { changed: true, receipt: await write(state, entries) };
}

/** @throws NotFound */
function entriesFor(state: State, name: string, action: ServiceAction): readonly Entry[] {
  const { catalog } = state.options;
  const group = catalog.group(name)?.record;
  if (group === undefined) throw notFound(name);
  const { uid } = group;
  const { run } = catalog.runState(group);
  const running = { key: keys.runState(group.name), value: { uid, run: "running" } };
  const atMs = state.self.env.clock.wall();
  switch (action) {
    case "start":
      return run === "running" && isUnderWay(catalog, name) ? [] : [running];
    case "stop":
      return run === "stopped" ? [] : [{ ...running, value: { uid, run: "stopped" } }];
    case "restart": {
      const restart = { key: keys.restart(group.name), value: { uid, atMs } };
      return run === "running" ? [restart] : [restart, running];
    }
    case "remove":
      return [
        { key: keys.removed(group.name, uid), value: { uid, atMs } },
        { key: keys.spec(group.name) },
        { key: keys.runState(group.name) },
        { key: keys.restart(group.name) },
        { key: keys.placement(group.name, 0) },
      ];
  }
}

function isUnderWay(catalog: Catalog, name: string): boolean {
  const phase = catalog.phaseOf(asServiceName(name));
  return phase === "running" || phase === "starting" || phase === "pending";
}

/** Compares wanted and placed, for these names or for all, as far as this node decides for them. */
function pass(state: State, changed: ReadonlySet<string> | undefined): void {
  const { catalog, node, shards } = state.options;
  // What a node that was just met may know better is decided once it has told.
  const mine = (name: string) => owns(catalog.view, node, name) && shards.isReady(name);
  const { self, underway, absences } = state;
  const nowMs = self.env.clock.mono();
  dropArrived(underway, catalog, changed);
  absences.note(catalog.view.members, nowMs);
  const { entries, placed, takenOver, nextLossMs } = placementPass(
    { catalog, self: node, owns: mine, underway, awayForMs: (id) => absences.forMs(id, nowMs) },
    changed,
  );
  if (nextLossMs !== undefined) lookAgainIn(state, nextLossMs, nowMs);
  for (const { service, from, to } of takenOver) {
    self.log.info("a service is taken over by another node", { service, from, to });
  }
  if (entries.length === 0) return;
  for (const placement of placed) underway.set(placement.service, placement.slot, placement);
  void write(state, entries)
    .catch((error: unknown) => {
      state.self.log.warn("placements could not be written; the next pass tries again", { error });
    })
    .finally(() => {
      for (const placement of placed) {
        if (underway.get(placement.service, placement.slot) !== placement) continue;
        underway.set(placement.service, placement.slot, undefined);
      }
    });
}

function lookAgainIn(state: State, ms: number, nowMs: number): void {
  if (nowMs + ms >= state.nextLossAtMs) return;
  state.nextLossAtMs = nowMs + ms;
  state.self.sendAfter(ms, { type: "loss-due" });
}

function write(state: State, entries: readonly Entry[]): Promise<Receipt> {
  return state.self.system.call<StoreProtocol, "write">(
    names.store,
    "write",
    { entries },
    { timeoutMs: writeTimeoutMs },
  );
}

/** What other nodes hold of the group is known here: before that, nothing is decided about it. */
async function ready({ self, options }: State, name: string): Promise<void> {
  if (!options.shards.isReady(name)) await untilReady(self.system, name);
}

/** Above the time after which the store itself gives up. */
const writeTimeoutMs = 12_000;

/** Nothing had to be written: what is there is held here. */
function ownReceipt({ options }: State): Receipt {
  const { live, known } = options.catalog.peers();
  const replicas = live.length + 1;
  return { acks: [options.node], replicas, partitioned: 2 * replicas <= known };
}

function notFound(name: string): NotFound {
  return new NotFound(`there is no service ${name}`);
}
