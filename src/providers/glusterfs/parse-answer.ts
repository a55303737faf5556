/** Parses an answer of gluster's. A file of its own, loaded late: a node without volumes has no use for the parser. */
import { parseXml, type XmlElement } from "@rgrove/parse-xml";

/** The element `cliOutput`; undefined where there is none. @throws Error for what is no XML */
export function parseAnswer(text: string): XmlElement | undefined {
  if (text.trim() === "") return undefined;
  const { root } = parseXml(text.trim());
  return root?.name === "cliOutput" ? root : undefined;
}
