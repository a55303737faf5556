/**
 * Who lives on this node: by serial, by name, by path. An entry is there from before the actor's
 * `init` until its last code has run, so that a name or a path is never held twice.
 */
import { NameTaken } from "./errors.ts";
import type { ActorRef } from "./ref.ts";

export interface Registered {
  readonly ref: ActorRef;
  readonly name: string | undefined;
}

export class Registry<Actor extends Registered> {
  private readonly bySerial = new Map<number, Actor>();
  private readonly byName = new Map<string, Actor>();
  private readonly byPath = new Map<string, Actor>();

  get size(): number {
    return this.bySerial.size;
  }

  /** @throws NameTaken when its name or path is held. */
  add(actor: Actor): void {
    const { ref, name } = actor;
    if (this.byPath.has(ref.path)) throw new NameTaken(ref.path);
    if (name !== undefined && this.byName.has(name)) throw new NameTaken(name);
    this.bySerial.set(ref.serial, actor);
    this.byPath.set(ref.path, actor);
    if (name !== undefined) this.byName.set(name, actor);
  }

  remove(actor: Actor): void {
    this.bySerial.delete(actor.ref.serial);
    this.byPath.delete(actor.ref.path);
    if (actor.name !== undefined) this.byName.delete(actor.name);
  }

  withSerial(serial: number): Actor | undefined {
    return this.bySerial.get(serial);
  }

  named(name: string): Actor | undefined {
    return this.byName.get(name);
  }

  at(path: string): Actor | undefined {
    return this.byPath.get(path);
  }
}
