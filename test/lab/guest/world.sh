#!/bin/bash
# Finishes the clean world, runs the command, reports its exit code. Both backends.
# In:  $LABDIR/conf (shell assignments), $LABDIR/argv and $LABDIR/env (NUL separated), perhaps $LABDIR/stdin.
# Control channel, one word or two per line: to the launcher "BOOT <uptime>", "." (alive), "EXIT <code>";
# from the launcher the name of a signal for the command. Its end of file means that the launcher is gone.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

is_host() { [ "$LAB_BACKEND" = host ]; }

off() {
  is_host && exit 125
  sync
  echo o >/proc/sysrq-trigger
  while :; do sleep 1; done
}

die() {
  echo "LAB-FATAL: $*" >&2
  is_host || echo "LAB-FATAL: $*" >/dev/kmsg
  off
}

# A descriptor for each directory that the tmpfs on /run or /tmp may hide (host backend).
declare -A DESCRIPTORS
hold_directories() {
  local directory descriptor
  for directory in "$@"; do
    exec {descriptor}<"$directory" || die "no directory $directory"
    DESCRIPTORS[$directory]=$descriptor
  done
}

release_directories() {
  local descriptor
  for descriptor in "${DESCRIPTORS[@]}"; do exec {descriptor}<&-; done
}

# The host's directory $1, writable, at $2.
mount_writable() {
  if is_host; then
    mount --no-canonicalize --bind "/proc/self/fd/${DESCRIPTORS[$1]}" "$2"
  else
    mount -t hostfs -o "$1" rw "$2"
  fi || die "cannot mount $1"
}

# Through hostfs the host's own /proc, /sys, /dev/shm and /run show through: "mount it unless it is there" would keep
# those of the host. So everything is mounted unconditionally.
mount_system() {
  is_host || umount -l /run # the old root
  mount -t tmpfs -o mode=755 run /run && mkdir -p /run/netns /run/lock /run/lab
  mount -t sysfs sys /sys
  is_host && return
  mount -t cgroup2 cgroup /sys/fs/cgroup
  mkdir -p /dev/shm /dev/pts /dev/mqueue /dev/net
  [ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200 # opening it loads the module
  ln -sfn /proc/self/fd /dev/fd
  ln -sf fd/0 /dev/stdin
  ln -sf fd/1 /dev/stdout
  ln -sf fd/2 /dev/stderr
  mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
  mount -t tmpfs -o mode=1777 shm /dev/shm
  mkdir -p /lib/modules && mount --bind "$LAB_MODDIR" /lib/modules || die "cannot mount the modules in $LAB_MODDIR"
  echo 1 >/proc/sys/kernel/panic_on_oops
}

mount_directories() {
  local directory
  mount_writable "$LABDIR" /run/lab
  LABDIR=/run/lab # /tmp may be hidden next
  [ "$LAB_TMPFS_TMP" = 1 ] && mount -t tmpfs -o mode=1777 tmp /tmp
  for directory in "${LAB_RW[@]}"; do
    mkdir -p "$directory"
    mount_writable "$directory" "$directory"
  done
  mount --make-rshared /
}

# What plain "iptables" means; Debian's default is the nft flavour, which a kernel without nftables cannot serve.
choose_iptables() {
  local tool suffix
  is_host && return
  for tool in iptables ip6tables; do
    for suffix in "" -save -restore; do
      [ -e "/etc/alternatives/$tool$suffix" ] &&
        ln -sfn "/usr/sbin/$tool-$LAB_IPTABLES$suffix" "/etc/alternatives/$tool$suffix"
    done
  done
}

load_modules() {
  is_host && return # the launcher has loaded ip_vs; the rest loads itself on first use
  [ -z "$LAB_MODULES" ] || modprobe -a $LAB_MODULES || die "cannot load the modules $LAB_MODULES"
}

open_channels() {
  if is_host; then
    exec 5<&3 6>&1 7>&2 3<&- # inherited: a socket, two pipes
    return
  fi
  local tty
  for tty in ttyS0 ttyS1 ttyS2; do stty -F "/dev/$tty" raw -echo; done
  exec 5<>/dev/ttyS0 6>/dev/ttyS1 7>/dev/ttyS2
}

# An interactive command gets a real terminal.
run_shell() {
  if is_host; then exec env -i "${ENVIRONMENT[@]}" "${ARGUMENTS[@]}"; fi
  open_channels
  echo "BOOT" >&5
  stty -F /dev/tty1 rows "$LAB_ROWS" cols "$LAB_COLUMNS"
  setsid -c env -i "${ENVIRONMENT[@]}" "${ARGUMENTS[@]}" </dev/tty1 >/dev/tty1 2>&1 5>&- 6>&- 7>&-
  echo "EXIT $?" >&5
  off
}

# Serves the control channel while the command runs: signals in, heartbeat out.
# Hostfs holds a descriptor of the host per cached file, so caches are dropped long before the host's limit.
control_loop() {
  local word inodes rest
  while :; do
    read -r inodes rest </proc/sys/fs/inode-nr
    is_host || [ "$inodes" -le "$LAB_MAXFILES" ] || echo 2 >/proc/sys/vm/drop_caches
    if read -r -t "$LAB_BEAT" word <&5; then
      case $word in
        TERM | INT | HUP | QUIT | PIPE | KILL | USR1 | USR2) kill -"$word" -- "-$1" ;;
      esac
    elif [ $? -gt 128 ]; then
      echo . >&5 # nothing came in time
    else
      : >/run/lab.gone # end of file: the launcher is gone
      kill -KILL -- "-$1"
      off
    fi
  done
}

run_command() {
  local command control relay_out relay_err killer code
  read -r uptime _ </proc/uptime
  echo "BOOT $uptime" >&5
  if [ -f "$LABDIR/stdin" ]; then exec 8<"$LABDIR/stdin"; else exec 8</dev/null; fi
  mkfifo /run/lab.out /run/lab.err # the command sees pipes, not terminals
  cat /run/lab.out >&6 5>&- &
  relay_out=$!
  cat /run/lab.err >&7 5>&- &
  relay_err=$!
  # "&" makes the command ignore SIGINT and SIGQUIT, also for its own traps: --default-signal undoes it
  setsid env -i --default-signal "${ENVIRONMENT[@]}" "${ARGUMENTS[@]}" \
    <&8 >/run/lab.out 2>/run/lab.err 5>&- 6>&- 7>&- 8<&- &
  command=$!
  control_loop "$command" &
  control=$!
  wait "$command" 2>/dev/null
  code=$?
  [ -e /run/lab.gone ] && off
  (sleep 1; kill "$relay_out" "$relay_err") 2>/dev/null & # left-over daemons may hold the pipes open
  killer=$!
  wait "$relay_out" "$relay_err" 2>/dev/null
  kill "$control" "$killer" 2>/dev/null
  # setting a terminal waits until its output has drained
  is_host || { stty -F /dev/ttyS1 raw; stty -F /dev/ttyS2 raw; }
  sync
  echo "EXIT $code" >&5
  off
}

. "$LABDIR/conf"
cd /
is_host && hold_directories "$LABDIR" "${LAB_RW[@]}"
mount_system
mount_directories
release_directories
choose_iptables
echo "$LAB_HOSTNAME" >/proc/sys/kernel/hostname
load_modules
ip link set lo up
mapfile -d '' -t ARGUMENTS <"$LABDIR/argv"
mapfile -d '' -t ENVIRONMENT <"$LABDIR/env"
cd "$LAB_CWD" || die "no working directory $LAB_CWD"
if [ "$LAB_SHELL" = 1 ]; then run_shell; fi
open_channels
run_command
