/**
 * One watch of a node's records. It is pulled: what is merged waits until the reader takes it, and of a
 * reader who is far behind nothing waits but that he is: he is then told of each key the last value.
 */
import type { Stamp } from "../store/hlc.ts";
import type { Register } from "../store/register.ts";
import { type Change, type Cursor, catchUp, follow } from "../store/watching.ts";

/** The keys that a watch is about. */
export interface WatchRange {
  /** First part of the key. */
  readonly kinds: ReadonlySet<string>;
  /** Second part; undefined: all groups. */
  readonly groups?: ReadonlySet<string>;
}

/** What a watch looks at when it begins, falls behind, or looks again. */
export interface WatchSource {
  /** All registers within the range that are held now. */
  held(): readonly Register[];
  /** Of `catchUp`. */
  horizon(): Stamp | undefined;
  wallMs(): number;
}

/** Registers that wait for one reader. */
const waitingMax = 10_000;

export class RecordWatch {
  readonly range: WatchRange;
  readonly #source: WatchSource;
  readonly #cursor: Cursor;
  #waiting: Register[] = [];
  /** Everything that is held is to be looked at. */
  #mustLook = true;
  #wake: () => void = () => {};

  constructor(range: WatchRange, cursor: Cursor, source: WatchSource) {
    this.range = range;
    this.#cursor = cursor;
    this.#source = source;
  }

  /** These read differently now. */
  changed(registers: readonly Register[]): void {
    const own = registers.filter(({ key }) => isWithin(key, this.range));
    if (own.length === 0) return;
    if (this.#waiting.length + own.length > waitingMax) {
      this.#waiting = [];
      this.lookAgain();
      return;
    }
    this.#waiting.push(...own);
    this.#wake();
  }

  /** Has all that is held looked at: what was purged before its removal came here is told then. */
  lookAgain(): void {
    this.#mustLook = true;
    this.#wake();
  }

  /** Changes in the order in which they came here, never none; until `signal`. */
  async *changes(signal: AbortSignal): AsyncGenerator<readonly Change[]> {
    while (!signal.aborted) {
      const changes = this.#take();
      if (changes.length > 0) yield changes;
      else await this.#woken(signal);
    }
  }

  #take(): readonly Change[] {
    const changes = follow(this.#cursor, this.#waiting);
    this.#waiting = [];
    if (!this.#mustLook) return changes;
    this.#mustLook = false;
    const { held, horizon, wallMs } = this.#source;
    return [...changes, ...catchUp(this.#cursor, held(), horizon(), wallMs())];
  }

  #woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        this.#wake = () => {};
        resolve();
      };
      signal.addEventListener("abort", wake);
      this.#wake = wake;
    });
  }
}

export function isWithin(key: string, { kinds, groups }: WatchRange): boolean {
  const [kind = "", group = ""] = key.split("/", 2);
  return kinds.has(kind) && (groups === undefined || groups.has(group));
}
