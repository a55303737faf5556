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
# The young generation is kept small: docs/dependencies.md says what that saves and costs.
exec node --max-semi-space-size=1 "$@"
