/**
 * Decides for the groups whose shard this node ranks first among the live: takes the users' wishes for
 * them (`wishes.ts`), one after the other for each name, and compares what is wanted with where it is
 * placed.
 */
import { NotFound } from "../core/errors.ts";
import { asServiceName, type NodeId } from "../core/ids.ts";
import type { Behaviour, Self } from "../otp/gen-server.ts";
import { refuse, replyLater } from "../otp/gen-server.ts";
import { parseGroupSpec } from "../services/group-spec.ts";
import { keys } from "../services/keys.ts";
import type { PlacementRecord } from "../services/records.ts";
import { groupOf } from "../services/service-name.ts";
import type { Entry } from "../store/replication.ts";
import { Absences } from "./absences.ts";
import type { Catalog, CatalogChange } from "./catalog.ts";
import { type ControllerProtocol, readControllerRequests } from "./controller-protocol.ts";
import { endedIn } from "./copy-view.ts";
import { CopyWatch } from "./copy-watch.ts";
import { owns } from "./ownership.ts";
import { dropArrived, entryOf, type FailedUpdate, placementPass } from "./placement-pass.ts";
import { PlacementTable } from "./placement-table.ts";
import { type RebalanceOptions, rebalancePass } from "./rebalance-pass.ts";
import { writeRecords } from "./record-writes.ts";
import { Rollouts } from "./rollouts.ts";
import type { ShardMap } from "./shard-map.ts";
import { Steadiness } from "./steadiness.ts";
import { type SupervisionOptions, supervisionPass } from "./supervision-pass.ts";
import { WishTurns } from "./wish-turns.ts";
import { Wishes } from "./wishes.ts";

export type ControllerInfo =
  | { readonly type: "changed"; readonly change: CatalogChange }
  /** A node's grace may be over, or the time of an update. */
  | { readonly type: "look-again" }
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
  readonly turns: WishTurns;
  /** What this node has placed, and the catalog has yet to hear of. */
  readonly underway: PlacementTable;
  /** Groups of which a decision on their services' lives is being written. */
  readonly supervising: Set<string>;
  readonly absences: Absences;
  readonly rollouts: Rollouts;
  readonly copyWatch: CopyWatch;
  readonly steadiness: Steadiness;
  /** When to look again though nothing changes, on the monotonic clock; Infinity: no time is set. */
  nextLookAtMs: number;
  readonly wishes: Wishes;
}

export function controller(
  options: ControllerOptions,
): Behaviour<State, ControllerProtocol, ControllerInfo> {
  return {
    init(self) {
      const wishes = new Wishes({ ...options, system: self.system, env: self.env });
      const underway = new PlacementTable();
      const absences = new Absences();
      const rollouts = new Rollouts();
      const nextLookAtMs = Number.POSITIVE_INFINITY;
      const steadiness = new Steadiness();
      const supervising = new Set<string>();
      const copyWatch = new CopyWatch();
      const seen = {
        underway,
        supervising,
        absences,
        rollouts,
        copyWatch,
        steadiness,
        nextLookAtMs,
      };
      const turns = new WishTurns(self.env.clock);
      const state = { self, options, turns, ...seen, wishes };
      self.tell({ type: "pass" });
      return state;
    },
    handlers: {
      deploy(state, { document }, caller) {
        try {
          const spec = parseGroupSpec(document);
          state.turns.take(spec.name, caller, () => state.wishes.deploy(spec));
          return [state, replyLater];
        } catch (error) {
          return refuse(state, error);
        }
      },
      scale(state, { name, instances }, caller) {
        if (!mayBeThere(state, name))
          return refuse(state, new NotFound(`there is no service ${name}`));
        const group = groupOf(asServiceName(name));
        state.turns.take(group, caller, () => state.wishes.scale(asServiceName(name), instances));
        return [state, replyLater];
      },
      rollback(state, { name }, caller) {
        if (!mayBeThere(state, name))
          return refuse(state, new NotFound(`there is no service ${name}`));
        state.turns.take(name, caller, () => state.wishes.rollBack(name, "asked for by a user"));
        return [state, replyLater];
      },
      settleVolume(state, { name, node }, caller) {
        state.turns.take(keys.volume(name), caller, () => state.wishes.settleVolume(name, node));
        return [state, replyLater];
      },
      act(state, { name, action }, caller) {
        if (!mayBeThere(state, name))
          return refuse(state, new NotFound(`there is no service ${name}`));
        state.turns.take(name, caller, () => state.wishes.act(name, action));
        return [state, replyLater];
      },
    },
    info(state, message) {
      if (message.type === "changed") {
        pass(state, message.change.kind === "view" ? undefined : message.change.names);
      } else if (message.type === "look-again") {
        state.nextLookAtMs = Number.POSITIVE_INFINITY;
        pass(state, undefined);
      } else if (message.type === "pass") {
        pass(state, undefined);
        state.self.sendAfter(passMs, { type: "pass" });
      }
      return state;
    },
    describe: ({ turns }) => ({ busyWith: turns.names() }),
    remote: readControllerRequests,
  };
}

/** An update has failed: it is undone once, and otherwise left as it is. */
function giveUp(state: State, { group, service, reason }: FailedUpdate): void {
  const { self, rollouts, wishes, options } = state;
  const failing = options.catalog.service(service);
  for (const { member } of options.catalog.servicesUnder(group)) {
    rollouts.forget(member.spec.name);
  }
  if (failing === undefined) return;
  const { previous, rollback, generation } = failing.record;
  const { update } = failing.member.spec;
  const isUndone = update.rollback && previous !== undefined && rollback === undefined;
  const about = { service, generation, reason };
  const isFirst = rollouts.giveUp(service, failing.stamp);
  if (!isUndone) {
    if (isFirst) self.log.warn("an update has failed, and is left as it is", about);
    return;
  }
  self.log.warn("an update has failed, and is rolled back", about);
  const undo = async (): Promise<void> => {
    // A user may have deployed something else meanwhile.
    if (options.catalog.group(group)?.stamp !== failing.stamp) return;
    await wishes.rollBack(group, group === service ? reason : `${service}: ${reason}`);
  };
  const fail = (error: unknown) =>
    self.log.error("an update cannot be rolled back", { ...about, error });
  state.turns.take(group, { reply: () => {}, fail }, undo);
}

/** Something of that name is deployed, or may be. */
function mayBeThere({ wishes, turns }: State, name: string): boolean {
  return turns.has(name) || wishes.mayKnow(name);
}

/** Compares wanted and placed, for these groups or for all, as far as this node decides for them. */
function pass(state: State, changed: ReadonlySet<string> | undefined): void {
  const { catalog, node, shards } = state.options;
  // What a node that was just met may know better is decided once it has told.
  const mine = (name: string) => owns(catalog.view, node, name) && shards.isReady(name);
  const { self, underway, absences, rollouts, copyWatch } = state;
  const nowMs = self.env.clock.mono();
  const wallMs = self.env.clock.wall();
  dropArrived(underway, catalog, changed);
  absences.note(catalog.view.members, catalog.usedNodes(), nowMs);
  const absentForMs = (id: NodeId) => absences.forMs(id, nowMs);
  superviseGroups(state, { catalog, owns: mine, absentForMs }, changed);
  // First that all has ended which is to end with what was on a lost node; then that is placed elsewhere.
  const decides = (name: string) =>
    mine(name) && !state.supervising.has(groupOf(asServiceName(name)));
  const now = { nowMs, wallMs };
  const seen = { underway, absentForMs, rollouts, copyWatch };
  const options = { catalog, self: node, owns: decides, ...seen, ...now };
  const { entries, placed, takenOver, lookAgainMs, failed } = placementPass(options, changed);
  if (lookAgainMs !== undefined) lookAgainIn(state, lookAgainMs, nowMs);
  for (const update of failed) giveUp(state, update);
  for (const { service, from, to } of takenOver) {
    self.log.info("a service is taken over by another node", { service, from, to });
  }
  for (const ended of endedIn(catalog, placed)) {
    self.log.info("a second copy of an instance is ended", ended);
  }
  const moved = entries.length > 0 ? [] : rebalance(state, options, changed);
  write(state, [...entries, ...moved.map(entryOf)], [...placed, ...moved]);
}

/** What is moved to be spread better, where all is as it is to be. */
function rebalance(
  state: State,
  options: Omit<RebalanceOptions, "steadiness">,
  changed: ReadonlySet<string> | undefined,
): readonly PlacementRecord[] {
  const { self, steadiness } = state;
  const { placement, lookAgainMs } = rebalancePass({ ...options, steadiness }, changed);
  if (lookAgainMs !== undefined) lookAgainIn(state, lookAgainMs, options.nowMs);
  if (placement === undefined) return [];
  const { service, slot, node: to } = placement;
  self.log.info("an instance is moved to be spread better", { service, slot, to });
  return [placement];
}

function write(
  { self, underway }: State,
  entries: readonly Entry[],
  placed: readonly PlacementRecord[],
): void {
  if (entries.length === 0) return;
  for (const placement of placed) underway.set(placement.service, placement.slot, placement);
  void writeRecords(self.system, entries)
    .catch((error: unknown) => {
      self.log.warn("placements could not be written; the next pass tries again", { error });
    })
    .finally(() => {
      for (const placement of placed) {
        if (underway.get(placement.service, placement.slot) !== placement) continue;
        underway.set(placement.service, placement.slot, undefined);
      }
    });
}

/** Writes what follows of the ends of services for the others of their groups; each group waits for that. */
function superviseGroups(
  { self, supervising }: State,
  options: Omit<SupervisionOptions, "nowMs">,
  changed: ReadonlySet<string> | undefined,
): void {
  const owns = (name: string) => options.owns(name) && !supervising.has(name);
  const nowMs = self.env.clock.wall();
  for (const decision of supervisionPass({ ...options, owns, nowMs }, changed)) {
    const { group, record, restarted } = decision;
    supervising.add(group);
    if (record.failure !== undefined) {
      self.log.warn("a group has failed", { group, reason: record.failure });
    } else self.log.info("a group restarts services", { group, restarted });
    writeRecords(self.system, [{ key: keys.supervision(group), value: record }]).then(
      () => {
        supervising.delete(group);
        self.tell({ type: "changed", change: { kind: "records", names: new Set([group]) } });
      },
      (error: unknown) => {
        supervising.delete(group);
        self.log.warn("the lives of a group could not be written; the next pass tries again", {
          group,
          error,
        });
      },
    );
  }
}

function lookAgainIn(state: State, ms: number, nowMs: number): void {
  if (nowMs + ms >= state.nextLookAtMs) return;
  state.nextLookAtMs = nowMs + ms;
  state.self.sendAfter(ms, { type: "look-again" });
}
