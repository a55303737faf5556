/** Where the API looks tokens up. */
import type { TokenRecord } from "../services/token-record.ts";

export interface TokenSource {
  get(id: string): TokenRecord | undefined;
  /** Calls `changed` after each change, until the returned function is called. */
  watch(changed: () => void): () => void;
}
