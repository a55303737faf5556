/** The nodes of one view by id, and the names of those that it shows no more. */
import type { NodeId } from "../core/ids.ts";
import type { Member, View } from "../membership/view.ts";

export class KnownNodes {
  readonly view: View;
  // Made when first asked for: many views come and go unasked.
  #members: ReadonlyMap<NodeId, Member> | undefined;
  #forgotten: ReadonlyMap<NodeId, string> | undefined;

  constructor(view: View) {
    this.view = view;
  }

  get(id: NodeId): Member | undefined {
    this.#members ??= new Map(this.view.members.map((member) => [member.id, member]));
    return this.#members.get(id);
  }

  /** The name of a node, of one that was forgotten too; its id where it is not known. */
  nameOf(id: NodeId): string {
    return this.get(id)?.name ?? this.#forgottenNames().get(id) ?? id;
  }

  /** Whether a user has had a node forgotten, and it has not come back. */
  isForgotten(id: NodeId): boolean {
    return this.#forgottenNames().has(id);
  }

  #forgottenNames(): ReadonlyMap<NodeId, string> {
    this.#forgotten ??= new Map(this.view.forgotten?.map(({ id, name }) => [id, name]));
    return this.#forgotten;
  }
}
