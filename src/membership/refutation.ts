/**
 * What a node answers to what is said of it: a false accusation is outdone by a higher incarnation.
 * Where others remember more lives of it than its disk does, that disk is an old one: the node goes on
 * above all of them, and its data must be taken for a blank replica's.
 */
import type { OutdatedReason } from "./events.ts";
import { worsen } from "./health.ts";
import { bootMax, bootOf, firstIncarnation, nextIncarnation } from "./incarnation.ts";
import { hold, tell } from "./standing.ts";
import { type MembershipState, selfOf, type Turn } from "./state.ts";
import type { Facts, MemberRecord } from "./view.ts";

export function hearOfSelf(turn: Turn, told: MemberRecord): void {
  const { state } = turn;
  const self = selfOf(state);
  if (hearOfLife(turn, told.incarnation)) return;
  if (told.state === "forgotten") outdate(turn, "forgotten");
  if (told.incarnation !== self.incarnation || self.state === "left") return;
  if (told.state === "alive" || told.state === "left") return;
  worsen(state, 1);
  sayAnew(turn, {});
}

/** Another knows this node under `incarnation`. Returns whether that is none of this life. */
export function hearOfLife(turn: Turn, incarnation: number): boolean {
  if (!isOfAnotherLife(turn.state, incarnation)) return false;
  outdate(turn, "snapshot");
  raiseBoot(turn, bootOf(incarnation) + 1);
  return true;
}

/** Says something new of this node itself. */
export function sayAnew(turn: Turn, changed: { readonly facts?: Facts }): void {
  const { state } = turn;
  const self = selfOf(state);
  const incarnation = nextIncarnation(self.incarnation);
  if (incarnation === undefined) {
    raiseBoot(turn, bootOf(self.incarnation) + 1);
    hold(turn, { ...self, ...changed });
    return;
  }
  say(turn, { ...self, ...changed, incarnation });
}

/** The boot counter asked for is durable: the first incarnation of that boot is now this node's. */
export function onBootRaised(turn: Turn, boot: number): void {
  const { state } = turn;
  state.raising = undefined;
  const self = selfOf(state);
  if (boot <= bootOf(self.incarnation)) return;
  state.firstIncarnation = firstIncarnation(boot, state.draw());
  say(turn, { ...self, incarnation: state.firstIncarnation });
}

function say(turn: Turn, record: MemberRecord): void {
  hold(turn, record);
  tell(turn.state, record);
}

/** What others know of this life lies between its first incarnation and its present one. */
function isOfAnotherLife(state: MembershipState, incarnation: number): boolean {
  const boot = bootOf(incarnation) - bootOf(state.firstIncarnation);
  if (boot !== 0) return boot > 0;
  return incarnation < state.firstIncarnation || incarnation > selfOf(state).incarnation;
}

function raiseBoot({ state, effects }: Turn, boot: number): void {
  if (boot >= bootMax || boot <= (state.raising ?? 0)) return;
  state.raising = boot;
  effects.push({ kind: "raise-boot", boot });
}

function outdate({ state, effects }: Turn, why: OutdatedReason): void {
  if (state.outdated.has(why)) return;
  state.outdated.add(why);
  effects.push({ kind: "outdated", why });
}
