/** Colours for a terminal, and nothing where there is none. */
export type Colour = "red" | "green" | "yellow" | "dim" | "bold";
/** Returns the text so that it shows in that colour. */
export type Paint = (colour: Colour, text: string) => string;

const codes = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;

export const plain: Paint = (_colour, text) => text;
export const coloured: Paint = (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`;

/** The colour that says how good a state of a node or an instance is. */
export function stateColour(state: string): Colour | undefined {
  switch (state) {
    case "alive":
    case "running":
    case "done":
      return "green";
    case "dead":
    case "failed":
    case "lost":
      return "red";
    case "stopped":
    case "left":
      return "dim";
    default:
      return "yellow";
  }
}
