/** What the engine tells of a container, as far as the driver needs it, and how the container ended. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { Unavailable } from "../../core/errors.ts";
import { lostExit, parseExitStatus, type RecordedExit } from "../../keeper/exit.ts";
import type { TaskHealth } from "../provider.ts";
import { EngineHealth, taskHealth } from "./container-health.ts";

const Inspected = Type.Object({
  Id: Type.String({ minLength: 12 }),
  LogPath: Type.Optional(Type.String()),
  Config: Type.Object({
    Labels: Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()]),
  }),
  State: Type.Object({
    Status: Type.String(),
    Running: Type.Boolean(),
    Paused: Type.Optional(Type.Boolean()),
    Pid: Type.Integer(),
    ExitCode: Type.Integer(),
    OOMKilled: Type.Optional(Type.Boolean()),
    StartedAt: Type.String(),
    FinishedAt: Type.String(),
    Health: Type.Optional(Type.Union([EngineHealth, Type.Null()])),
  }),
});
const isInspected = Compile(Inspected);

export interface ContainerState {
  /** As people know it: the first 12 digits. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `created`: it was never started. */
  readonly phase: "created" | "running" | "ended";
  /** Of one that runs: all of it stands still. */
  readonly isPaused: boolean;
  /** Of its main process, on the host; 0 while it does not run. */
  readonly pid: number;
  /** Where the engine keeps its log, if in a file. */
  readonly logPath: string;
  /** Wall clock, ms. */
  readonly startedAt: number;
  /** By the check of its image; undefined: it has none. */
  readonly health: TaskHealth | undefined;
  /** Of one that has ended. */
  readonly end: RecordedExit;
}

/** @throws Unavailable for what is no container's state */
export function parseContainer(value: unknown): ContainerState {
  if (!isInspected.Check(value)) throw new Unavailable("the engine's word of a container is odd");
  const { Id, LogPath = "", Config, State } = value;
  const wasStarted = Date.parse(State.StartedAt) > 0; // Else it is a day of the year 1.
  const ended = wasStarted ? "ended" : "created";
  const isPaused = State.Paused === true; // Of which Docker says that it runs, and Podman that it does not.
  return {
    id: Id.slice(0, 12),
    labels: Config.Labels ?? {},
    phase: State.Running || isPaused ? "running" : ended,
    isPaused,
    pid: State.Pid,
    logPath: LogPath,
    startedAt: Math.max(0, Date.parse(State.StartedAt)),
    health: taskHealth(State.Health),
    end: { exit: exitOf(State), atMs: Math.max(0, Date.parse(State.FinishedAt)) },
  };
}

/** The engine's codes are a shell's: 128 + n for signal n. */
function exitOf({
  ExitCode,
  OOMKilled,
}: Type.Static<typeof Inspected>["State"]): RecordedExit["exit"] {
  const exit = parseExitStatus(String(ExitCode)) ?? lostExit("lost");
  if (exit.kind !== "signaled" || OOMKilled !== true) return exit;
  return { ...exit, reason: "out of memory" };
}
