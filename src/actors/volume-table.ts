/** The volumes that there are, and where each lives, as this node knows them: a part of the catalog. */
import { parseVolume } from "../services/record-parsers.ts";
import type { VolumeRecord } from "../services/records.ts";
import { agreed } from "./record-key.ts";

export class VolumeTable {
  readonly #byName = new Map<string, VolumeRecord>();

  get(name: string): VolumeRecord | undefined {
    return this.#byName.get(name);
  }

  /** In order of names. */
  all(): readonly VolumeRecord[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Takes a record; undefined: it was removed. @throws InvalidSpec */
  take(name: string, value: unknown): void {
    if (value === undefined) {
      this.#byName.delete(name);
      return;
    }
    const record = parseVolume(value);
    this.#byName.set(name, agreed(record.name === name, record));
  }

  /** Forgets those whose names are so. */
  drop(isSo: (name: string) => boolean): void {
    for (const name of this.#byName.keys()) if (isSo(name)) this.#byName.delete(name);
  }
}
