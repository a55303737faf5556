/**
 * Checks the health of one instance while its task runs, and tells whoever runs its life cycle what has
 * changed. It waits on one timer at a time: for the next check, or for the one that is being made.
 */
import { durationText } from "../core/quantities.ts";
import type { Behaviour, Cancel, Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { FoundTask } from "../providers/provider.ts";
import { beginHealth, type Health, type Judgement, judge } from "../services/health.ts";
import { checkText } from "../services/health-policy.ts";
import type { InstanceEvent } from "../services/instance.ts";
import { type ProbeOptions, probe } from "./health-probe.ts";
import { providerWorkerName } from "./names.ts";
import type { ProviderWorkerInfo } from "./provider-worker-protocol.ts";
import type { CheckedTask, ToCheck } from "./task-checks.ts";

export type HealthCheckerInfo =
  | ToCheck
  | { readonly type: "due" }
  /** The result of a check that was begun in that round; `why` it failed. */
  | { readonly type: "result"; readonly round: number; readonly why?: string | undefined };

export interface HealthCheckerOptions extends ProbeOptions {
  readonly instance: FoundTask["instance"];
}

interface State {
  readonly self: Self<Protocol, HealthCheckerInfo>;
  readonly options: HealthCheckerOptions;
  readonly draw: () => number;
  checked: CheckedTask | undefined;
  health: Health;
  /** Why the last check failed; undefined: it passed, or there was none. */
  why: string | undefined;
  /** Counts the checks, and what made an end to them: a result of an earlier round comes too late. */
  round: number;
  cancelTimer: Cancel;
  /** Ends the check that is being made. */
  abort: () => void;
}

/** Checks of one interval begin at multiples of a part of it: 500 ms of the usual 10 s. */
const ticksPerInterval = 20;

const unknown: Health = { healthy: null, failures: 0, early: 0 };

export function healthChecker(
  options: HealthCheckerOptions,
): Behaviour<State, Protocol, HealthCheckerInfo> {
  return {
    init(self) {
      const { system, env } = self;
      // Whoever runs the life cycle tells what there is to check: now, and when that changes.
      const ready: ProviderWorkerInfo = { type: "checker-ready" };
      system.tell(providerWorkerName(options.instance), ready);
      return {
        self,
        options,
        draw: env.random(`health/${options.instance}`),
        checked: undefined,
        health: unknown,
        why: undefined,
        round: 0,
        cancelTimer: () => {},
        abort: () => {},
      };
    },
    handlers: {},
    info(state, message) {
      if (message.type === "task") take(state, message.checked);
      else if (message.type === "due") check(state);
      else if (message.type === "result" && message.round === state.round) {
        conclude(state, message.why);
      }
      return state;
    },
    terminate: end,
    describe: ({ checked, health, why, round }) => ({
      ...(checked && { check: checkText(checked.policy.check), attempt: checked.task.attempt }),
      ...health,
      ...(why !== undefined && { why }),
      checks: round,
    }),
  };
}

function take(state: State, checked: CheckedTask | undefined): void {
  const before = state.checked;
  end(state);
  state.checked = checked;
  if (checked === undefined) return;
  if (before?.task.attempt !== checked.task.attempt) {
    state.why = undefined;
    goOn(
      state,
      checked.policy,
      beginHealth(checked.policy, checked.healthy, ranMs(state, checked), state.draw()),
    );
    return;
  }
  // The same task: what is known of it holds, and is told again where that was not heard.
  if (state.health.healthy !== checked.healthy) tell(state, checked);
  if (state.health.healthy !== false)
    wait(state, checked.policy, checked.policy.intervalMs * state.draw());
}

function check(state: State): void {
  const { checked, options, self } = state;
  if (checked === undefined) return;
  const { policy, task, spec } = checked;
  const round = ++state.round;
  const controller = new AbortController();
  state.abort = () => controller.abort();
  const late = `no answer within ${durationText(policy.timeoutMs)}`;
  state.cancelTimer = self.sendAfter(policy.timeoutMs, { type: "result", round, why: late });
  void probe(policy.check, task, spec, options, controller.signal).then((why) =>
    self.tell({ type: "result", round, why }),
  );
}

function conclude(state: State, why: string | undefined): void {
  const { checked, health } = state;
  end(state);
  if (checked === undefined) return;
  const isNews = why !== state.why;
  state.why = why;
  const { policy } = checked;
  const judged = judge(policy, health, why === undefined, ranMs(state, checked), state.draw());
  goOn(state, policy, judged);
  const { healthy } = judged.health;
  if (healthy !== health.healthy || (healthy === null && isNews)) tell(state, checked);
}

function goOn(state: State, policy: CheckedTask["policy"], { health, waitMs }: Judgement): void {
  state.health = health;
  if (waitMs !== null) wait(state, policy, waitMs);
}

/** Until the first tick after so long: checks that are due at about the same time wake the node once. */
function wait(state: State, { intervalMs }: CheckedTask["policy"], ms: number): void {
  const { self } = state;
  const tickMs = intervalMs / ticksPerInterval;
  const nowMs = self.env.clock.mono();
  const dueMs = Math.ceil((nowMs + ms) / tickMs) * tickMs;
  state.cancelTimer = self.sendAfter(dueMs - nowMs, { type: "due" });
}

/** No check is made or waited for any more. */
function end(state: State): void {
  state.round++;
  state.cancelTimer();
  state.abort();
}

function tell({ self, options, health, why }: State, { task, policy }: CheckedTask): void {
  const { healthy, failures } = health;
  const failed = why === undefined ? undefined : `${checkText(policy.check)}: ${why}`;
  const times =
    failures === 1 ? "a failed health check" : `${failures} failed health checks in a row`;
  const reason = healthy === false ? `${times}, ${failed}` : `not healthy yet: ${failed}`;
  const event: InstanceEvent = {
    kind: "health",
    attempt: task.attempt,
    healthy,
    ...(healthy !== true && failed !== undefined && { why: reason }),
  };
  self.system.tell(providerWorkerName(options.instance), { type: "event", event });
}

function ranMs({ self }: State, { startedAt }: CheckedTask): number {
  return self.env.clock.wall() - startedAt;
}
