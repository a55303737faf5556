/** What must be undone, after a test or at the end of a script. */
import type { TestContext } from "node:test";
import { tempFolder } from "../temp-folder.ts";

/** Whoever makes something that stays says here how it goes. */
export interface Cleanup {
  /** Called in the order of registration, whatever happened before. */
  after(undo: () => unknown): void;
}

export class Undoing implements Cleanup {
  readonly #undo: (() => unknown)[] = [];

  after(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Undoes everything, also what comes after one that fails. @throws the first failure */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.#undo.splice(0)) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** A folder, and what to undo before it goes, both after the test. */
export async function undoneAfter(
  t: TestContext,
): Promise<{ readonly undoing: Undoing; readonly folder: string }> {
  const undoing = new Undoing();
  t.after(() => undoing.run()); // First: hooks run in the order of registration.
  return { undoing, folder: await tempFolder(t) };
}
