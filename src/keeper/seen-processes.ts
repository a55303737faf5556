/**
 * The processes of one look at the machine. Put in order once, since the trees of many tasks are
 * taken from the same look.
 */
export interface SeenProcess {
  readonly pid: number;
  readonly ppid: number;
  /** What marks it as of a task; undefined when it has no mark or we may not look. */
  readonly mark: string | undefined;
}

export class SeenProcesses {
  readonly #children: ReadonlyMap<number, readonly number[]>;
  readonly #marked: ReadonlyMap<string, readonly number[]>;

  constructor(seen: readonly SeenProcess[]) {
    this.#children = pidsBy(seen, ({ ppid }) => ppid);
    this.#marked = pidsBy(seen, ({ mark }) => mark);
  }

  /** The marks of all tasks, whoever keeps them. */
  get marks(): readonly string[] {
    return [...this.#marked.keys()];
  }

  /**
   * The processes of one task: those that bear its mark and their descendants, and the descendants
   * of its shim while that lives; never the shim.
   */
  tree(mark: string, shimPid: number | undefined): number[] {
    const found = new Set<number>();
    const visit = (pid: number) => {
      if (found.has(pid)) return;
      found.add(pid);
      for (const child of this.#children.get(pid) ?? []) visit(child);
    };
    for (const pid of this.#marked.get(mark) ?? []) visit(pid);
    if (shimPid !== undefined) visit(shimPid);
    if (shimPid !== undefined) found.delete(shimPid);
    return [...found];
  }
}

function pidsBy<K>(
  seen: readonly SeenProcess[],
  keyOf: (process: SeenProcess) => K | undefined,
): ReadonlyMap<K, readonly number[]> {
  const pids = new Map<K, number[]>();
  for (const process of seen) {
    const key = keyOf(process);
    if (key === undefined) continue;
    const others = pids.get(key);
    if (others === undefined) pids.set(key, [process.pid]);
    else others.push(process.pid);
  }
  return pids;
}
