/** What a function's host is told by the provider, in a file that the keeper gives it. */

export interface HostConfig {
  /** The service's. */
  readonly name: string;
  /** What a process of the function is. */
  readonly command: readonly string[];
  /** It is Mob's, which takes what is in the environment as arguments, too. */
  readonly isOwnRuntime: boolean;
  /** Absolute. */
  readonly root: string;
  readonly handler: string;
  /** Written to `root` before anything runs: the text of its one file. */
  readonly inline: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly pool: {
    readonly concurrency: number;
    readonly reserved: number;
    readonly queueMax: number;
    readonly timeoutMs: number;
    readonly idleMs: number;
  };
}

/** Where a host listens, in the folder that it runs in. */
export const hostSocket = "invoke.sock";
/** Largest event and largest answer, in bytes; with the rest of a frame they fit between nodes. */
export const payloadBytesMax = 1024 * 1024;
/** Headers of a host's answers. */
export const idHeader = "mob-request-id";
export const coldHeader = "mob-cold";
export const msHeader = "mob-ms";
