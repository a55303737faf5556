/**
 * A model of OTP's `supervisor`, written after supervisor.erl: `add_restart` counts, `restart` gives up or
 * restarts by strategy, and who gives up is the child that exits of the one above. Groups are held against it.
 */
import { type GroupSpec, isGroup } from "../../src/services/group.ts";

/** A child of OTP's supervisor: a worker that counts its starts, or a supervisor. */
export type Child = { name: string; starts: number } | Otp;

/** A supervisor. */
export class Otp {
  readonly name: string;
  readonly children: readonly Child[];
  readonly #spec: GroupSpec;
  #restarts: readonly number[] = [];

  constructor(spec: GroupSpec, name: string) {
    this.#spec = spec;
    this.name = name;
    this.children = spec.services.map((one) => {
      const full = `${name}/${one.name}`;
      return isGroup(one) ? new Otp(one, full) : { name: full, starts: 0 };
    });
  }

  /** handle_info({'EXIT', …}): false where it gives up itself. */
  childExited(child: Child, nowMs: number): boolean {
    const { strategy, intensity } = this.#spec;
    if (intensity !== undefined) {
      const recent = this.#restarts.filter((at) => nowMs - at <= intensity.withinMs);
      this.#restarts = [nowMs, ...recent];
      if (this.#restarts.length > intensity.restarts) return false;
    }
    const at = this.children.indexOf(child);
    for (const [index, one] of this.children.entries()) {
      const isTaken = strategy === "one_for_all" || (strategy === "rest_for_one" && index > at);
      if (index === at || isTaken) start(one);
    }
    return true;
  }

  /** init: a new process. */
  init(): void {
    this.#restarts = [];
    for (const child of this.children) start(child);
  }
}

function start(child: Child): void {
  if (child instanceof Otp) child.init();
  else child.starts += 1;
}

/** Those on the way to a worker, the innermost last, and the worker. */
function wayTo(otp: Otp, name: string): readonly Child[] {
  for (const child of otp.children) {
    if (child.name === name) return [otp, child];
    const way = child instanceof Otp ? wayTo(child, name) : [];
    if (way.length > 0) return [otp, ...way];
  }
  return [];
}

/** False: the outermost gave up. */
export function exits(root: Otp, name: string, nowMs: number): boolean {
  const way = wayTo(root, name).toReversed();
  return way.some((child, index) => {
    const above = way[index + 1];
    return above instanceof Otp && above.childExited(child, nowMs);
  });
}

/** How often each worker was started by another's end or its own. */
export function startsOf(otp: Otp): readonly (readonly [string, number])[] {
  return otp.children.flatMap((child) =>
    child instanceof Otp ? startsOf(child) : [[child.name, child.starts] as const],
  );
}
