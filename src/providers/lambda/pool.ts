/**
 * The processes of one function, and the invocations that wait for them: which is handed to which, when
 * another process is started, and when one is ended. Pure: it is told what happens and the time, and says
 * what is to be done.
 */

export interface PoolOptions {
  /** Most processes, each with one invocation at a time. */
  readonly concurrency: number;
  /** Processes kept although nothing is to be done. */
  readonly reserved: number;
  /** Most invocations that wait beyond those for which there is, or may be, a process. */
  readonly queueMax: number;
  readonly timeoutMs: number;
  readonly idleMs: number;
}

export type PoolEvent =
  | { readonly kind: "invoked"; readonly id: string }
  /** A process asks for something to do. */
  | { readonly kind: "ready"; readonly worker: number }
  /** It has answered, well or not, and will ask again. */
  | { readonly kind: "answered"; readonly worker: number }
  /** `how`: of its end, for people. */
  | { readonly kind: "ended"; readonly worker: number; readonly how: string }
  /** It is time to look. */
  | { readonly kind: "due" };

export type PoolEffect =
  | { readonly kind: "spawn"; readonly worker: number }
  | { readonly kind: "kill"; readonly worker: number }
  /** `cold`: it is the first that the process is handed. */
  | {
      readonly kind: "hand";
      readonly id: string;
      readonly worker: number;
      readonly cold: boolean;
      readonly deadlineMs: number;
    }
  | {
      readonly kind: "fail";
      readonly id: string;
      readonly code: "overloaded" | "function_failed" | "function_timed_out";
      readonly message: string;
    };

interface Worker {
  /** `resting`: it has answered, and has yet to ask again. */
  phase: "starting" | "idle" | "busy" | "resting";
  /** What it is at; when busy. */
  id: string | undefined;
  /** When its phase is to have ended; of an idle one, when it may be ended. */
  dueMs: number;
  isFresh: boolean;
}

export interface Pool {
  readonly options: PoolOptions;
  /** In the order in which they last had something to do. */
  readonly workers: Map<number, Worker>;
  readonly queue: string[];
  spawned: number;
  /** Processes in a row that ended before they asked for anything. */
  failures: number;
  /** Before this, none is started for the reserve alone. */
  reserveAtMs: number;
}

/** Longest that a process may take until it asks for something to do. */
const initMsMax = 30_000;
/** Before the reserve is filled up again: doubling from the least to the most. */
const reserveWaitMsLeast = 100;
const reserveWaitMsMost = 30_000;

export function emptyPool(options: PoolOptions): Pool {
  return { options, workers: new Map(), queue: [], spawned: 0, failures: 0, reserveAtMs: 0 };
}

/** Invocations that are under way or wait. */
export function loadOf({ workers, queue }: Pool): number {
  return queue.length + countOf(workers, "busy");
}

/** Changes `pool`, which is the caller's alone. */
export function step(pool: Pool, event: PoolEvent, nowMs: number): readonly PoolEffect[] {
  const effects: PoolEffect[] = [];
  take(pool, event, nowMs, effects);
  endOverdue(pool, nowMs, effects);
  handOver(pool, nowMs, effects);
  spawn(pool, nowMs, effects);
  return effects;
}

/** When `due` is to be told next; infinite: not before something else happens. */
export function nextDueMs({ workers, options, reserveAtMs }: Pool): number {
  let dueMs = Number.POSITIVE_INFINITY;
  for (const { phase, dueMs: at } of workers.values()) {
    if (phase !== "idle" || workers.size > options.reserved) dueMs = Math.min(dueMs, at);
  }
  return workers.size < options.reserved ? Math.min(dueMs, reserveAtMs) : dueMs;
}

function take(pool: Pool, event: PoolEvent, nowMs: number, effects: PoolEffect[]): void {
  const { workers, queue, options } = pool;
  switch (event.kind) {
    case "invoked": {
      const free = options.concurrency - countOf(workers, "busy");
      if (queue.length < options.queueMax + free) queue.push(event.id);
      else effects.push({ kind: "fail", id: event.id, code: "overloaded", message: tooMany(pool) });
      return;
    }
    case "ready": {
      const worker = workers.get(event.worker);
      if (worker === undefined || worker.phase === "busy") return;
      if (worker.phase === "starting") pool.failures = 0;
      worker.phase = "idle";
      worker.dueMs = nowMs + options.idleMs;
      return;
    }
    case "answered": {
      const worker = workers.get(event.worker);
      if (worker?.phase !== "busy") return;
      worker.phase = "resting";
      worker.id = undefined;
      worker.dueMs = nowMs + initMsMax;
      return;
    }
    case "ended": {
      const worker = workers.get(event.worker);
      if (worker === undefined) return;
      workers.delete(event.worker);
      lose(pool, worker, event.how, nowMs, effects);
      return;
    }
    case "due":
      return;
  }
}

/** Whoever waits for it hears of it; of one that never got as far, whoever has waited longest. */
function lose(pool: Pool, worker: Worker, how: string, nowMs: number, effects: PoolEffect[]): void {
  const code = "function_failed";
  if (worker.id !== undefined) {
    effects.push({ kind: "fail", id: worker.id, code, message: `its process ${how}` });
  }
  if (worker.phase !== "starting") return;
  const waitMs = Math.min(reserveWaitMsLeast * 2 ** pool.failures, reserveWaitMsMost);
  pool.failures += 1;
  pool.reserveAtMs = nowMs + waitMs;
  const id = pool.queue.shift();
  if (id === undefined) return;
  effects.push({ kind: "fail", id, code, message: `its process never asked for work: it ${how}` });
}

function endOverdue(pool: Pool, nowMs: number, effects: PoolEffect[]): void {
  const { workers, options } = pool;
  for (const [number, worker] of workers) {
    if (worker.dueMs > nowMs) continue;
    if (worker.phase === "idle" && workers.size <= options.reserved) continue;
    workers.delete(number);
    effects.push({ kind: "kill", worker: number });
    if (worker.phase === "busy" && worker.id !== undefined) {
      const message = `it took longer than ${options.timeoutMs} ms`;
      effects.push({ kind: "fail", id: worker.id, code: "function_timed_out", message });
    } else if (worker.phase === "starting") {
      lose(pool, worker, `did nothing for ${initMsMax} ms`, nowMs, effects);
    }
  }
}

/** To the one that was last at work, so that the others may be ended. */
function handOver({ workers, queue, options }: Pool, nowMs: number, effects: PoolEffect[]): void {
  const idle = [...workers].filter(([, { phase }]) => phase === "idle").reverse();
  for (const [number, worker] of idle) {
    const id = queue.shift();
    if (id === undefined) return;
    const deadlineMs = nowMs + options.timeoutMs;
    effects.push({ kind: "hand", id, worker: number, cold: worker.isFresh, deadlineMs });
    workers.delete(number);
    workers.set(number, { phase: "busy", id, dueMs: deadlineMs, isFresh: false });
  }
}

function spawn(pool: Pool, nowMs: number, effects: PoolEffect[]): void {
  const { workers, queue, options } = pool;
  const coming = countOf(workers, "starting") + countOf(workers, "resting");
  const forQueue = Math.min(queue.length - coming, options.concurrency - workers.size);
  const forReserve = nowMs < pool.reserveAtMs ? 0 : options.reserved - workers.size;
  for (let missing = Math.max(forQueue, forReserve); missing > 0; missing--) {
    const worker = ++pool.spawned;
    const dueMs = nowMs + initMsMax;
    workers.set(worker, { phase: "starting", id: undefined, dueMs, isFresh: true });
    effects.push({ kind: "spawn", worker });
  }
}

function countOf(workers: Pool["workers"], phase: Worker["phase"]): number {
  let count = 0;
  for (const worker of workers.values()) if (worker.phase === phase) count += 1;
  return count;
}

function tooMany({ options: { concurrency, queueMax } }: Pool): string {
  return `${concurrency} invocations are under way and ${queueMax} wait: no more may`;
}
