/**
 * What differs between engines that speak Docker's API. The driver is one; an engine that wants
 * something else of it says so here, and nowhere else.
 */
import { Unavailable } from "../../core/errors.ts";
import type { LogLimits } from "../provider.ts";
import type { ContainerState } from "./container-state.ts";
import type { Engine } from "./engine.ts";
import { engineLog } from "./engine-log.ts";
import type { LogSource } from "./log-source.ts";

/** How the engine itself keeps a container's log, from which it is copied. */
export interface EngineLog {
  readonly Type: string;
  readonly Config: Readonly<Record<string, string>>;
}

export interface Dialect {
  /** The provider's type. */
  readonly type: string;
  /** The engine's name, for people. */
  readonly name: string;
  /** Variable of the node's environment that says where the engine listens: `unix:///path`. */
  readonly hostVariable: string;
  /** Where it listens unless that says otherwise. */
  socketPath(env: Readonly<Record<string, string>>): string;
  /** Why the checks of images are not made; undefined: the engine makes them. */
  whyNoOwnHealth(): string | undefined;
  log(limits: LogLimits): EngineLog;
  /**
   * Bytes of memory that a container has without the page cache; undefined: its own figures are without. `pid`: of
   * its main process, on the host.
   */
  memoryOf(container: { readonly id: string; readonly pid: number }): number | undefined;
  /** Where a container's log is read from. */
  logSource(engine: Engine, container: ContainerState): LogSource<unknown>;
}

export const docker: Dialect = {
  type: "docker",
  name: "Docker",
  hostVariable: "DOCKER_HOST",
  socketPath: () => "/var/run/docker.sock",
  whyNoOwnHealth: () => undefined,
  // Whatever the daemon's default is, which may be one that cannot be read back. It keeps no bytes that are
  // not UTF-8; `local` does, and loses the end of a long line.
  log: ({ fileBytesMax, filesMax }) => ({
    Type: "json-file",
    Config: { "max-size": String(fileBytesMax), "max-file": String(Math.max(2, filesMax)) },
  }),
  memoryOf: () => undefined,
  logSource: (engine, { id }) => engineLog(engine, id),
};

/**
 * The path of the engine's socket.
 * @throws Unavailable when the environment names anything but a Unix socket
 */
export function socketPathOf(dialect: Dialect, env: Readonly<Record<string, string>>): string {
  const host = env[dialect.hostVariable];
  if (host === undefined || host === "") return dialect.socketPath(env);
  const path = /^unix:\/\/(\/.+)$/.exec(host)?.[1];
  if (path !== undefined) return path;
  throw new Unavailable(
    `${dialect.hostVariable} is ${host}, and a node only uses an engine of its own host: unix:///path`,
  );
}
