/**
 * The records that say that a creation of a group was removed (`removed/GROUP/UID`). Unlike a tombstone
 * such a record also stands against what a node that had not heard of the removal wrote later; like
 * one it is held only until no one holds what it stands against.
 */
import { compareStamps } from "./hlc.ts";
import type { Register } from "./register.ts";

type Registers = ReadonlyMap<string, Register>;

const prefix = "removed/";
/** Kinds of records that name the creation that they are of, and are no one's but the users'. */
const kinds: ReadonlySet<string> = new Set(["spec", "run", "restart"]);

export function isRemoval({ key, value }: Register): boolean {
  return value !== undefined && key.startsWith(prefix);
}

/** What is left of the creation that a removal is of. @param registers of the shard */
export function leftOf(removal: Register, registers: Registers): readonly Register[] {
  const [, group = "", uid = ""] = removal.key.split("/", 3);
  return [...kinds]
    .map((kind) => registers.get(`${kind}/${group}`))
    .filter((register) => register !== undefined)
    .filter((register) => uidOf(register) === uid);
}

/** Whether no one misses it: a tombstone, what is left of a removed creation, or, once nothing is, the removal. */
export function isDispensable(register: Register, registers: Registers): boolean {
  if (register.value === undefined) return true;
  if (isRemoval(register)) return leftOf(register, registers).length === 0;
  return isOfRemoved(register, registers);
}

/** Whether it names a creation that is known to be removed. */
export function isOfRemoved(register: Register, registers: Registers): boolean {
  const [kind = "", group = ""] = register.key.split("/", 2);
  return kinds.has(kind) && registers.has(`${prefix}${group}/${uidOf(register)}`);
}

/**
 * What stands for nothing though it holds its key: users wrote it of a creation after that was removed, and had
 * not heard of the removal. @param changed what has just come
 */
export function writtenInVain(changed: readonly Register[], registers: Registers): Register[] {
  return changed.flatMap((register) => {
    const removals = isRemoval(register) ? [register] : removalsOf(register, registers);
    return removals.flatMap((removal) =>
      leftOf(removal, registers).filter(({ stamp }) => compareStamps(stamp, removal.stamp) > 0),
    );
  });
}

function removalsOf(register: Register, registers: Registers): readonly Register[] {
  const [kind = "", group = ""] = register.key.split("/", 2);
  const removal = kinds.has(kind) && registers.get(`${prefix}${group}/${uidOf(register)}`);
  return removal ? [removal] : [];
}

function uidOf({ value }: Register): unknown {
  return typeof value === "object" && value !== null && "uid" in value ? value.uid : undefined;
}
