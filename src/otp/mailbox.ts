/**
 * The queue of one actor: a ring that grows by doubling. It holds nothing until the first message,
 * so that thousands of idle actors cost little. What bounds it is the actor, which knows what may be
 * refused.
 */
const capacityMin = 8;

export class Mailbox<T> {
  private ring: (T | undefined)[] = [];
  private head = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(item: T): void {
    if (this.count === this.ring.length) this.grow();
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = item;
    this.count++;
  }

  /** The oldest, or undefined when empty. */
  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const item = this.ring[this.head];
    this.ring[this.head] = undefined; // Or the ring would keep it alive.
    this.head = (this.head + 1) & (this.ring.length - 1);
    this.count--;
    return item;
  }

  /** Capacities are powers of two, so that a mask does for the modulo. */
  private grow(): void {
    const items: (T | undefined)[] = [];
    for (let i = 0; i < this.count; i++) {
      items.push(this.ring[(this.head + i) & (this.ring.length - 1)]);
    }
    const capacity = Math.max(capacityMin, this.ring.length * 2);
    while (items.length < capacity) items.push(undefined);
    this.ring = items;
    this.head = 0;
  }
}
