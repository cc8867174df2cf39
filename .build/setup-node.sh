#!/bin/bash
# Installs the npm packages of the lock file, and with them the Node that everything runs on. Does nothing when what is
# there was installed from the same lock file.
set -u
stamp=node_modules/.installed-from-lock
bootstrap=.cache/node
oldest="22 19" # major and minor of "engines" in package.json

[ -x node_modules/.bin/node ] && [ -x node_modules/.bin/jest ] &&
  sha256sum --status --check "$stamp" 2>/dev/null && exit 0
command -v npm >/dev/null || .build/setup-packages.sh || exit 1

log=$(mktemp)
trap 'rm -f "$log"' EXIT

install_packages() {
  npm ci --no-progress --loglevel=error "$@" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    echo "setup: npm ci failed: offline, or package-lock.json does not match package.json" >&2
    exit 1
  }
  # npm 9 leaves out the link to the program
  local node
  for node in node_modules/node-linux-*/bin/node; do
    [ -x node_modules/.bin/node ] || [ ! -x "$node" ] || ln -sf "../${node#node_modules/}" node_modules/.bin/node
  done
  [ -x node_modules/.bin/node ] || {
    echo "setup: npm ci brought no Node for $(uname -m): only x86_64 and aarch64 Linux are supported" >&2
    exit 1
  }
}

is_new_enough() {
  local major minor
  IFS=. read -r major minor _ < <("$1" --version 2>/dev/null)
  major=${major#v}
  [ "${major:-0}" -gt "${oldest% *}" ] || { [ "${major:-0}" = "${oldest% *}" ] && [ "${minor:-0}" -ge "${oldest#* }" ]; }
}

# Under an older Node, npm silently leaves out the binaries of tools that want a newer one. So our Node comes first,
# alone, and then npm runs on it. The copy stays, for npm removes node_modules before it installs.
if ! is_new_enough node && ! is_new_enough "$bootstrap/node"; then
  echo "==> installing Node, about 200 MB"
  install_packages --omit=dev
  mkdir -p "$bootstrap"
  cp -L node_modules/.bin/node "$bootstrap/node.new" && mv "$bootstrap/node.new" "$bootstrap/node"
fi
is_new_enough node || export PATH=$PWD/$bootstrap:$PATH
echo "==> installing npm packages, about 500 MB"
install_packages
sha256sum package-lock.json >"$stamp"
