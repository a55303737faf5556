/**
 * Descriptors that no child of a node may have: libuv closes only those that are marked so, and LMDB
 * leaves its file unmarked, as whoever started the node may have left others.
 */

/** Lines for bash (other shells know descriptors up to 9 alone) that close all from `first` on. */
export function closeInherited(first: number): string {
  return `for fd in /dev/fd/*; do
  fd=\${fd##*/}
  [ "$fd" -ge ${first} ] 2>/dev/null && eval "exec $fd<&-"
done
unset fd`;
}
