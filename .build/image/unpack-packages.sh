#!/bin/bash
# Downloads the Debian packages of the image for any machine and unpacks them; nothing of them is installed or run.
# usage: unpack-packages.sh amd64|arm64 DIRECTORY PACKAGE...
# Lists and settings of apt on this system are not touched. APT_SOURCE, a line of sources.list, stands in for its sources.
set -eu
architecture=$1 directory=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/packages" "$directory"
: >"$work/status"
options=(
  -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o Dir::State::lists="$work/lists"
  -o Dir::State::status="$work/status" -o Dir::Cache="$work" -o Dir::Cache::archives="$work/archives"
  -o APT::Sandbox::User=root -o Acquire::Languages=none
)
if [ -n "${APT_SOURCE:-}" ]; then
  echo "$APT_SOURCE" >"$work/sources.list"
  options+=(-o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null)
fi
apt-get -qq "${options[@]}" update
cd "$work/packages"
apt-get -qq "${options[@]}" download "$@"
for package in *.deb; do
  dpkg-deb --extract "$package" "$directory"
done
# a record of what was used, for whoever wants the same again
for package in *.deb; do
  dpkg-deb --show --showformat '${Package} ${Version}\n' "$package"
done | sort >"$directory/packages.txt"
