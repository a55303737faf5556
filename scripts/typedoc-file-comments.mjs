/**
 * Teaches TypeDoc this house's way of documenting: the comment that opens a file documents the file,
 * and the export that is named like it. Without `@module` TypeDoc takes neither from there.
 */
import { readFileSync } from "node:fs";
import { Comment, Converter, ReflectionKind } from "typedoc";

const opening = /^\/\*\*(.*?)\*\//s;

export function load({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const file of project.getReflectionsByKind(ReflectionKind.Module)) {
      const source = file.sources?.[0]?.fullFileName;
      const text =
        source === undefined ? undefined : opening.exec(readFileSync(source, "utf8"))?.[1];
      if (text === undefined) continue;
      file.comment ??= commentOf(text);
      const noun = file.name.slice(file.name.lastIndexOf("/") + 1).replaceAll("-", "");
      for (const child of file.children ?? []) {
        if (child.name.toLowerCase() !== noun) continue;
        for (const it of [child, ...(child.signatures ?? [])]) it.comment ??= commentOf(text);
      }
    }
  });
}

function commentOf(text) {
  return new Comment([{ kind: "text", text: text.replace(/^ *\* ?/gm, "").trim() }]);
}
