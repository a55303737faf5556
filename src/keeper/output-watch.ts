/**
 * Tells a follower that a file grew: soon, and not for each line of a fast writer. Exists only while
 * somebody follows.
 */
import { type FSWatcher, watch } from "node:fs";

/** Least time between two calls to a follower. */
const tellEveryMs = 10;
/** Between two looks for a file that is not there yet. */
const lookAgainMs = 500;

/** Calls `changed` after `path` grew, and once at first, until the returned function is called. */
export function watchOutput(path: string, changed: () => void): () => void {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  let again = false;
  const tell = () => {
    again = timer !== undefined;
    if (again) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (again) tell();
    }, tellEveryMs).unref();
    changed();
  };
  const begin = () => {
    watcher = watchIfThere(path, tell);
    if (watcher === undefined) timer = setTimeout(begin, lookAgainMs).unref();
    else {
      timer = undefined;
      tell();
    }
  };
  begin();
  return () => {
    watcher?.close();
    clearTimeout(timer);
  };
}

function watchIfThere(path: string, changed: () => void): FSWatcher | undefined {
  try {
    // An error means that the file went with its instance: there is nothing more to tell.
    return watch(path, { persistent: false }, changed).on("error", () => {});
  } catch {
    return undefined;
  }
}
