/** The turns of users' wishes: those for one name are carried out one after the other, others together. */
import type { Clock } from "../core/env.ts";
import { Unavailable } from "../core/errors.ts";
import type { Caller } from "../otp/gen-server.ts";

/** A wish whose turn comes later is not begun: shorter than anyone waits for its outcome. */
const turnMsMax = 12_000;

export class WishTurns {
  /** The last wish for each name that is being carried out. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #clock: Pick<Clock, "mono">;

  constructor(clock: Pick<Clock, "mono">) {
    this.#clock = clock;
  }

  has(name: string): boolean {
    return this.#busy.has(name);
  }

  names(): readonly string[] {
    return [...this.#busy.keys()];
  }

  /** Tells `caller` what came of `work`, once it is the turn of that. */
  take<T>(name: string, caller: Pick<Caller<T>, "reply" | "fail">, work: () => Promise<T>): void {
    const before = this.#busy.get(name) ?? Promise.resolve();
    const askedAtMs = this.#clock.mono();
    const begin = () => {
      // As after a stall: whoever asked was told that its outcome is unknown, and may have gone on.
      if (this.#clock.mono() - askedAtMs > turnMsMax)
        throw new Unavailable(`${name} was busy with other wishes`);
      return work();
    };
    const turn = before.then(begin).then(
      (result) => caller.reply(result),
      (error: unknown) => caller.fail(error),
    );
    this.#busy.set(name, turn);
    void turn.then(() => {
      if (this.#busy.get(name) === turn) this.#busy.delete(name);
    });
  }
}
