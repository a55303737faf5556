/** The actor that is called in bench/remote-calls.ts. */
export const echoName = "echo";

export type EchoProtocol = {
  readonly echo: { readonly request: string; readonly reply: string };
  /** Answers how many bytes it was given. */
  readonly take: { readonly request: Uint8Array; readonly reply: number };
};
