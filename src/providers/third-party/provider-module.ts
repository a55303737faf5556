/**
 * What a third party writes: a module that makes a provider (docs/providers.md). The package exports these
 * types as `mob/provider`.
 */
import type { Keeper, KeeperOptions } from "../../keeper/keeper.ts";
import type { Leftovers, Provider, ProviderOptions } from "../provider.ts";

export type {
  Capabilities,
  ConsoleRequest,
  ExecRequest,
  ExecTerminal,
  Exit,
  FoundTask,
  Gone,
  Handle,
  Invocable,
  Invoked,
  Leftover,
  Leftovers,
  LogLimits,
  Output,
  OutputChunk,
  OutputStream,
  Provider,
  ProviderOptions,
  StopOptions,
  Task,
  TaskContext,
  TaskStats,
  TerminalSize,
} from "../provider.ts";

/** What Mob lends to providers, so that they need not import it. */
export interface ProviderTools {
  /** A keeper of processes in `folder`: its tasks outlive whoever started them. */
  openKeeper(options: KeeperOptions): Keeper;
  /** What keepers of other nodes, opened with this `provider`, have started on this machine. */
  keptLeftovers(keeper: Keeper, provider: string): Leftovers;
}

/** The exports of a module, or the members of its default export (of `module.exports`). */
export interface ProviderModule {
  /** The word users write: `acme`. Lower-case letters, digits and hyphens; none of Mob's own. */
  readonly type: string;
  createProvider(options: ProviderOptions, tools: ProviderTools): Provider | Promise<Provider>;
}
