/**
 * The providers Mob knows, and which of them a node offers: those asked for, or all, as far as they
 * are available on the machine. What is not offered is told with its reason, never left out in silence.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { InvalidSpec, messageOf } from "../core/errors.ts";
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
import type { DeclaredParams } from "./params.ts";
import { createPodman, podmanParams } from "./podman/podman.ts";
import type { Capabilities, Provider, ProviderOptions } from "./provider.ts";
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
  ["xen", { create: createXen, params: xenParams }],
]);

/** Providers that later versions bring. */
const comeLater = ["rkt"];

export interface ProvidersOptions extends ProviderOptions {
  /**
   * Types asked for, and providers of third parties: absolute paths of files, or names of packages.
   * Undefined for all of Mob's own that are available. Each provider gets a subfolder of `folder`.
   */
  readonly wanted: readonly string[] | undefined;
  /** How long third parties' processes may take to answer, where it is not as usual. */
  readonly patience?: Partial<Patience>;
}

/** A provider that was asked for and is not offered. */
export interface Refused {
  readonly type: string;
  readonly reason: string;
}

export interface Providers {
  readonly offered: ReadonlyMap<string, Provider>;
  /** What each of those offered can do here. */
  readonly capabilities: ReadonlyMap<string, Extract<Capabilities, { available: true }>>;
  /** Of what was asked for, or with nothing asked for of what this version knows how to run. */
  readonly refused: readonly Refused[];
  /** As `checkParams` of Mob's own; of third parties those that are offered here are asked. */
  checkParams(type: string, params: unknown): Promise<"checked" | "unknown">;
}

/** Creates and probes the providers, all at once. Never throws for one that is not available. */
export async function createProviders(options: ProvidersOptions): Promise<Providers> {
  const wanted = [...new Set(options.wanted ?? kinds.keys())];
  const load = (word: string) =>
    isModuleName(word) ? loadThirdParty(word, options) : loadOwn(word, options);
  const loaded = await refuseTaken(await Promise.all(wanted.map(load)));
  const made = await Promise.all(loaded.map((one) => ("reason" in one ? one : make(one))));
  const offered = made.filter((one) => "provider" in one);
  return {
    offered: new Map(offered.map(({ provider }) => [provider.type, provider])),
    capabilities: new Map(offered.map((one) => [one.provider.type, one.capabilities])),
    refused: made.filter((one) => "reason" in one),
    checkParams: paramsCheck(offered),
  };
}

/** Before any is made, since two of one type would share a folder: the first that was asked for has the type. */
async function refuseTaken(
  loaded: readonly (Loaded | Refused)[],
): Promise<readonly (Loaded | Refused)[]> {
  const taken = new Set<string>();
  return await Promise.all(
    loaded.map((one) => {
      if ("reason" in one) return one;
      if (taken.has(one.type)) return refusedLoaded(one, `another has its type, ${one.type}`);
      taken.add(one.type);
      return one;
    }),
  );
}

async function refusedLoaded({ asked, discard }: Loaded, reason: string): Promise<Refused> {
  await discard(reason);
  return { type: asked, reason };
}

/** Asks a third party's process. @throws InvalidSpec with every path below `params`; Unavailable */
type CheckElsewhere = (params: unknown) => Promise<void>;

/** One that does not answer has nothing to say against what is deployed. */
function paramsCheck(offered: readonly Offered[]): Providers["checkParams"] {
  const checks = new Map(offered.map(({ provider, check }) => [provider.type, check]));
  return async (type, params) => {
    const check = checks.get(type);
    if (check === undefined) return checkParams(type, params);
    try {
      await check(params);
    } catch (error) {
      if (error instanceof InvalidSpec) throw error;
    }
    return "checked";
  };
}

/**
 * Checks the parameters of a service, whether or not this node can run it.
 * @returns `unknown` when this version has no provider of that type to ask
 * @throws InvalidSpec with every path below `params`
 */
export function checkParams(type: string, params: unknown): "checked" | "unknown" {
  const kind = kinds.get(type);
  if (kind === undefined) return comeLater.includes(type) ? "checked" : "unknown";
  kind.params.parse(params);
  return "checked";
}

/** By type, what each provider takes as parameters. */
export function paramsSchemas(): ReadonlyMap<string, JsonSchema> {
  return new Map([...kinds].map(([type, { params }]) => [type, params.schema()]));
}

/** What can be made a provider of. */
interface Loaded {
  /** The word that it was asked for by. */
  readonly asked: string;
  readonly type: string;
  readonly create: () => Made | Promise<Made>;
  /** Of what is not made a provider of after all. */
  readonly discard: (why: string) => Promise<void>;
}

interface Made {
  readonly provider: Provider;
  /** Where it is a third party's. */
  readonly check?: CheckElsewhere;
}

interface Offered extends Made {
  readonly capabilities: Extract<Capabilities, { available: true }>;
}

function loadOwn(type: string, options: ProviderOptions): Loaded | Refused {
  const kind = kinds.get(type);
  if (kind === undefined) return { type, reason: whyUnknown(type) };
  const create = () => ({
    provider: kind.create({ ...options, folder: join(options.folder, type) }),
  });
  return { asked: type, type, create, discard: async () => {} };
}

async function loadThirdParty(
  word: string,
  { folder, node, network, env, registryLogins, log, patience = {} }: ProvidersOptions,
): Promise<Loaded | Refused> {
  const here = pathToFileURL(`${process.cwd()}/`).href;
  const options = { node, env, registryLogins, ...(network !== undefined && { network }) };
  // Loaded late: most nodes have none.
  const { ThirdParty } = await import("./third-party/third-party.ts");
  try {
    const module = await ThirdParty.load({
      name: `the provider ${word}`,
      env,
      log: log.child({ provider: word }),
      patience,
      prefix: await endWithNode(env),
      load: { module: word, lookFrom: [here, import.meta.url] },
      create: { folder, options },
    });
    const loaded: Loaded = {
      asked: word,
      type: module.type,
      async create() {
        const provider = await module.create();
        return { provider, check: (params) => provider.check(params) };
      },
      discard: (why) => module.discard(why),
    };
    const isOwn = kinds.has(module.type) || comeLater.includes(module.type);
    if (!isOwn) return loaded;
    return await refusedLoaded(loaded, `its type ${module.type} is one of Mob's own`);
  } catch (error) {
    return { type: word, reason: messageOf(error) };
  }
}

async function make({ asked, create }: Loaded): Promise<Offered | Refused> {
  try {
    const made = await create();
    const capabilities = await probed(made.provider);
    if (capabilities.available) return { ...made, capabilities };
    await made.provider.close();
    return { type: asked, reason: capabilities.reason };
  } catch (error) {
    return { type: asked, reason: messageOf(error) };
  }
}

/** Features that a provider has by what it is, whatever it says: each with the part that makes it so. */
const partOf = {
  exec: "exec",
  terminals: "terminals",
  invoke: "invocable",
  leftovers: "leftovers",
} as const satisfies Readonly<Record<string, keyof Provider>>;

async function probed(provider: Provider): Promise<Capabilities> {
  const capabilities = await provider
    .probe()
    .catch((error: unknown): Capabilities => ({ available: false, reason: messageOf(error) }));
  if (!capabilities.available) return capabilities;
  const told = capabilities.features.filter((feature) => !(feature in partOf));
  const had = Object.entries(partOf).filter(([, part]) => provider[part] !== undefined);
  const features = [...told, ...had.map(([feature]) => feature)];
  return { ...capabilities, features };
}

function whyUnknown(type: string): string {
  if (comeLater.includes(type)) return "it comes in a later version";
  return `no such provider${didYouMean(type, [...kinds.keys(), ...comeLater])}`;
}
