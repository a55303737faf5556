/** What a keeper finds where it runs. What is there once is not looked for again while the node runs. */
import { canPunchHoles } from "./free-head.ts";
import { findProgram } from "./program.ts";
import type { RecordFolder } from "./record-folder.ts";
import type { TaskTrees } from "./task-trees.ts";

export interface KeeperFeaturesOptions {
  /** The keeper's, whose file system tells whether holes can be punched. */
  readonly folder: string;
  /** The node's `PATH`. */
  readonly path: string | undefined;
  readonly trees: TaskTrees;
  readonly records: RecordFolder;
}

export class KeeperFeatures {
  readonly #options: KeeperFeaturesOptions;
  #bash: string | undefined;
  #punches = false;

  constructor(options: KeeperFeaturesOptions) {
    this.#options = options;
  }

  /** Its path. @throws Unavailable where there is none */
  async bash(): Promise<string> {
    this.#bash ??= await findProgram("bash", this.#options.path);
    return this.#bash;
  }

  /** Those of `cgroup-v2`, `hole-punch` and `watch` that are here. */
  async list(): Promise<readonly string[]> {
    const { folder, trees, records } = this.#options;
    this.#punches ||= await canPunchHoles(folder);
    return [
      ...(trees.cgroups ? ["cgroup-v2"] : []),
      ...(this.#punches ? ["hole-punch"] : []),
      ...(records.watching ? ["watch"] : []),
    ];
  }
}
