/** A command as people write it: a line that is split as a shell splits it, or a list of words. */
import { split } from "shlex";
import { messageOf } from "../../core/errors.ts";
import { described } from "../../core/reading.ts";
import { listOf, processText } from "../../core/value-readers.ts";

const wordsMax = 4_096;
const wordCharsMax = 32_768;
const readList = listOf(processText(wordCharsMax), wordsMax);

/** Quotes and backslashes as in a POSIX shell; nothing is expanded. */
export const readWords = described(
  () => ({ anyOf: [{ type: "string", pattern: "^[^\\u0000]*$" }, readList.schema()] }),
  (value, at): readonly string[] => {
    if (typeof value !== "string") return readList(value, at);
    try {
      return readList(split(value), at);
    } catch (error) {
      at.wrong(`cannot be split into words: ${messageOf(error)}`);
      return [];
    }
  },
);
