/**
 * The domains of other nodes, and which of them are orphans: by their names and what is noted of them, and by the
 * scripts that have their consoles, where those run on this machine.
 */
import { Conflict } from "../../core/errors.ts";
import type { Keeper } from "../../keeper/keeper.ts";
import { keeperIdOf } from "../../keeper/keeper-folder.ts";
import { isMissing } from "../../keeper/marked-trees.ts";
import { taskKey } from "../../keeper/record-names.ts";
import { keptLeftovers, recordedTasks } from "../kept-leftovers.ts";
import type { Leftover, Leftovers } from "../provider.ts";
import { domainName } from "./domain-name.ts";
import type { Domains, FoundDomain } from "./domains.ts";

/**
 * @param type the provider's
 * @param host the name of this one
 */
export function domainLeftovers(
  keeper: Keeper,
  domains: Domains,
  type: string,
  host: string,
): Leftovers {
  const scripts = keptLeftovers(keeper, type);
  const own = keeperIdOf(keeper.folder);

  const list = async (): Promise<readonly Leftover[]> => {
    // A task has its records before its domain is there, and loses them after it is gone.
    const before = await recordedTasks(keeper);
    const [found, kept] = [await domains.list(), await scripts.list()];
    const after = await recordedTasks(keeper);
    const ofScripts = new Map(kept.map((leftover) => [leftover.id, leftover]));
    const ofDomains = found.flatMap((domain) => {
      const { keeper: of, instance, attempt } = domain.task;
      const key = taskKey(instance, attempt);
      if (of === own && (before.has(key) || after.has(key))) return [];
      const id = `${of}/${key}`;
      const script = ofScripts.get(id);
      ofScripts.delete(id);
      const isOrphan = script?.isOrphan ?? (of === own || isFolderGone(domain, host));
      return [{ ...script, ...leftoverOf(domain, id), isOrphan }];
    });
    return [...ofDomains, ...ofScripts.values()];
  };

  return {
    list,
    async remove(id) {
      const leftover = (await list()).find((one) => one.id === id);
      if (leftover === undefined) return;
      const { instance, attempt, folder = "it does not say whose", isOrphan } = leftover;
      if (!isOrphan) throw new Conflict(`${id} is another node's: ${folder}`);
      const [of = ""] = id.split("/");
      const name = domainName({ keeper: of, instance, attempt });
      await scripts.remove(id); // First: it may be about to make it, and once it has ended nobody knows of its cgroup.
      await domains.end(name);
    },
  };
}

/** On another host a folder that we do not see may be there all the same. */
function isFolderGone({ owner: { folder, host } }: FoundDomain, here: string): boolean {
  return folder !== undefined && host === here && isMissing(folder);
}

function leftoverOf(
  { task: { instance, attempt }, owner }: FoundDomain,
  id: string,
): Omit<Leftover, "isOrphan"> {
  const { host: _host, ...told } = owner;
  return { id, instance, attempt, ...told };
}
