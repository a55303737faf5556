/**
 * Which creation a removal was of. Its answer may come long after it was done, and meanwhile what was
 * created anew may be removed too: that is another removal, which others may have acknowledged.
 */

/** A creation of a name that a node stopped showing. */
export interface Gone {
  readonly node: string;
  readonly name: string;
  readonly uid: string;
  readonly atMs: number;
}

export interface AnsweredRemoval {
  readonly name: string;
  readonly askedAtMs: number;
  /** The nodes that acknowledged it. */
  readonly by: readonly string[];
}

/**
 * The uid of the one creation that has gone since on all who acknowledged, of those on which any has.
 * @param gone until the answer
 * @returns undefined: there is none, or more than one, and it is not known which
 */
export function removedCreation(
  { name, askedAtMs, by }: AnsweredRemoval,
  gone: readonly Gone[],
): string | undefined {
  const meanwhile = gone.filter((one) => one.name === name && one.atMs >= askedAtMs);
  const perNode = by
    .map((id) => meanwhile.filter(({ node }) => node === id).map(({ uid }) => uid))
    .filter((uids) => uids.length > 0);
  const common = new Set(perNode[0]?.filter((uid) => perNode.every((uids) => uids.includes(uid))));
  const [uid] = common;
  return common.size === 1 ? uid : undefined;
}
