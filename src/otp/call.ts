/**
 * One call that waits for its answer, to an actor of this node or of another. It is settled exactly
 * once: by a reply, a refusal, the actor's end, the loss of the node, or its deadline.
 */
import type { NodeId } from "../core/ids.ts";
import { Deadline, type Deadlines } from "./deadlines.ts";
import { CallTimeout } from "./errors.ts";
import type { Caller } from "./gen-server.ts";
import { showTarget, type Target } from "./ref.ts";

/** Who keeps a call until it is settled, such as the set of those begun and not answered. */
export interface CallHolder {
  delete(call: Call): unknown;
}

/** What is asked of whom, and from where. */
export interface Question {
  readonly target: Target<unknown>;
  readonly method: string;
  readonly request: unknown;
  readonly timeoutMs: number;
  /** The node that it comes from. */
  readonly from: NodeId;
}

/** Lies in a mailbox itself, and is what a handler knows as its caller: one object a call. */
export class Call extends Deadline implements Caller<unknown> {
  readonly kind = "call";
  readonly question: Question;
  settled = false;
  private readonly deadlines: Deadlines;
  private readonly resolve: (value: unknown) => void;
  private readonly reject: (error: unknown) => void;
  private holder: CallHolder | undefined;

  constructor(
    question: Question,
    deadlines: Deadlines,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.question = question;
    this.deadlines = deadlines;
    this.resolve = resolve;
    this.reject = reject;
    deadlines.add(this, question.timeoutMs);
  }

  get node(): NodeId {
    return this.question.from;
  }

  get method(): string {
    return this.question.method;
  }

  get request(): unknown {
    return this.question.request;
  }

  /** Whom it asks, for the errors. */
  get target(): string {
    return showTarget(this.question.target);
  }

  /** Has `holder` forget the call once it is settled. */
  heldBy(holder: CallHolder): void {
    this.holder = holder;
  }

  reply(value: unknown): void {
    if (this.settle()) this.resolve(value);
  }

  fail(error: unknown): void {
    if (this.settle()) this.reject(error);
  }

  expire(): void {
    this.fail(new CallTimeout(this.target, this.method, this.question.timeoutMs));
  }

  /** False when it was settled before. */
  private settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.deadlines.remove(this);
    this.holder?.delete(this);
    return true;
  }
}
