/**
 * Keeps what a trace has shown until someone far away asks for it: a bounded ring, filled in the
 * traced actor's own turn and read by calls that wait. What does not fit is counted, so that a slow
 * reader costs memory neither here nor there.
 */
import type { NodeId } from "../core/ids.ts";
import type { Caller } from "../otp/gen-server.ts";
import type { TraceEnd, TraceEvent } from "../otp/inspection.ts";
import { messageLimits, shownData } from "./shown-data.ts";

/** One message of a trace, as it is sent. */
export interface TraceRecord {
  /** Wall clock of the traced node, ms. */
  readonly at: number;
  readonly kind: TraceEvent["kind"];
  readonly method?: string;
  readonly from?: NodeId;
  /** What was in it, as far as it may be shown; absent where it was not asked for. */
  readonly message?: unknown;
  /** Messages left out just before this one. */
  readonly skipped: number;
}

export interface TracePiece {
  readonly records: readonly TraceRecord[];
  /** Set in the last piece: why there will be no more. */
  readonly ended?: TraceEnd;
}

/** Records that wait to be read. Each holds at most some 3 KB: see `messageLimits`. */
const recordsMax = 500;
/** Records in one piece: far below a frame's limit. */
const pieceRecordsMax = 100;

export class TraceRing {
  readonly #content: boolean;
  readonly #wake: () => void;
  #records: TraceRecord[] = [];
  #skipped = 0;
  #ended: TraceEnd | undefined;
  #reader: Caller<TracePiece> | undefined;
  #isWoken = false;

  /**
   * `content`: whether what is in the messages is kept. `wake` is called, once, when a reader waits
   * and there is something for it; then `answer` is to be called, in the inspector's own turn.
   */
  constructor(content: boolean, wake: () => void) {
    this.#content = content;
    this.#wake = wake;
  }

  add({ at, kind, method, from, message, skipped }: TraceEvent): void {
    if (this.#records.length >= recordsMax) {
      this.#skipped += skipped + 1;
      return;
    }
    this.#records.push({
      at,
      kind,
      ...(method !== undefined && { method }),
      ...(from !== undefined && { from }),
      ...(this.#content && { message: shownData(message, messageLimits) }),
      skipped: skipped + this.#skipped,
    });
    this.#skipped = 0;
    this.#wakeReader();
  }

  end(why: TraceEnd): void {
    this.#ended ??= why;
    this.#wakeReader();
  }

  /** Answers at once, or as soon as there is something. A reader that waits already gets an empty piece. */
  read(reader: Caller<TracePiece>): void {
    this.expire();
    this.#reader = reader;
    if (this.#hasNews) this.answer();
  }

  /** Gives the reader that waits what there is. */
  answer(): void {
    this.#isWoken = false;
    const reader = this.#reader;
    if (reader === undefined || !this.#hasNews) return;
    this.#reader = undefined;
    const records = this.#records.splice(0, pieceRecordsMax);
    const ended = this.#records.length === 0 ? this.#ended : undefined;
    reader.reply({ records, ...(ended !== undefined && { ended }) });
  }

  /** Whether whoever waits is still this one: then it has waited long enough. */
  isReadBy(reader: Caller<TracePiece>): boolean {
    return this.#reader === reader;
  }

  /** Lets the reader that waits go with nothing. */
  expire(): void {
    this.#reader?.reply({ records: [] });
    this.#reader = undefined;
  }

  get #hasNews(): boolean {
    return this.#records.length > 0 || this.#ended !== undefined;
  }

  #wakeReader(): void {
    if (this.#reader === undefined || this.#isWoken) return;
    this.#isWoken = true;
    this.#wake();
  }
}
