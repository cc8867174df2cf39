#!/bin/bash
# Downloads the Node of the lock file for another machine, and compares it with the lock file.
# usage: fetch-node.sh x64|arm64 DIRECTORY
set -eu
cd "$(dirname "$0")/../.."
name=node-linux-$1 directory=$2
read -r version integrity < <(node -p "
  const { version, integrity } = require('./package-lock.json').packages['node_modules/$name'];
  version + ' ' + integrity")
mkdir -p "$directory"
npm pack --silent --pack-destination "$directory" "$name@$version" >/dev/null
archive=$directory/$name-$version.tgz
found=sha512-$(openssl dgst -sha512 -binary "$archive" | base64 -w 0)
[ "$found" = "$integrity" ] || {
  echo "image: $name@$version is not the one of package-lock.json" >&2
  exit 1
}
tar --extract --gzip --file "$archive" --directory "$directory" --strip-components=1 package/bin/node package/LICENSE
rm "$archive"
