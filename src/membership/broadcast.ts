/**
 * What is still to be told: each piece of news goes out a bounded number of times, whoever gets it, and
 * newer news of a node takes the place of older (SWIM, section 4.1). Changed in place.
 */
import type { NodeId } from "../core/ids.ts";
import type { News } from "./messages.ts";
import { supersedes } from "./view.ts";

interface Queued {
  readonly news: News;
  sent: number;
}

/** News that waits to be told, each piece a bounded number of times, the least told first. */
export class Broadcasts {
  /** By the node that it is about; who waits longest stands first. */
  readonly #queued = new Map<NodeId, Queued[]>();

  get isEmpty(): boolean {
    return this.#queued.size === 0;
  }

  /** Queues `news`, unless what is queued says more. */
  add(news: News): void {
    const { id } = news.member;
    const others = (this.#queued.get(id) ?? []).filter(({ news: { member, by } }) => {
      return (
        !supersedes(news.member, member) && (by !== news.by || supersedes(member, news.member))
      );
    });
    const isOutdone = others.some(({ news: { member, by } }) => {
      return supersedes(member, news.member) || (by === "" && member.state === news.member.state);
    });
    const kept = news.by === "" && !isOutdone ? [] : others;
    if (!isOutdone) kept.push({ news, sent: 0 });
    if (kept.length > 0) this.#queued.set(id, kept);
  }

  /** Up to about `max` pieces, each of which has then been sent once more, of `sendsMax` times at most. */
  take(max: number, sendsMax: number): readonly News[] {
    if (this.isEmpty) return none;
    const taken: News[] = [];
    let unseen = this.#queued.size; // What is put back at the end is not looked at again.
    for (const [id, queued] of this.#queued) {
      if (unseen === 0 || taken.length >= max) break;
      unseen -= 1;
      for (const one of queued) {
        taken.push(one.news);
        one.sent += 1;
      }
      this.#queued.delete(id);
      const left = queued.filter(({ sent }) => sent < sendsMax);
      if (left.length > 0) this.#queued.set(id, left);
    }
    return taken;
  }

  clear(): void {
    this.#queued.clear();
  }
}

const none: readonly News[] = [];
