# Sourced by ./mob and ./mobcli, which set `self` (their real path) and `entry`. Runs the built
# JavaScript, or in a checkout whose sources are newer the sources themselves, through tsx.
root=${self%/*}
built=$root/dist/$entry.js
tsx=$root/node_modules/tsx/dist/loader.mjs
if [ -d "$root/src" ] && { [ ! -f "$built" ] ||
  [ -n "$(find "$root/src" "$root/bin" "$root/package.json" -newer "$built" -print -quit)" ]; }; then
  if [ ! -f "$tsx" ]; then
    echo "$entry: this checkout is not built: run \`npm ci\` in $root" >&2
    exit 1
  fi
  set -- --import "$tsx" "$root/bin/$entry.ts" "$@"
else
  set -- "$built" "$@"
fi
# One heap for all threads' native memory, and a small young generation: docs/dependencies.md says what
# that saves and costs. A user's own setting counts; what is set here is not passed on to tasks.
if [ -z "${MALLOC_ARENA_MAX+set}" ]; then
  export MALLOC_ARENA_MAX=1 MOB_SET_ARENAS=1
fi
exec node --max-semi-space-size=2 --no-parallel-scavenge "$@"
