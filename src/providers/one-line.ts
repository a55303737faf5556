/** `text` on one line, without what controls a terminal, and no longer than `charsMax` characters. */
export function onOneLine(text: string, charsMax: number): string {
  return text.slice(0, charsMax).replaceAll(/\p{Cc}/gu, " ");
}
