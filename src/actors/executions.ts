/** Runs a command beside an instance of a service, wherever that is. */
import { Conflict } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { type ActorRef, named } from "../otp/ref.ts";
import type { TerminalSize } from "../providers/provider.ts";
import { type ExecutorProtocol, newsWaitMsMax } from "./executor-protocol.ts";
import { names } from "./names.ts";
import type { Operations } from "./operations.ts";
import type { CommandNews } from "./running-command.ts";
import { isRunning, type RunningInstance, whyNotRunning } from "./running-instance.ts";
import { type Deployed, instancesNamed } from "./slot-named.ts";

/** Beyond the wait itself: a call that takes longer has been lost. */
const marginMs = 10_000;

export interface CommandWish {
  /** Full name of a service, or that and a slot: `web`, `shop/web/2`. */
  readonly service: string;
  /** A program and its arguments; none: the console of the task. */
  readonly words: readonly string[];
  readonly hasInput: boolean;
  readonly terminal: TerminalSize | undefined;
}

export interface Execution {
  readonly service: string;
  readonly slot: number;
  readonly node: NodeId;
  /**
   * Waits until there is something, or a while. What has an exit is the last.
   * @throws Unavailable when it could not be run; Unreachable, OutcomeUnknown when its node is lost
   */
  news(): Promise<CommandNews>;
  /** Once what was given before has been taken. */
  write(bytes: Uint8Array): Promise<void>;
  endInput(): Promise<void>;
  resize(size: TerminalSize): void;
  /** Kills it. */
  stop(): void;
}

/**
 * Of a service without a slot the first instance that runs is taken. The command is killed when `owner` ends.
 * @throws NotFound; BadRequest for a group; Conflict where it does not run, or its provider cannot
 */
export async function openExecution(
  operations: Pick<Operations, "has" | "instancesOf" | "call">,
  system: ActorSystem,
  { service: wanted, words, hasInput, terminal }: CommandWish,
  owner: ActorRef<unknown>,
): Promise<Execution> {
  const { name: service, slot, node, instance } = chosen(operations, wanted);
  const executor = named<ExecutorProtocol>(node, names.executor);
  const { command } = await operations.call(executor, "begin", {
    instance,
    words: [...words],
    hasInput,
    owner,
    ...(terminal !== undefined && { terminal }),
  });
  return {
    service,
    slot,
    node,
    news() {
      const request = { command, waitMs: newsWaitMsMax };
      return system.call(executor, "read", request, { timeoutMs: newsWaitMsMax + marginMs });
    },
    async write(bytes) {
      await system.call(executor, "write", { command, bytes });
    },
    async endInput() {
      await system.call(executor, "endInput", { command });
    },
    resize: (size) => system.cast(executor, "resize", { command, ...size }),
    stop: () => system.cast(executor, "stop", { command }),
  };
}

function chosen(deployed: Deployed, wanted: string): RunningInstance {
  const meant = instancesNamed(deployed, wanted);
  const running = meant.filter(isRunning).find(({ pausedSince }) => pausedSince === undefined);
  if (running !== undefined) return running;
  const [first] = meant;
  if (first === undefined) throw new Conflict(`${wanted} does not run: it is to have no instances`);
  throw new Conflict(`${first.name} does not run: ${whyNotRunning(first)}`);
}
