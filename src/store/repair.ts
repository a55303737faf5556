/**
 * Which shards to compare with whom, and when: with one random peer every 10 s, with each peer at once
 * when it is met, a few shards at a time. Two nodes compare one hash of everything; where that
 * differs, the roots of their shards; the shards that differ then compare leaves. Pure.
 */
import type { NodeId } from "../core/ids.ts";
import type { ShardId } from "../ring/ranking.ts";
import type { Held, RepairEffect, RepairEvent, RepairMessage } from "./comparing.ts";
import { emptyRoot, topOf } from "./digest.ts";
import type { Stamp } from "./hlc.ts";

/** The one hash of all roots. */
type Top = () => string;

/** What is not known to be alike at a peer. */
interface Course {
  readonly sinceMs: number;
  /** Whether the peer was just met: until the course has ended, it may hold what is not known here. */
  readonly isMeeting: boolean;
  /** No answer to this node's digest yet: any shard may differ. */
  isUnknown: boolean;
  askedAtMs: number;
  /** What the peer has told of its own; counts once the course has ended. */
  horizon: Stamp | undefined;
  /** To be compared, in order. */
  readonly waiting: Set<ShardId>;
  /** Being compared, and since when. */
  readonly running: Map<ShardId, number>;
}

/** Owned by whoever steps it and changed in place. */
export interface RepairState {
  readonly courses: Map<NodeId, Course>;
  /** Live peers whose course has ended since they were met. */
  readonly met: Set<NodeId>;
  live: readonly NodeId[];
  comparedAtMs: number;
  /** Shards that are to be compared with the next peer there is, alike or not. */
  readonly blank: Set<ShardId>;
}

/** How often the `tick` event is due. */
export const repairTickMs = 1_000;
/** Time between two comparisons with a random peer. */
export const compareMs = 10_000;
/** Shards compared with one peer at once: what is moved does not crowd out what is written. */
export const comparisonsMax = 16;
/** A digest or a comparison without an answer for so long is begun again. */
export const answerMsMax = 3_000;
/** How long a peer that was just met, and has not told all, holds up what counts on it. */
export const meetingMsMax = 4_000;

export function startRepair(nowMs: number): RepairState {
  return { courses: new Map(), met: new Set(), live: [], comparedAtMs: nowMs, blank: new Set() };
}

/** Whether what the peers that were just met hold of `shard` is here, or was waited for long enough. */
export function isFresh(state: RepairState, shard: ShardId, nowMs: number): boolean {
  for (const [peer, course] of state.courses) {
    if (!course.isMeeting || nowMs - course.sinceMs >= meetingMsMax) continue;
    if (!state.live.includes(peer)) continue; // It has connected, and may yet be no one.
    if (course.isUnknown || course.waiting.has(shard) || course.running.has(shard)) return false;
  }
  return true;
}

/** Whether every live peer has told all that it holds since it was met. @param but one that need not have */
export function hasMetAll({ live, met }: RepairState, but?: NodeId): boolean {
  return live.every((peer) => peer === but || met.has(peer));
}

/** Whether the next tick compares with someone: who is live has to be right then. */
export function isCompareDue({ comparedAtMs }: RepairState, nowMs: number): boolean {
  return nowMs - comparedAtMs >= compareMs;
}

/** One event: what follows from it. */
export function stepRepair(
  state: RepairState,
  event: RepairEvent,
  held: Held,
  nowMs: number,
): readonly RepairEffect[] {
  let hash: string | undefined;
  // One for all who are asked in this step: in a large network these are hundreds.
  const top: Top = () => {
    hash ??= topOf(held.roots);
    return hash;
  };
  switch (event.kind) {
    case "received":
      return event.message.kind === "store-digest"
        ? [answer(state, event.from, event.message.hash, held)]
        : onRoots(state, event.from, event.message, held, nowMs);
    case "live":
      return onLive(state, event.peers, top, nowMs);
    case "peer-up":
    case "lagging":
      return meet(state, event.peer, top, nowMs);
    case "compared": {
      const course = state.courses.get(event.peer);
      course?.running.delete(event.shard);
      return course === undefined ? [] : goOn(state, event.peer, course, nowMs);
    }
    case "blank":
      for (const shard of event.shards) state.blank.add(shard);
      return fillBlank(state, top, nowMs);
    case "hurry":
      return hurry(state, event.shard, nowMs);
    case "tick":
      return onTick(state, event.draw, top, nowMs);
  }
}

function answer(state: RepairState, to: NodeId, hash: string, held: Held): RepairEffect {
  const isSame = hash === topOf(held.roots);
  const roots = isSame ? [] : [...held.roots].map(([shard, root]) => ({ shard, root }));
  const message = { kind: "store-roots", isSame, roots } as const;
  const isKnown = held.horizon !== undefined && hasMetAll(state, to);
  return { kind: "send", to, message: isKnown ? { ...message, horizon: held.horizon } : message };
}

function onRoots(
  state: RepairState,
  from: NodeId,
  message: Extract<RepairMessage, { readonly kind: "store-roots" }>,
  { roots }: Held,
  nowMs: number,
): readonly RepairEffect[] {
  const begun = state.courses.get(from);
  if (message.isSame && begun === undefined) return known(message.horizon);
  const course = begun ?? newCourse(nowMs, false);
  state.courses.set(from, course);
  course.isUnknown = false;
  course.horizon = message.horizon;
  const theirs = new Map(message.roots.map(({ shard, root }) => [shard as ShardId, root]));
  const shards = message.isSame ? [] : new Set([...roots.keys(), ...theirs.keys()]);
  for (const shard of shards) {
    const differs = (roots.get(shard) ?? emptyRoot) !== (theirs.get(shard) ?? emptyRoot);
    if (differs && !course.running.has(shard)) course.waiting.add(shard);
  }
  const effects = goOn(state, from, course, nowMs);
  return effects.some(({ kind }) => kind === "fresh") ? effects : [...effects, { kind: "fresh" }];
}

/** Whoever comes is asked what it holds; of whoever is gone nothing is waited for. */
function onLive(
  state: RepairState,
  peers: readonly NodeId[],
  top: Top,
  nowMs: number,
): readonly RepairEffect[] {
  const live = new Set(peers);
  state.live = peers;
  for (const peer of state.met) if (!live.has(peer)) state.met.delete(peer);
  const gone = [...state.courses.keys()].filter((peer) => !live.has(peer));
  for (const peer of gone) state.courses.delete(peer);
  const isNew = (peer: NodeId) => !state.met.has(peer) && !state.courses.has(peer);
  const met = [
    ...peers.filter(isNew).flatMap((peer) => meet(state, peer, top, nowMs)),
    ...fillBlank(state, top, nowMs),
  ];
  return gone.length > 0 ? [...met, { kind: "fresh" }] : met;
}

/** Begins anew with every peer; the first of them tells of all that is blank. */
function fillBlank(state: RepairState, top: Top, nowMs: number): readonly RepairEffect[] {
  const [first] = state.live;
  if (state.blank.size === 0 || first === undefined) return [];
  const met = state.live.flatMap((peer) => meet(state, peer, top, nowMs));
  for (const shard of state.blank) state.courses.get(first)?.waiting.add(shard);
  state.blank.clear();
  return met;
}

function meet(state: RepairState, peer: NodeId, top: Top, nowMs: number): readonly RepairEffect[] {
  const course = newCourse(nowMs, true);
  const before = state.courses.get(peer);
  for (const shard of before?.waiting ?? []) course.waiting.add(shard);
  for (const shard of before?.running.keys() ?? []) course.waiting.add(shard);
  state.met.delete(peer);
  state.courses.set(peer, course);
  return [ask(course, peer, top, nowMs)];
}

function ask(course: Course, to: NodeId, top: Top, nowMs: number): RepairEffect {
  course.askedAtMs = nowMs;
  return { kind: "send", to, message: { kind: "store-digest", hash: top() } };
}

/** Begins as many comparisons as may run; where none is left, the course has ended. */
function goOn(
  state: RepairState,
  peer: NodeId,
  course: Course,
  nowMs: number,
): readonly RepairEffect[] {
  const effects: RepairEffect[] = [];
  for (const shard of course.waiting) {
    if (course.running.size >= comparisonsMax) break;
    effects.push(begin(peer, course, shard, nowMs));
  }
  const isOver = course.running.size === 0 && !course.isUnknown;
  return isOver ? [...effects, ...end(state, peer, course)] : effects;
}

function end(state: RepairState, peer: NodeId, { horizon }: Course): readonly RepairEffect[] {
  if (state.live.includes(peer)) state.met.add(peer);
  return state.courses.delete(peer) ? [...known(horizon), { kind: "fresh" }] : [];
}

function known(horizon: Stamp | undefined): readonly RepairEffect[] {
  return horizon === undefined ? [] : [{ kind: "horizon", stamp: horizon }];
}

function begin(peer: NodeId, course: Course, shard: ShardId, nowMs: number): RepairEffect {
  course.waiting.delete(shard);
  course.running.set(shard, nowMs);
  return { kind: "compare", peer, shard };
}

/** Someone waits for it: it is compared now, whatever else is on its way. */
function hurry(state: RepairState, shard: ShardId, nowMs: number): readonly RepairEffect[] {
  return [...state.courses]
    .filter(([, course]) => course.waiting.has(shard))
    .map(([peer, course]) => begin(peer, course, shard, nowMs));
}

function onTick(
  state: RepairState,
  draw: number,
  top: Top,
  nowMs: number,
): readonly RepairEffect[] {
  const effects: RepairEffect[] = [];
  for (const [peer, course] of state.courses) {
    for (const [shard, sinceMs] of course.running) {
      if (nowMs - sinceMs >= answerMsMax) effects.push(begin(peer, course, shard, nowMs));
    }
    if (course.isUnknown && nowMs - course.askedAtMs >= answerMsMax) {
      effects.push(ask(course, peer, top, nowMs));
    }
  }
  if (!isCompareDue(state, nowMs) || state.live.length === 0) return effects;
  state.comparedAtMs = nowMs;
  const peer = state.live[Math.floor(draw * state.live.length)];
  if (peer === undefined || state.courses.has(peer)) return effects;
  const message = { kind: "store-digest", hash: top() } as const;
  return [...effects, { kind: "send", to: peer, message }];
}

function newCourse(nowMs: number, isMeeting: boolean): Course {
  const waiting = new Set<ShardId>();
  const running = new Map<ShardId, number>();
  const isUnknown = isMeeting;
  const horizon = undefined;
  return { sinceMs: nowMs, isMeeting, isUnknown, askedAtMs: nowMs, horizon, waiting, running };
}
