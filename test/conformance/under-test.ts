/**
 * What a provider brings to the conformance suite: how to make one, and how its tasks run a shell
 * script. It stands in a module of its own, since the suite also loads it in a process to be killed.
 */
import type { Exit, Provider } from "../../src/providers/provider.ts";

export interface ProviderUnderTest {
  readonly name: string;
  /** This module's `import.meta.url`; it exports the provider under test as `underTest`. */
  readonly module: string;
  /** A provider of the node that owns `folder`; called again for a node that comes back. */
  create(folder: string): Provider | Promise<Provider>;
  /** The folder that the provider itself is given, below that; default: that one. */
  readonly below?: string;
  /** Parameters for a task that runs `script` in a POSIX shell, and can use `folder` by that very path. */
  params(script: string, folder: string): unknown;
  /**
   * As `params`, for a task that tells that it is healthy as long as there is a file `healthy` in `folder`,
   * which it looks for every 200 ms, and unhealthy after the second failure. Of one with `own-health` alone.
   */
  checkedParams?(script: string, folder: string): unknown;
  /** Processes of a task with nothing but its main one, whatever holds it included. */
  readonly processesPerTask: number;
  /**
   * Of an owner that is killed while it starts tasks: how often, how many tasks, and time between the
   * moments; default 16, 8 and 1.3.
   */
  readonly crashes?: { readonly rounds: number; readonly tasks: number; readonly everyMs: number };
  /** How a task has ended that did not within its grace; default by SIGKILL. */
  readonly exitOfKilled?: Exit;
  /** Cases that do not apply, by name, each with the reason. */
  readonly skips?: Readonly<Record<string, string>>;
  /** Its engine does not tell that a task was killed for want of memory. */
  readonly isSilentOnMemory?: boolean;
  /**
   * Its engine may lose what a command wrote just before it ended without having read all of its input, and then
   * tells so in words of its own, in place of that.
   */
  readonly losesOutputBesideInput?: RegExp;
  /** Wrong parameters, and every path that must be complained of. */
  readonly badParams: readonly { readonly input: unknown; readonly paths: readonly string[] }[];
  /**
   * Makes the records of an ended or running task name a living process that is not its own: `impersonateKept` of the
   * suite for tasks on Mob's keeper. Without it that no stranger is adopted is not tested, and is told as skipped.
   */
  impersonate?(folder: string, instance: string, attempt: number, strangerPid: number): void;
}
