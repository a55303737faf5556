/**
 * The providers Mob knows, and which of them a node offers: those asked for, or all, as far as they
 * are available on the machine. What is not offered is told with its reason, never left out in silence.
 */
import { join } from "node:path";
import { messageOf } from "../core/errors.ts";
import type { JsonSchema } from "../core/json-schema.ts";
import { didYouMean } from "../core/suggestion.ts";
import { createBash } from "./bash/bash.ts";
import { bashParams } from "./bash/params.ts";
import { createDocker } from "./docker/docker.ts";
import { dockerParams } from "./docker/params.ts";
import { createExec } from "./exec/exec.ts";
import { execParams } from "./exec/params.ts";
import type { DeclaredParams } from "./params.ts";
import { createPodman, podmanParams } from "./podman/podman.ts";
import type { Capabilities, Provider, ProviderOptions } from "./provider.ts";

interface Kind {
  readonly create: (options: ProviderOptions) => Provider;
  readonly params: DeclaredParams<unknown>;
}

const kinds: ReadonlyMap<string, Kind> = new Map([
  ["bash", { create: createBash, params: bashParams }],
  ["exec", { create: createExec, params: execParams }],
  ["docker", { create: createDocker, params: dockerParams }],
  ["podman", { create: createPodman, params: podmanParams }],
]);

/** Providers that later versions bring. */
const comeLater = ["rkt", "xen", "kvm", "glusterfs", "lambda"];

export interface ProvidersOptions extends ProviderOptions {
  /** Types asked for; undefined for all that are available. Each provider gets a subfolder of `folder`. */
  readonly wanted: readonly string[] | undefined;
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
}

/** Creates and probes the providers, all at once. Never throws for one that is not available. */
export async function createProviders(options: ProvidersOptions): Promise<Providers> {
  const wanted = [...new Set(options.wanted ?? kinds.keys())];
  const offered = new Map<string, Provider>();
  const capabilities = new Map<string, Extract<Capabilities, { available: true }>>();
  const refused: Refused[] = [];
  for (const tried of await Promise.all(wanted.map((type) => tryProvider(type, options)))) {
    if ("reason" in tried) {
      refused.push(tried);
      continue;
    }
    offered.set(tried.provider.type, tried.provider);
    capabilities.set(tried.provider.type, tried.capabilities);
  }
  return { offered, capabilities, refused };
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
  readonly provider: Provider;
  readonly capabilities: Extract<Capabilities, { available: true }>;
}

async function tryProvider(type: string, options: ProviderOptions): Promise<Offered | Refused> {
  const kind = kinds.get(type);
  if (kind === undefined) return { type, reason: whyUnknown(type) };
  try {
    const provider = kind.create({ ...options, folder: join(options.folder, type) });
    const capabilities = await provider.probe();
    if (capabilities.available) {
      const features = [...capabilities.features, ...(provider.exec === undefined ? [] : ["exec"])];
      return { provider, capabilities: { ...capabilities, features } };
    }
    await provider.close();
    return { type, reason: capabilities.reason };
  } catch (error) {
    return { type, reason: messageOf(error) };
  }
}

function whyUnknown(type: string): string {
  if (comeLater.includes(type)) return "it comes in a later version";
  return `no such provider${didYouMean(type, [...kinds.keys(), ...comeLater])}`;
}
