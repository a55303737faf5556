/**
 * What must hold of specs before anything is written, beyond what each says by itself: its provider's
 * view of the parameters, and no cycle among all that is deployed.
 */
import { type ErrorDetail, InvalidSpec } from "../core/errors.ts";
import type { ServiceName } from "../core/ids.ts";
import { asObject, memberPath } from "../core/reading.ts";
import { isNothing } from "../core/resources.ts";
import { didYouMean } from "../core/suggestion.ts";
import type { ProviderFact } from "../membership/view.ts";
import { cycleText, type DependencyGraph, findCycle } from "../services/dependencies.ts";
import type { Spec } from "../services/group.ts";
import { membersOf, membersUnder } from "../services/group-members.ts";
import { looksLikeGroup, parseGroupSpec } from "../services/group-spec.ts";
import { isIsolated } from "../services/isolation.ts";
import { groupOf, labelsMax } from "../services/service-name.ts";
import type { ServiceSpec } from "../services/spec.ts";
import type { Catalog } from "./catalog.ts";
import { takenVolumes } from "./volume-view.ts";

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
): Promise<readonly Spec[]> {
  const details: ErrorDetail[] = [];
  const specs: Spec[] = [];
  const prefixes = new Map<Spec, string>();
  for (const [index, document] of documents.entries()) {
    const prefix = documents.length > 1 ? `[${index}]` : "";
    const { spec, errors } = parsed(document);
    if (spec !== undefined) {
      specs.push(spec);
      prefixes.set(spec, prefix);
    }
    // A user wants to hear all at once, of a spec that is refused already too.
    const told = new Set(errors.map(({ path }) => path));
    const more: ErrorDetail[] = [];
    for (const written of servicesWritten(document)) {
      more.push(...at(written.path, await problems(written, catalog, checkParams)));
    }
    for (const { spec: service, path } of spec === undefined ? [] : membersOf(spec).values()) {
      more.push(...at(path, whyNotAble(service, catalog)));
    }
    details.push(...at(prefix, [...errors, ...more.filter(({ path }) => !told.has(path))]));
  }
  details.push(...duplicates(prefixes), ...volumesOfOthers(catalog, prefixes));
  if (details.length > 0) throw new InvalidSpec("the spec cannot be accepted", { details });
  const cycle = cycleThrough(catalog, specs);
  if (cycle === undefined) return specs;
  const message = `is a cycle: ${cycle}`;
  throw new InvalidSpec("the spec cannot be accepted", {
    details: [{ path: "requires", message }],
  });
}

/** The first cycle that deploying `specs` would close, as `a → b → a`. */
export function cycleThrough(catalog: Catalog, specs: readonly Spec[]): string | undefined {
  const deployed = new Map<string, Spec>(specs.map((spec) => [spec.name, spec]));
  const graph: DependencyGraph = {
    get(name) {
      const root = groupOf(name);
      const spec = deployed.get(root) ?? catalog.group(root)?.record.spec;
      return spec === undefined ? undefined : startedBefore(spec, name);
    },
  };
  for (const name of specs.flatMap((spec) => [...membersOf(spec).keys()])) {
    const cycle = findCycle(graph, name);
    if (cycle !== undefined) return cycleText(cycle);
  }
  return undefined;
}

/** What a service requires, and the one of its group that is started before it; of a group, all that is in it. */
function startedBefore(spec: Spec, name: ServiceName): readonly ServiceName[] {
  const members = membersOf(spec);
  const member = members.get(name);
  if (member !== undefined) return [...member.spec.requires, ...member.after.slice(-1)];
  return membersUnder(members, name).map((one) => one.spec.name);
}

function parsed(document: unknown): {
  readonly spec?: Spec;
  readonly errors: readonly ErrorDetail[];
} {
  try {
    return { spec: parseGroupSpec(document), errors: [] };
  } catch (error) {
    if (error instanceof InvalidSpec) return { errors: error.details };
    throw error;
  }
}

interface Written {
  readonly path: string;
  readonly provider: string;
  readonly params: unknown;
}

/** The services in a document that name a provider, whatever else may be wrong with it. */
function servicesWritten(document: unknown, path = "", parts = 1): readonly Written[] {
  const { provider, params = {}, services } = asObject(document) ?? {};
  if (!looksLikeGroup(document)) {
    return typeof provider === "string" ? [{ path, provider, params }] : [];
  }
  if (!Array.isArray(services) || parts === labelsMax) return [];
  return services.flatMap((one: unknown, index) =>
    servicesWritten(one, `${memberPath(path, "services")}[${index}]`, parts + 1),
  );
}

async function problems(
  { provider, params }: Pick<Written, "provider" | "params">,
  catalog: Catalog,
  checkParams: CheckParams,
): Promise<readonly ErrorDetail[]> {
  try {
    const checked = await checkParams(provider, params);
    if (checked === "checked" || isOffered(catalog, provider)) return [];
    const known = catalog.view.members.flatMap(({ facts }) =>
      facts.providers.map(({ type }) => type),
    );
    const meant = didYouMean(provider, known);
    const message = `no node of the network knows a provider ${provider}${meant}`;
    return [{ path: "provider", message }];
  } catch (error) {
    if (error instanceof InvalidSpec) return error.details;
    throw error;
  }
}

/** What a spec asks of its provider, beyond running a task, takes one that can do it. */
function whyNotAble(spec: ServiceSpec, catalog: Catalog): readonly ErrorDetail[] {
  const { provider, health, resources, volumes } = spec;
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
    ...(volumes.length > 0 && cannot("volumes")
      ? [{ path: "volumes", message: `${provider} cannot give its tasks volumes` }]
      : []),
    ...(isIsolated(spec) ? whyNoneIsolates(offers) : []),
  ];
}

/** What takes a program that has to be installed is refused where no node has it. */
function whyNoneIsolates(offers: readonly ProviderFact[]): readonly ErrorDetail[] {
  const [first] = offers;
  const why = first?.lacks?.["isolation"];
  if (why === undefined || offers.some(({ lacks }) => !lacks?.["isolation"])) return [];
  const message = `no node can isolate what ${first?.type} runs: ${why}`;
  return [{ path: "params.isolation", message }];
}

/** Volumes that other services have, or that two of the documents name. */
function volumesOfOthers(
  catalog: Catalog,
  prefixes: ReadonlyMap<Spec, string>,
): readonly ErrorDetail[] {
  return takenVolumes(catalog, [...prefixes.keys()]).flatMap(({ spec, path, volume, by }) => {
    const message = `volume ${volume} is that of ${by}, and has one writer`;
    return at(prefixes.get(spec) ?? "", [{ path, message }]);
  });
}

function isOffered(catalog: Catalog, type: string): boolean {
  return catalog.view.members.some(({ facts }) =>
    facts.providers.some((provider) => provider.type === type),
  );
}

function duplicates(prefixes: ReadonlyMap<Spec, string>): readonly ErrorDetail[] {
  const named = new Set<string>();
  return [...prefixes].flatMap(([{ name }, prefix]) => {
    if (!named.has(name)) {
      named.add(name);
      return [];
    }
    return at(prefix, [{ path: "name", message: `another document has the name ${name} too` }]);
  });
}

function at(prefix: string, details: readonly ErrorDetail[]): readonly ErrorDetail[] {
  if (prefix === "") return details;
  return details.map(({ path, message }) => ({
    path: path === "" || path.startsWith("[") ? `${prefix}${path}` : `${prefix}.${path}`,
    message,
  }));
}
