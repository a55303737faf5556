/** Something that happens once, and that a test waits for. */
export interface Signal {
  readonly promise: Promise<void>;
  give(): void;
}

export function signal(): Signal {
  let give = () => {};
  const promise = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { promise, give: () => give() };
}
