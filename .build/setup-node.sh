#!/bin/bash
# Installs the npm packages of the lock file, and with them the Node that everything runs on. Does nothing when what is
# there was installed from the same lock file.
set -u
stamp=node_modules/.installed-from-lock

[ -x node_modules/.bin/node ] && [ -x node_modules/.bin/jest ] &&
  sha256sum --status --check "$stamp" 2>/dev/null && exit 0
command -v npm >/dev/null || .build/setup-packages.sh || exit 1
echo "==> installing npm packages, about 500 MB"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
npm ci --no-progress --loglevel=error >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  echo "setup: npm ci failed: offline, or package-lock.json does not match package.json" >&2
  exit 1
}
# Debian's npm 9 installs the package of Node, but leaves out the link to its program.
for node in node_modules/node-linux-*/bin/node; do
  [ -x node_modules/.bin/node ] || [ ! -x "$node" ] || ln -sf "../${node#node_modules/}" node_modules/.bin/node
done
[ -x node_modules/.bin/node ] || {
  echo "setup: npm ci brought no Node for $(uname -m): only x86_64 and aarch64 Linux are supported" >&2
  exit 1
}
sha256sum package-lock.json >"$stamp"
