/**
 * Tells the log who was not let in, once a minute for each source: whoever knocks again and again must
 * be seen, and must not fill a disk.
 */
import type { Env } from "../core/env.ts";
import type { Connection } from "../transport/transport.ts";

const quietMs = 60_000;
/** Sources kept in mind; more of them than that share one line a minute. */
const sourcesMax = 1_000;
const manySources = "many";

interface Source {
  readonly toldAtMs: number;
  /** Since then. */
  untold: number;
}

export class Refusals {
  readonly #env: Env;
  /** By host, the one told of longest ago first. */
  readonly #sources = new Map<string, Source>();

  constructor(env: Env) {
    this.#env = env;
  }

  /** A connection that `from` opened was refused. */
  tell(from: Pick<Connection, "remoteAddress">, code: string, reason: string): void {
    const nowMs = this.#env.clock.mono();
    this.#forgetBefore(nowMs - quietMs);
    const host = hostOf(from.remoteAddress);
    const known = this.#sources.has(host) || this.#sources.size < sourcesMax;
    const key = known ? host : manySources;
    const source = this.#sources.get(key);
    if (source !== undefined) {
      source.untold += 1;
      return;
    }
    this.#sources.set(key, { toldAtMs: nowMs, untold: 0 });
    const fields = { from: from.remoteAddress, code, reason };
    this.#env.log.warn(
      "a connection was refused; more of this source are not told for a minute",
      fields,
    );
  }

  #forgetBefore(ms: number): void {
    for (const [key, { toldAtMs, untold }] of this.#sources) {
      if (toldAtMs > ms) return;
      this.#sources.delete(key);
      if (untold > 0)
        this.#env.log.warn("more connections were refused", { from: key, times: untold });
    }
  }
}

/** Ports change from try to try. */
function hostOf(address: string): string {
  return address.replace(/:\d+$/, "");
}
