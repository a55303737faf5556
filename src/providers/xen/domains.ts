/** What can be done with domains from outside, by their names. */
import { setTimeout } from "node:timers/promises";
import { Unavailable } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Switches } from "../machine-task.ts";
import type { TaskStats } from "../provider.ts";
import type { Dom0 } from "./dom0.ts";
import {
  type DomainOwner,
  type DomainTask,
  notePath,
  parseDomainName,
  parseNote,
} from "./domain-name.ts";

/** Between two tries to destroy what runs although its task has ended. */
const againMs = 2_000;
/** Longest that a domain which is taken over waits to be told whether it is paused. */
const lookMsMax = 10_000;

/** A domain of Mob's, of whichever node. */
export interface FoundDomain {
  readonly task: DomainTask;
  readonly owner: Partial<DomainOwner>;
}

export class Domains {
  readonly #dom0: Dom0;
  readonly #log: Log;
  readonly #closed = new AbortController();

  constructor(dom0: Dom0, log: Log) {
    this.#dom0 = dom0;
    this.#log = log;
  }

  switches(name: string): Switches {
    const run = async (script: string) => void (await this.#dom0.run(script));
    return {
      // One that is paused would not notice. One that boots does not answer: xl would wait for it.
      press: () => run(`${wakeScript(name)}; timeout 5 xl shutdown ${name} || true`),
      switchOff: () => run(`xl destroy ${name}`),
      pause: () => run(`${isPausedScript(name)} || xl pause ${name}`),
      resume: () => run(`xl domid ${name} >/dev/null && { ${wakeScript(name)}; }`),
    };
  }

  /** Where domain 0 does not answer soon it is not known, and taken for not paused. */
  async isPaused(name: string): Promise<boolean> {
    const script = `if ${isPausedScript(name)}; then echo yes; fi`;
    return await this.#dom0.run(script, lookMsMax).then(
      (told) => told.trim() === "yes",
      () => false,
    );
  }

  /** All there are. @throws Unavailable */
  async list(): Promise<readonly FoundDomain[]> {
    const script = `list=$(xl list) || exit
      echo "$list" | while read -r name _; do
        case $name in mob-*) echo "$name $(xenstore-read "${notePath("$name")}" 2>/dev/null)" ;; esac
      done`;
    const lines = (await this.#dom0.run(script)).split("\n");
    return lines.flatMap((line) => {
      const [name = "", note = ""] = line.split(" ");
      const task = parseDomainName(name);
      return task === undefined ? [] : [{ task, owner: parseNote(note) }];
    });
  }

  /** What it uses now. @throws Unavailable when there is no such domain */
  async stats(name: string): Promise<TaskStats> {
    const stats = parseUse(name, await this.#dom0.run(`xl list ${name}`));
    if (stats !== undefined) return stats;
    throw new Unavailable(`xl list does not tell what ${name} uses`);
  }

  /** Destroys it, if it is there. @throws Unavailable when that cannot be done now */
  async end(name: string): Promise<void> {
    await this.#dom0.run(endScript(name));
  }

  /**
   * Types on a domain's console, whose reader is the log: `xl console` would take from it what it reads itself.
   * Resolves when all was taken, or once `signal` is aborted. @throws Unavailable
   */
  async type(name: string, input: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    // Whole before any of it runs: what follows it is what is typed.
    const script = `{ id=$(xl domid ${name}) && tty=$(xenstore-read "/local/domain/$id/console/tty") || exit
      echo; cat >"$tty"; }\n`;
    await this.#dom0.feed(script, input, signal);
  }

  /** Resolves when there is no such domain, however long domain 0 does not answer; or once this is closed. */
  async destroy(name: string): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        await this.end(name);
        return;
      } catch (error) {
        this.#log.warn("A domain cannot be destroyed yet", { name, error });
      }
      await setTimeout(againMs, undefined, { signal }).catch(() => {});
    }
  }

  close(): void {
    this.#closed.abort();
  }
}

/**
 * Of what `xl list` writes: the domain's line has its name, id, memory in MiB, processors, state, and CPU time in
 * seconds, to a tenth. Undefined where there is none.
 */
export function parseUse(name: string, list: string): TaskStats | undefined {
  const line = list.split("\n").find((one) => one.startsWith(`${name} `));
  const [, , mebibytes = "", , , seconds = ""] = line?.trim().split(/ +/) ?? [];
  const isWhole = /^\d+$/.test(mebibytes) && /^\d+\.\d+$/.test(seconds);
  if (!isWhole) return undefined;
  return {
    cpuMs: Math.round(Number(seconds) * 1_000),
    memoryBytes: Number(mebibytes) * 1_024 ** 2,
  };
}

/** Succeeds where it is paused. The last line of the list: name, id, memory, processors, state. */
function isPausedScript(name: string): string {
  return `xl list ${name} | tail -n 1 | { read -r _ _ _ _ state _; case $state in ??p*) ;; *) false ;; esac; }`;
}

/** Xen counts how often a domain was paused, and wants to hear as often that it goes on. */
function wakeScript(name: string): string {
  return `while ${isPausedScript(name)}; do xl unpause ${name} || break; done`;
}

/** Whether there is none, or none that can be asked, is told by the last line. */
function endScript(name: string): string {
  return `while xl domid ${name} >/dev/null 2>&1; do xl destroy ${name} || sleep 1; done
    xenstore-rm ${notePath(name)} 2>/dev/null
    xl info >/dev/null`;
}
