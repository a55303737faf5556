/**
 * Writes lines above the prompt of a REPL while someone types at it: what was typed, and where the
 * cursor stood, is there again below them.
 */
import { clearScreenDown, cursorTo, moveCursor } from "node:readline";
import type { REPLServer } from "node:repl";
import type { Writable } from "node:stream";

export interface AbovePromptOptions {
  readonly output: Writable;
  readonly terminal: boolean;
  /** Whether a prompt is there now: not while a line is being worked on. */
  readonly isPrompting: () => boolean;
}

export function abovePrompt(
  repl: REPLServer,
  { output, terminal, isPrompting }: AbovePromptOptions,
): (lines: string) => void {
  return (lines) => {
    if (!terminal || !isPrompting()) {
      output.write(lines);
      return;
    }
    moveCursor(output, 0, -repl.getCursorPos().rows);
    cursorTo(output, 0);
    clearScreenDown(output);
    output.write(lines);
    // The REPL would go up by the rows of what it drew before, which are not there any more.
    Object.assign(repl, { prevRows: 0 });
    repl.prompt(true);
  };
}
