#!/bin/bash
# Builds the root file system of the image for a machine, on this machine: nothing of the other machine is run.
# usage: build-root.sh x64|arm64 OUTPUT [NODE LICENSE-OF-NODE]
# Without a file of Node, the one of the lock file is used. PACKAGES=installed takes the Debian packages of this system.
set -eu
cd "$(dirname "$0")/../.."
machine=$1 output=$2 node=${3:-} license=${4:-}
case $machine in
  x64) debian=amd64 triplet=x86_64-linux-gnu ;;
  arm64) debian=arm64 triplet=aarch64-linux-gnu ;;
  *)
    echo "image: no machine $machine; there are x64 and arm64" >&2
    exit 1
    ;;
esac
if [ "$(uname -m)" = "${triplet%%-*}" ]; then compiler=g++; else compiler=$triplet-g++; fi
command -v "$compiler" >/dev/null || {
  echo "image: $compiler is missing; on Debian: apt-get install g++-${triplet//_/-}" >&2
  exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "$node" ]; then
  node=node_modules/node-linux-$machine/bin/node license=node_modules/node-linux-$machine/LICENSE
  if [ ! -e "$node" ]; then
    .build/image/fetch-node.sh "$machine" "$work/node"
    node=$work/node/bin/node license=$work/node/LICENSE
  fi
fi
make -s -C native-bindings CXX="$compiler"
node .build/bundle.ts
packages=/
if [ "${PACKAGES:-}" != installed ]; then
  packages=$work/packages
  # shellcheck disable=SC2046 # names of packages have no spaces
  .build/image/unpack-packages.sh "$debian" "$packages" $(node .build/image/package-names.ts)
fi
node .build/image/assemble.ts --machine "$machine" --packages "$packages" --node "$node" --node-license "$license" \
  --output "$output"
