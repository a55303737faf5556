/**
 * What must hold of specs before anything is written, beyond what each says by itself: its provider's
 * view of the parameters, and no cycle among all that is deployed.
 */
import { type ErrorDetail, InvalidSpec } from "../core/errors.ts";
import { isNothing } from "../core/resources.ts";
import { cycleText, type DependencyGraph, findCycle } from "../services/dependencies.ts";
import { parseSpec, type ServiceSpec } from "../services/spec.ts";
import type { Catalog } from "./catalog.ts";

/**
 * Checks the parameters of a provider's task.
 * @returns undefined when nothing is known of that type, here or by its later coming
 * @throws InvalidSpec with every path below `params`
 */
export type CheckParams = (type: string, params: unknown) => Checked | Promise<Checked>;
type Checked = "checked" | "unknown";

/**
 * All documents, parsed and checked.
 * @throws InvalidSpec with every error of every document; where there are several, each path begins
 * with the document's place, `[1].params.command`
 */
export async function checkDocuments(
  documents: readonly unknown[],
  catalog: Catalog,
  checkParams: CheckParams,
): Promise<readonly ServiceSpec[]> {
  const details: ErrorDetail[] = [];
  const specs: ServiceSpec[] = [];
  for (const [index, document] of documents.entries()) {
    const prefix = documents.length > 1 ? `[${index}]` : "";
    try {
      const spec = parseSpec(document);
      const found = await problems(spec, catalog, checkParams);
      details.push(...at(prefix, [...found, ...whyNotAble(spec, catalog)]));
      specs.push(spec);
    } catch (error) {
      if (!(error instanceof InvalidSpec)) throw error;
      const told = new Set(error.details.map(({ path }) => path));
      const more = await problemsOfUnparsed(document, catalog, checkParams);
      details.push(
        ...at(prefix, error.details),
        ...at(
          prefix,
          more.filter(({ path }) => !told.has(path)),
        ),
      );
    }
  }
  details.push(...duplicates(specs));
  if (details.length > 0) throw new InvalidSpec("the spec cannot be accepted", { details });
  const cycle = cycleThrough(catalog, specs);
  if (cycle === undefined) return specs;
  const message = `is a cycle: ${cycle}`;
  throw new InvalidSpec("the spec cannot be accepted", {
    details: [{ path: "requires", message }],
  });
}

/** The first cycle that deploying `specs` would close, as `a → b → a`. */
export function cycleThrough(catalog: Catalog, specs: readonly ServiceSpec[]): string | undefined {
  const deployed = new Map(specs.map(({ name, requires }) => [name, requires]));
  const graph: DependencyGraph = {
    get: (name) => deployed.get(name) ?? catalog.group(name)?.record.spec.requires,
  };
  for (const { name } of specs) {
    const cycle = findCycle(graph, name);
    if (cycle !== undefined) return cycleText(cycle);
  }
  return undefined;
}

/** What the provider has to say of a spec that is refused already: a user wants to hear all at once. */
async function problemsOfUnparsed(
  document: unknown,
  catalog: Catalog,
  checkParams: CheckParams,
): Promise<readonly ErrorDetail[]> {
  if (typeof document !== "object" || document === null || !("provider" in document)) return [];
  const { provider } = document;
  const params = "params" in document ? document.params : {};
  if (typeof provider !== "string") return [];
  return problems({ provider, params }, catalog, checkParams);
}

async function problems(
  { provider, params }: { readonly provider: string; readonly params: unknown },
  catalog: Catalog,
  checkParams: CheckParams,
): Promise<readonly ErrorDetail[]> {
  try {
    const checked = await checkParams(provider, params);
    if (checked === "checked" || isOffered(catalog, provider)) return [];
    return [{ path: "provider", message: `no node of the network knows a provider ${provider}` }];
  } catch (error) {
    if (error instanceof InvalidSpec) return error.details;
    throw error;
  }
}

/** What a spec asks of its provider, beyond running a task, takes one that can do it. */
function whyNotAble(
  { provider, health, resources }: ServiceSpec,
  catalog: Catalog,
): readonly ErrorDetail[] {
  const offers = catalog.view.members.flatMap(({ facts }) =>
    facts.providers.filter(({ type, available }) => type === provider && available),
  );
  // What is lacking on one node alone is a matter of placement. Of what no node offers nothing is known.
  const cannot = (feature: string) =>
    offers.length > 0 &&
    offers.every(({ features, lacks }) => !features?.includes(feature) && !lacks?.[feature]);
  return [
    ...(health?.check.kind === "exec" && cannot("exec")
      ? [{ path: "health.exec", message: `${provider} cannot run a command in its tasks` }]
      : []),
    ...(!isNothing(resources) && cannot("limits")
      ? [{ path: "resources", message: `${provider} cannot limit what its tasks use` }]
      : []),
  ];
}

function isOffered(catalog: Catalog, type: string): boolean {
  return catalog.view.members.some(({ facts }) =>
    facts.providers.some((provider) => provider.type === type),
  );
}

function duplicates(specs: readonly ServiceSpec[]): readonly ErrorDetail[] {
  return specs.flatMap(({ name }, index) => {
    const first = specs.findIndex((spec) => spec.name === name);
    return first === index
      ? []
      : [{ path: `[${index}].name`, message: `${name} is also the name of [${first}]` }];
  });
}

function at(prefix: string, details: readonly ErrorDetail[]): readonly ErrorDetail[] {
  if (prefix === "") return details;
  return details.map(({ path, message }) => ({
    path: path === "" || path.startsWith("[") ? `${prefix}${path}` : `${prefix}.${path}`,
    message,
  }));
}
