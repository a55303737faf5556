/**
 * The script that stands for a volume under the keeper: it ends when the volume has been stopped or deleted, or
 * another task has it, so that this is recorded also while the node is away. Pure.
 */
import { quote } from "shlex";
import type { OwnVolume } from "./volumes.ts";

/** In the folder that it runs in, once the volume runs. */
export function startedFile(attempt: number): string {
  return `started.${attempt}`;
}

/** Between two looks at the volume. */
const lookEverySeconds = 5;

/** @param words the command that asks gluster, and the first of its arguments */
export function watchScript(
  words: readonly string[],
  { name, owner }: OwnVolume,
  attempt: number,
): string {
  const started = startedFile(attempt);
  return `trap 'exit 0' TERM INT HUP
pause() { sleep "$1" & wait $!; }
until [ -e ${started} ]; do pause 0.1; done
echo 'volume ${name} runs'
while :; do
  case $(${words.map(quote).join(" ")} --mode=script --xml volume info ${name} </dev/null 2>&1) in
    *'<statusStr>Started</statusStr>'*'<value>${owner.instance}</value>'*) ;;
    *'<statusStr>Started</statusStr>'*) echo 'volume ${name} was taken over'; exit 1 ;;
    *'<statusStr>Stopped</statusStr>'*) echo 'volume ${name} was stopped'; exit 1 ;;
    *'does not exist'*) echo 'volume ${name} was deleted'; exit 1 ;;
    *) ;; # It cannot be asked, and serves on.
  esac
  pause ${lookEverySeconds}
done
`;
}
