/** The providers of a node, as the rest of it sees them: what is offered, and what is known of each engine now. */
import type { Capabilities, Provider } from "./provider.ts";

/** What a look at a provider has found. */
export interface ProviderLook {
  /** The word that it was asked for by. */
  readonly asked: string;
  /** As `asked`, as long as nothing tells it: a third party's module that has yet to be loaded. */
  readonly type: string;
  readonly capabilities: Capabilities;
  /** It cannot become available while the node runs: to look again is of no use. */
  readonly isFinal?: true;
}

/** The providers that a node was asked to offer. Their engines come and go while it runs; the maps only grow. */
export interface ProviderTable {
  /** By type, every one that could be made, whether or not its engine is there. */
  readonly made: ReadonlyMap<string, Provider>;
  /** Those whose engines were there at some time since the node started: only they can have tasks to look for. */
  readonly met: ReadonlyMap<string, Provider>;
  /** The last look at each that was asked for. */
  looks(): readonly ProviderLook[];
  /** Looks at one again, and makes it first where it could not be made before. Never rejects. */
  look(asked: string): Promise<ProviderLook>;
  /** Calls `doubted` with the type of each that has lost touch with its engine, until the returned function is called. */
  watch(doubted: (type: string) => void): () => void;
}
