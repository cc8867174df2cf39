#!/bin/sh
# Starts PROGRAM on its own Node: one beside this file, else the one that "npm ci" installed, else node in PATH.
# A small young generation, one malloc arena, and blocks that go back to the system when they are freed halve the memory
# and cost nothing that can be measured.
here=$0
if [ -L "$0" ]; then
  here=$(readlink -f "$0")
fi
case $here in
  */*) here=${here%/*} ;;
  *) here=. ;;
esac

is_new_enough() {
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  [ "$major" -gt 22 ] 2>/dev/null || { [ "$major" -eq 22 ] && [ "$minor" -ge 19 ]; } 2>/dev/null
}

if [ -x "$here/node" ]; then
  node=$here/node
elif [ -x "$here/../node_modules/.bin/node" ]; then
  node=$here/../node_modules/.bin/node
elif node=$(command -v node) && is_new_enough "$node"; then
  :
else
  echo "PROGRAM: needs Node 22.19 or newer, and found ${node:-none}${version:+ ($version)} in PATH" >&2
  exit 1
fi

# Tools are in a bundle of their own, so that the daemon does not carry them; they end soon, and may use memory for speed.
case ${1-} in
  plan | diff | explain | check | completion | help)
    if [ -f "$here/PROGRAM-tools.cjs" ]; then
      exec "$node" --max-semi-space-size=32 "$here/PROGRAM-tools.cjs" "$@"
    fi
    ;;
esac
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}"
# A listing ends soon: pages touched, code compiled a second time and threads that do it cost more than they bring.
if [ PROGRAM = ipvs-status ]; then
  exec "$node" --max-semi-space-size=1 --no-opt --no-concurrent-recompilation "$here/PROGRAM.cjs" "$@"
fi
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-65536}" MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-65536}"
exec "$node" --max-semi-space-size=2 "$here/PROGRAM.cjs" "$@"
