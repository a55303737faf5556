/** Finds its way in an answer of gluster's, where each thing is an element that has its value as its text. */
import type { XmlElement } from "@rgrove/parse-xml";

/** The elements of a name at the end of a path of names. */
export function elementsAt(from: XmlElement, ...path: readonly string[]): readonly XmlElement[] {
  return path.reduce<readonly XmlElement[]>(
    (found, name) => found.flatMap((element) => childrenOf(element, name)),
    [from],
  );
}

/** The text of the first of them; empty where there is none. */
export function textAt(from: XmlElement, ...path: readonly string[]): string {
  return elementsAt(from, ...path)[0]?.text.trim() ?? "";
}

function childrenOf({ children }: XmlElement, name: string): readonly XmlElement[] {
  return children.filter(
    (child): child is XmlElement =>
      child.type === "element" && "name" in child && child.name === name,
  );
}
