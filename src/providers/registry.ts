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
  const offered = new Map<string, Provider>();
  const capabilities = new Map<string, Extract<Capabilities, { available: true }>>();
  const refused: Refused[] = [];
  const tryOne = (word: string) =>
    isModuleName(word) ? tryThirdParty(word, options) : tryProvider(word, options);
  const checks = new Map<string, CheckElsewhere>();
  for (const tried of await Promise.all(wanted.map(tryOne))) {
    if ("reason" in tried) {
      refused.push(tried);
      continue;
    }
    const { provider, asked } = tried;
    if (offered.has(provider.type)) {
      await provider.close();
      refused.push({ type: asked, reason: `another has its type, ${provider.type}` });
      continue;
    }
    offered.set(provider.type, provider);
    capabilities.set(provider.type, tried.capabilities);
    if (tried.check !== undefined) checks.set(provider.type, tried.check);
  }
  return { offered, capabilities, refused, checkParams: paramsCheck(checks) };
}

/** Asks a third party's process. @throws InvalidSpec with every path below `params`; Unavailable */
type CheckElsewhere = (params: unknown) => Promise<void>;

/** One that does not answer has nothing to say against what is deployed. */
function paramsCheck(checks: ReadonlyMap<string, CheckElsewhere>): Providers["checkParams"] {
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

interface Offered {
  /** The word that it was asked for by. */
  readonly asked: string;
  readonly provider: Provider;
  /** Where it is a third party's. */
  readonly check?: CheckElsewhere;
  readonly capabilities: Extract<Capabilities, { available: true }>;
}

async function tryProvider(type: string, options: ProviderOptions): Promise<Offered | Refused> {
  const kind = kinds.get(type);
  if (kind === undefined) return { type, reason: whyUnknown(type) };
  try {
    return await probed(type, kind.create({ ...options, folder: join(options.folder, type) }));
  } catch (error) {
    return { type, reason: messageOf(error) };
  }
}

async function tryThirdParty(
  word: string,
  { folder, node, network, env, registryLogins, log, patience = {} }: ProvidersOptions,
): Promise<Offered | Refused> {
  const here = pathToFileURL(`${process.cwd()}/`).href;
  // Loaded late: most nodes have none.
  const { ThirdParty } = await import("./third-party/third-party.ts");
  try {
    const provider = await ThirdParty.open({
      name: `the provider ${word}`,
      env,
      log: log.child({ provider: word }),
      patience,
      prefix: await endWithNode(env),
      load: {
        module: word,
        lookFrom: [here, import.meta.url],
        folder,
        options: { node, env, registryLogins, ...(network !== undefined && { network }) },
      },
    });
    if (!kinds.has(provider.type) && !comeLater.includes(provider.type)) {
      const check: CheckElsewhere = (params) => provider.check(params);
      return { ...(await probed(word, provider)), check };
    }
    await provider.close();
    return { type: word, reason: `its type ${provider.type} is one of Mob's own` };
  } catch (error) {
    return { type: word, reason: messageOf(error) };
  }
}

/** Features that a provider has by what it is, whatever it says: each with the part that makes it so. */
const partOf = {
  exec: "exec",
  terminals: "terminals",
  console: "console",
  invoke: "invocable",
  leftovers: "leftovers",
} as const satisfies Readonly<Record<string, keyof Provider>>;

async function probed(asked: string, provider: Provider): Promise<Offered | Refused> {
  const capabilities = await provider
    .probe()
    .catch((error: unknown): Capabilities => ({ available: false, reason: messageOf(error) }));
  if (capabilities.available) {
    const told = capabilities.features.filter((feature) => !(feature in partOf));
    const had = Object.entries(partOf).filter(([, part]) => provider[part] !== undefined);
    const features = [...told, ...had.map(([feature]) => feature)];
    return { asked, provider, capabilities: { ...capabilities, features } };
  }
  await provider.close();
  return { type: asked, reason: capabilities.reason };
}

function whyUnknown(type: string): string {
  if (comeLater.includes(type)) return "it comes in a later version";
  return `no such provider${didYouMean(type, [...kinds.keys(), ...comeLater])}`;
}
