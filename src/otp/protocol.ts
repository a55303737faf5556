/**
 * What an actor can be asked: each method with its request and its reply. A type alone, so that a
 * call is checked where it is written and costs nothing where it runs.
 */
export type Protocol = {
  readonly [method: string]: { readonly request: unknown; readonly reply: unknown };
};
