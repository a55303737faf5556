/**
 * The seam between a health check that connects and the network of the node's own host: `src/node` has
 * the real one, `src/simulator` a virtual one.
 */
export type ConnectingCheck =
  | { readonly kind: "http"; readonly port: number; readonly path: string }
  | { readonly kind: "tcp"; readonly port: number };

/**
 * Connects to 127.0.0.1 as a check says: resolves with why it failed, for people, or undefined where it
 * passed. Never rejects; once `signal` is aborted nothing of it is left open, and no one listens any more.
 */
export type Reach = (check: ConnectingCheck, signal: AbortSignal) => Promise<string | undefined>;
