#!/bin/sh
# Records netlink conversations of the classic tools for the codec tests, for kinds of commands listed in a file.
# Run it in the kernel lab, as root:
#
#   record.sh COMMANDS OUT.hex "version line of the tool"
#
# COMMANDS has one shell command per line; a line that begins with "-" is run without being recorded.
set -eu
here=$(dirname "$(readlink -f "$0")")
commands=$1 out=$2 tool=$3
library=/tmp/record-netlink.so
gcc -O2 -shared -fPIC -o "$library" "$here/record-netlink.c" -ldl
printf '# %s; Linux %s %s\n' "$tool" "$(uname -r)" "$(uname -m)" >"$out"
while read -r line; do
	case $line in
	'' | '#'*) ;;
	-*) sh -c "${line#-}" >/dev/null ;;
	*)
		printf '# $ %s\n' "$line" >>"$out"
		NETLINK_RECORD=$out LD_PRELOAD=$library sh -c "exec $line" >/dev/null 2>&1 || printf '# exit %s\n' "$?" >>"$out"
		;;
	esac
done <"$commands"
# The lookup of the generic netlink family (type 0x10), its acknowledgement and IPVS_CMD_GET_INFO precede every command.
sed -i -E '/^[<>] .{8}1000/d; /^< .{8}0200.{36}1000/d; /^[<>] .{32}0[ef]01/d' "$out"
