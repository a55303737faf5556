/**
 * The providers Mob knows, and which of them a node is to offer: those asked for, or all. Which are available
 * on the machine is seen anew while the node runs (live-providers.ts).
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { JsonSchema } from "../core/json-schema.ts";
import { didYouMean } from "../core/suggestion.ts";
import { createBash } from "./bash/bash.ts";
import { bashParams } from "./bash/params.ts";
import { createDocker } from "./docker/docker.ts";
import { dockerParams } from "./docker/params.ts";
import { createExec } from "./exec/exec.ts";
import { execParams } from "./exec/params.ts";
import { createGlusterfs } from "./glusterfs/glusterfs.ts";
import { glusterfsParams } from "./glusterfs/params.ts";
import { createKvm } from "./kvm/kvm.ts";
import { kvmParams } from "./kvm/params.ts";
import { createLambda } from "./lambda/lambda.ts";
import { lambdaParams } from "./lambda/params.ts";
import { LiveProviders, type Loaded, type NeverOffered, type Source } from "./live-providers.ts";
import type { DeclaredParams } from "./params.ts";
import { createPodman, podmanParams } from "./podman/podman.ts";
import type { Provider, ProviderOptions } from "./provider.ts";
import type { ProviderTable } from "./provider-table.ts";
import { rktParams } from "./rkt/params.ts";
import { createRkt } from "./rkt/rkt.ts";
import { endWithNode } from "./third-party/end-with-node.ts";
import { isModuleName } from "./third-party/module-name.ts";
import type { Patience } from "./third-party/patience.ts";
import { xenParams } from "./xen/params.ts";
import { createXen } from "./xen/xen.ts";

interface Kind {
  readonly create: (options: ProviderOptions) => Provider;
  readonly params: DeclaredParams<unknown>;
}

const kinds: ReadonlyMap<string, Kind> = new Map([
  ["bash", { create: createBash, params: bashParams }],
  ["exec", { create: createExec, params: execParams }],
  ["docker", { create: createDocker, params: dockerParams }],
  ["glusterfs", { create: createGlusterfs, params: glusterfsParams }],
  ["kvm", { create: createKvm, params: kvmParams }],
  ["lambda", { create: createLambda, params: lambdaParams }],
  ["podman", { create: createPodman, params: podmanParams }],
  ["rkt", { create: createRkt, params: rktParams }],
  ["xen", { create: createXen, params: xenParams }],
]);

export interface ProvidersOptions extends ProviderOptions {
  /**
   * Types asked for, and providers of third parties: absolute paths of files, or names of packages.
   * Undefined for all of Mob's own that are available. Each provider gets a subfolder of `folder`.
   */
  readonly wanted: readonly string[] | undefined;
  /** How long third parties' processes may take to answer, where it is not as usual. */
  readonly patience?: Partial<Patience>;
}

export interface Providers extends ProviderTable {
  /** As `checkParams` of Mob's own; third parties' that are made here are asked. */
  checkParams(type: string, params: unknown): Promise<"checked" | "unknown">;
  /** Releases what they hold; tasks are not touched. */
  close(): Promise<void>;
}

/** Creates and probes the providers, all at once. Never throws for one that is not available. */
export async function createProviders(options: ProvidersOptions): Promise<Providers> {
  const wanted = [...new Set(options.wanted ?? kinds.keys())];
  const live = await LiveProviders.open(
    wanted.map((word) => (isModuleName(word) ? thirdParty(word, options) : own(word, options))),
  );
  return {
    made: live.made,
    met: live.met,
    looks: () => live.looks(),
    look: (asked) => live.look(asked),
    watch: (doubted) => live.watch(doubted),
    checkParams: async (type, params) =>
      (await live.check(type, params)) ? "checked" : checkParams(type, params),
    close: () => live.close(),
  };
}

/**
 * Checks the parameters of a service, whether or not this node can run it.
 * @returns `unknown` when this version has no provider of that type to ask
 * @throws InvalidSpec with every path below `params`
 */
export function checkParams(type: string, params: unknown): "checked" | "unknown" {
  const kind = kinds.get(type);
  if (kind === undefined) return "unknown";
  kind.params.parse(params);
  return "checked";
}

/** By type, what each provider takes as parameters. */
export function paramsSchemas(): ReadonlyMap<string, JsonSchema> {
  return new Map([...kinds].map(([type, { params }]) => [type, params.schema()]));
}

function own(type: string, options: ProviderOptions): Source {
  const kind = kinds.get(type);
  if (kind === undefined) return { asked: type, load: async () => ({ never: whyUnknown(type) }) };
  const create = () => ({
    provider: kind.create({ ...options, folder: join(options.folder, type) }),
  });
  return { asked: type, load: async () => ({ type, create, discard: async () => {} }) };
}

function thirdParty(word: string, options: ProvidersOptions): Source {
  return { asked: word, load: () => loadThirdParty(word, options) };
}

/** @throws MobError with why it cannot be loaded */
async function loadThirdParty(
  word: string,
  { folder, node, network, env, registryLogins, log, patience = {} }: ProvidersOptions,
): Promise<Loaded | NeverOffered> {
  const here = pathToFileURL(`${process.cwd()}/`).href;
  const options = { node, env, registryLogins, ...(network !== undefined && { network }) };
  // Loaded late: most nodes have none.
  const { ThirdParty } = await import("./third-party/third-party.ts");
  const module = await ThirdParty.load({
    name: `the provider ${word}`,
    env,
    log: log.child({ provider: word }),
    patience,
    prefix: await endWithNode(env),
    load: { module: word, lookFrom: [here, import.meta.url] },
    create: { folder, options },
  });
  if (kinds.has(module.type)) {
    const reason = `its type ${module.type} is one of Mob's own`;
    await module.discard(reason);
    return { never: reason };
  }
  return {
    type: module.type,
    create: async () => {
      const provider = await module.create();
      return { provider, check: (params) => provider.check(params) };
    },
    discard: (why) => module.discard(why),
  };
}

function whyUnknown(type: string): string {
  return `no such provider${didYouMean(type, [...kinds.keys()])}`;
}
