/**
 * How each message travels: over which of a peer's two connections, and what gives way when the other
 * side is slow to read. Membership has a connection of its own, so that a large transfer never looks
 * like a death, and nothing else can fill its queue: it is shed last.
 */
import { declarations, type Message } from "./messages.ts";

/** `control`: what must not wait. `bulk`: everything else. */
export type Lane = "control" | "bulk";

/** The first minor version whose peers have two connections; with those before, one carries it all. */
export const lanesSinceMinor = 2;
/** Unsent bytes of a connection before what is sent is shed: four of the largest frames. */
export const queueBytesMax = 16 * 1024 * 1024;

export interface Passage {
  readonly lane: Lane;
  /** Bytes of the queue that this may not take: they are for what is shed later. */
  readonly reservedBytes: number;
  /**
   * Whoever sends it goes on without, tells its user, or sends it again. If not, a peer that takes no
   * more of it is as good as gone: its connection is closed, which everyone waiting for it is told.
   */
  readonly mayBeShed: boolean;
  /** Whether a connection on demand is kept because of it: upkeep alone keeps none. */
  readonly isUse: boolean;
}

const mebibyte = 1024 * 1024;
const passages = {
  control: { lane: "control", reservedBytes: 0, mayBeShed: true, isUse: false },
  /** What two nodes compare now and then. */
  upkeep: { lane: "bulk", reservedBytes: 8 * mebibyte, mayBeShed: true, isUse: false },
  /** Repaired in any case: gives way first. */
  store: { lane: "bulk", reservedBytes: 8 * mebibyte, mayBeShed: true, isUse: true },
  /** Fails with an error at once. */
  request: { lane: "bulk", reservedBytes: 4 * mebibyte, mayBeShed: true, isUse: true },
  /** Becomes an error in its place. */
  reply: { lane: "bulk", reservedBytes: 1 * mebibyte, mayBeShed: true, isUse: true },
  /** Without it the other side would wait for nothing, or for ever. */
  end: { lane: "bulk", reservedBytes: 0, mayBeShed: false, isUse: true },
} as const satisfies Record<string, Passage>;

const numbers = new Map<string, number>(declarations.map(({ kind, number }) => [kind, number]));

/** How `message` travels. */
export function passageOf(message: Message): Passage {
  switch (message.kind) {
    case "call":
    case "cast":
    case "monitor":
      return passages.request;
    case "reply":
      return message.ok ? passages.reply : passages.end;
    case "demonitor":
    case "down":
      return passages.end;
    case "store-digest":
    case "store-roots":
      return passages.upkeep;
    default:
      return isStores(message.kind) ? passages.store : passages.control;
  }
}

function isStores(kind: Message["kind"]): boolean {
  const number = numbers.get(kind) ?? 0;
  return number >= 20 && number < 30;
}
