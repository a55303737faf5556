/** The turns of users' wishes: those for one name are carried out one after the other, others together. */
import type { Clock } from "../core/env.ts";
import { Unavailable } from "../core/errors.ts";
import type { Caller } from "../otp/gen-server.ts";
import { Turns } from "./turns.ts";

/** A wish whose turn comes later is not begun: shorter than anyone waits for its outcome. */
const turnMsMax = 12_000;

export class WishTurns {
  readonly #turns = new Turns<string>();
  readonly #clock: Pick<Clock, "mono">;

  constructor(clock: Pick<Clock, "mono">) {
    this.#clock = clock;
  }

  has(name: string): boolean {
    return this.#turns.has(name);
  }

  names(): readonly string[] {
    return this.#turns.keys();
  }

  /** Tells `caller` what came of `work`, once it is the turn of that. */
  take<T>(name: string, caller: Pick<Caller<T>, "reply" | "fail">, work: () => Promise<T>): void {
    const askedAtMs = this.#clock.mono();
    const inTime = async () => {
      // As after a stall: whoever asked was told that its outcome is unknown, and may have gone on.
      if (this.#clock.mono() - askedAtMs > turnMsMax)
        throw new Unavailable(`${name} was busy with other wishes`);
      return await work();
    };
    this.#turns.run(name, inTime).then(
      (result) => caller.reply(result),
      (error: unknown) => caller.fail(error),
    );
  }
}
