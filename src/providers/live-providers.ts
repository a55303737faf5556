/**
 * The providers of one node, as they come and go: each is made once, as soon as that can be done, kept until
 * the node stops, whether or not its engine is there, and probed whenever somebody looks. So no absence of an
 * engine costs what a provider holds: tasks, connections, processes.
 */
import { InvalidSpec, messageOf, Unavailable } from "../core/errors.ts";
import { onOneLine } from "./one-line.ts";
import type { Capabilities, Provider } from "./provider.ts";
import type { ProviderLook, ProviderTable } from "./provider-table.ts";

/** Of why one is not available. */
const reasonCharsMax = 1_000;

/** A word by which a provider was asked for, and what is to be loaded for it. */
export interface Source {
  readonly asked: string;
  /** @throws what it throws, as why it cannot be had yet */
  load(): Promise<Loaded | NeverOffered>;
}

/** What can be made a provider of. */
export interface Loaded {
  readonly type: string;
  /** @throws what it throws, as why it cannot be had yet; then nothing of it is left */
  readonly create: () => Made | Promise<Made>;
  /** Of what is not made a provider of after all. */
  readonly discard: (why: string) => Promise<void>;
}

/** What this node can never offer. */
export interface NeverOffered {
  readonly never: string;
}

export interface Made {
  readonly provider: Provider;
  /** Where it is a third party's. */
  readonly check?: CheckElsewhere;
}

/** Asks a third party's process. @throws InvalidSpec with every path below `params`; Unavailable */
type CheckElsewhere = (params: unknown) => Promise<void>;

interface Slot {
  readonly source: Source;
  made: Made | undefined;
  last: ProviderLook;
  looking: Promise<ProviderLook> | undefined;
}

export class LiveProviders implements ProviderTable {
  readonly #slots: ReadonlyMap<string, Slot>;
  /** Which has each type: two of one would share a folder. */
  readonly #owners = new Map<string, Slot>();
  readonly #made = new Map<string, Provider>();
  readonly #met = new Map<string, Provider>();
  readonly #checks = new Map<string, CheckElsewhere>();
  readonly #watchers = new Set<(type: string) => void>();
  #isClosed = false;

  private constructor(sources: readonly Source[]) {
    const slots = sources.map((source): [string, Slot] => {
      const last = away(source.asked, "it has yet to be looked at");
      return [source.asked, { source, made: undefined, last, looking: undefined }];
    });
    this.#slots = new Map(slots);
  }

  /** Looks at all at once. Of two of one type the first that was asked for has it. Never rejects. */
  static async open(sources: readonly Source[]): Promise<LiveProviders> {
    const live = new LiveProviders(sources);
    const slots = [...live.#slots.values()];
    const loads = await Promise.allSettled(slots.map(({ source }) => source.load()));
    await Promise.all(
      slots.map((slot, at) => {
        const load = loads[at];
        const given = load?.status === "fulfilled" ? async () => load.value : undefined;
        return live.#lookOnce(slot, given ?? (() => Promise.reject(reasonOf(load))));
      }),
    );
    return live;
  }

  get made(): ReadonlyMap<string, Provider> {
    return this.#made;
  }

  get met(): ReadonlyMap<string, Provider> {
    return this.#met;
  }

  looks(): readonly ProviderLook[] {
    return [...this.#slots.values()].map(({ last }) => last);
  }

  async look(asked: string): Promise<ProviderLook> {
    const slot = this.#slots.get(asked);
    if (slot === undefined) return { ...away(asked, "it was not asked for"), isFinal: true };
    return await this.#lookOnce(slot, () => slot.source.load());
  }

  watch(doubted: (type: string) => void): () => void {
    this.#watchers.add(doubted);
    return () => this.#watchers.delete(doubted);
  }

  /**
   * Of a third party's, one that does not answer has nothing to say against what is deployed.
   * @returns false where there is none of that type to ask
   * @throws InvalidSpec with every path below `params`
   */
  async check(type: string, params: unknown): Promise<boolean> {
    const check = this.#checks.get(type);
    if (check === undefined) return false;
    try {
      await check(params);
    } catch (error) {
      if (error instanceof InvalidSpec) throw error;
    }
    return true;
  }

  /** Closes all; what is still being made is closed once it is there. Tasks are not touched. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const provider of this.#made.values()) await provider.close();
  }

  #lookOnce(slot: Slot, load: Source["load"]): Promise<ProviderLook> {
    slot.looking ??= this.#look(slot, load)
      .catch((error: unknown) => away(slot.source.asked, messageOf(error)))
      .then((look) => {
        slot.looking = undefined;
        slot.last = look;
        return look;
      });
    return slot.looking;
  }

  async #look(slot: Slot, load: Source["load"]): Promise<ProviderLook> {
    const { asked } = slot.source;
    if (slot.made === undefined) {
      if (this.#isClosed || slot.last.isFinal) return slot.last;
      const loaded = await load();
      if ("never" in loaded) return { ...away(asked, loaded.never), isFinal: true };
      const { type } = loaded;
      if ((this.#owners.get(type) ?? slot) !== slot) {
        const reason = `another has its type, ${type}`;
        await loaded.discard(reason);
        return { ...away(asked, reason), isFinal: true };
      }
      this.#owners.set(type, slot);
      slot.made = await this.#make(loaded);
    }
    const { provider } = slot.made;
    const capabilities = await probed(provider);
    if (capabilities.available) this.#met.set(provider.type, provider);
    return { asked, type: provider.type, capabilities };
  }

  async #make({ type, create }: Loaded): Promise<Made> {
    const made = await create();
    if (this.#isClosed) {
      await made.provider.close();
      throw new Unavailable("its node is stopping");
    }
    this.#made.set(type, made.provider);
    made.provider.watch?.(() => {
      for (const doubted of this.#watchers) doubted(type);
    });
    if (made.check !== undefined) this.#checks.set(type, made.check);
    return made;
  }
}

/** What a node can run now, and what of what it was asked to offer it cannot, by the words it was asked by. */
export interface Offers {
  readonly offered: readonly string[];
  readonly refused: readonly { readonly type: string; readonly reason: string }[];
}

export function offersOf(providers: Pick<ProviderTable, "looks">): Offers {
  const offered: string[] = [];
  const refused: { type: string; reason: string }[] = [];
  for (const { asked, type, capabilities } of providers.looks()) {
    if (capabilities.available) offered.push(type);
    else refused.push({ type: asked, reason: capabilities.reason });
  }
  return { offered, refused };
}

function reasonOf(load: PromiseSettledResult<unknown> | undefined): unknown {
  return load?.status === "rejected" ? load.reason : new Unavailable("it could not be loaded");
}

/** One that could not be made. */
function away(asked: string, reason: string): ProviderLook {
  return { asked, type: asked, capabilities: unavailable(reason) };
}

/** Every node of the network hears of it: a sentence, whatever an engine or a third party says. */
function unavailable(reason: string): Capabilities {
  return { available: false, reason: onOneLine(reason, reasonCharsMax) };
}

/** Features that a provider has by what it is, whatever it says: each with the part that makes it so. */
const partOf = {
  exec: "exec",
  terminals: "terminals",
  console: "console",
  invoke: "invocable",
  stats: "stats",
  leftovers: "leftovers",
} as const satisfies Readonly<Record<string, keyof Provider>>;

async function probed(provider: Provider): Promise<Capabilities> {
  const capabilities = await provider
    .probe()
    .catch((error: unknown): Capabilities => ({ available: false, reason: messageOf(error) }));
  if (!capabilities.available) return unavailable(capabilities.reason);
  const told = capabilities.features.filter((feature) => !(feature in partOf));
  const had = Object.entries(partOf).filter(([, part]) => provider[part] !== undefined);
  const features = [...told, ...had.map(([feature]) => feature)];
  return { ...capabilities, features };
}
