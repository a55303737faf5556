/**
 * Loads the module of a third party. It is looked at as what comes from outside, since a part of the
 * contract that is missing is to be told by its name.
 */
import { pathToFileURL } from "node:url";
import { messageOf, Unavailable } from "../../core/errors.ts";
import { dnsLabel } from "../../core/ids.ts";
import type { Provider, ProviderOptions } from "../provider.ts";
import type { ProviderModule, ProviderTools } from "./provider-module.ts";

const methods = [
  "parseParams",
  "probe",
  "start",
  "list",
  "adopt",
  "output",
  "forget",
  "remove",
  "close",
] as const satisfies readonly (keyof Provider)[];

/** What need not be there, and is whole where it is. */
const parts = { invocable: ["invoke", "load"], leftovers: ["list", "remove"] } as const;

/**
 * The URL of a module, by Node's own rules for packages, seen from each of `lookFrom` in turn.
 * @throws Unavailable
 */
export function resolveModule(name: string, lookFrom: readonly string[]): string {
  if (name.startsWith("/")) return pathToFileURL(name).href;
  for (const from of lookFrom) {
    try {
      return import.meta.resolve(name, from);
    } catch {
      // Elsewhere, perhaps.
    }
  }
  throw new Unavailable("there is no such package where the node was started, or beside Mob");
}

/** @throws Unavailable with why it cannot be loaded, or all that it lacks of the contract */
export async function loadModule(url: string): Promise<ProviderModule> {
  const exported: unknown = await import(url).catch((error: unknown) => {
    throw new Unavailable(`it cannot be loaded: ${messageOf(error)}`, { cause: error });
  });
  const byDefault = memberOf(exported, "default");
  const module = has(byDefault, "createProvider") ? byDefault : exported;
  const missing = [
    ...(isType(memberOf(module, "type")) ? [] : ["type, a word like acme"]),
    ...(has(module, "createProvider") ? [] : ["createProvider, a function"]),
  ];
  if (missing.length > 0) throw new Unavailable(`it does not export ${missing.join(", or ")}`);
  return module as ProviderModule;
}

/** @throws Unavailable with what it threw, or all that its provider lacks of the contract */
export async function createFrom(
  module: ProviderModule,
  options: ProviderOptions,
  tools: ProviderTools,
): Promise<Provider> {
  let provider: unknown;
  try {
    provider = await module.createProvider(options, tools);
  } catch (error) {
    throw new Unavailable(`its createProvider failed: ${messageOf(error)}`, { cause: error });
  }
  const missing = methods.filter((method) => !has(provider, method));
  const lacks = [
    ...(memberOf(provider, "type") === module.type ? [] : [`the type ${module.type}`]),
    ...missing.map((method) => `${method}()`),
    ...lackingOfParts(provider),
  ];
  if (lacks.length > 0) throw new Unavailable(`its provider lacks ${lacks.join(", ")}`);
  return provider as Provider;
}

function lackingOfParts(provider: unknown): readonly string[] {
  const exec = memberOf(provider, "exec");
  const terminals = memberOf(provider, "terminals");
  const takesExec = exec !== undefined || terminals !== undefined;
  return [
    ...(takesExec && typeof exec !== "function" ? ["exec()"] : []),
    ...(terminals === undefined || terminals === true ? [] : ["terminals: true"]),
    ...(["console", "stats"] as const).flatMap((name) =>
      memberOf(provider, name) === undefined || has(provider, name) ? [] : [`${name}()`],
    ),
    ...Object.entries(parts).flatMap(([name, methods]) => {
      const part = memberOf(provider, name);
      const missing = part === undefined ? [] : methods.filter((method) => !has(part, method));
      return missing.map((method) => `${name}.${method}()`);
    }),
  ];
}

function isType(value: unknown): value is string {
  return typeof value === "string" && dnsLabel.test(value);
}

function has(value: unknown, method: string): boolean {
  return typeof memberOf(value, method) === "function";
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Reflect.get(value, name);
}
