/** The calls that a provider's process has yet to answer, by their numbers, each with its deadline. */
import type { Deadline } from "./patience.ts";

interface Waiting {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Puts the deadline off. */
  readonly progress: (text: string) => void;
}

export interface CallWait {
  /** Undefined: it may take for ever. */
  readonly deadline: Deadline | undefined;
  /** Told when it has passed. */
  readonly late: (call: number, deadline: Deadline) => void;
  readonly progress: ((text: string) => void) | undefined;
}

export class OpenCalls {
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  /** Numbers one that is about to be made. `reply` settles as it is told here. */
  open(wait: CallWait): { readonly call: number; readonly reply: Promise<unknown> } {
    const call = ++this.#last;
    const { deadline } = wait;
    const wind = () => deadline && setTimeout(wait.late, deadline.ms, call, deadline);
    let timer = wind();
    const reply = new Promise((resolve, reject) => {
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      this.#waiting.set(call, {
        resolve: settled(resolve),
        reject: settled(reject),
        progress(text) {
          clearTimeout(timer);
          timer = wind();
          wait.progress?.(text);
        },
      });
    });
    return { call, reply };
  }

  resolve(call: number, reply: unknown): void {
    this.#take(call)?.resolve(reply);
  }

  reject(call: number, error: unknown): void {
    this.#take(call)?.reject(error);
  }

  /** Its deadline begins anew. */
  progress(call: number, text: string): void {
    this.#waiting.get(call)?.progress(text);
  }

  /** None will be answered any more. */
  rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #take(call: number): Waiting | undefined {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    return waiting;
  }
}
