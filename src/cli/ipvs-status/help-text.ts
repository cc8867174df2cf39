/** What `--help` prints. Every example can be pasted. */
export function helpText(program: string): string {
  return `${program} shows what is in the kernel's IPVS table. It takes the listing options of ipvsadm 1.31 and prints the
same bytes, faster where the table is large. It changes nothing.

Usage:
  ${program} -L|-l [SERVICE] [OPTIONS]   list virtual servers and their real servers
  ${program} -L -c [-n]                  list connections
  ${program} -L --timeout                show how long idle connections are kept
  ${program} -L --daemon                 show the connection synchronization daemons
  ${program} -S [-n]                     print the table as ipvsadm restores it (without thresholds)
  ${program}                             the same as -L

SERVICE, for one virtual server only:
  -t, --tcp-service HOST[:PORT]     e.g. -t 10.96.0.1:443 or -t [fd00::1]:443
  -u, --udp-service HOST[:PORT]
      --sctp-service HOST[:PORT]
  -f, --fwmark-service MARK [-6]    -6: the virtual server of that mark for IPv6

What is shown of each:
      --stats             connections, packets and bytes since the counters were reset
      --rate              the same per second
      --thresholds        connection limits of real servers
      --persistent-conn   persistent connections of real servers; with -c also the persistence engine's data
      --tun-info          encapsulation of tunnelled real servers

How:
  -n, --numeric           addresses and ports as numbers: no name is looked up
      --exact             counters as they are, not in K, M, G and T
      --nosort            in the kernel's order; --sort, the default, orders by address and port
  -h, --help              this text
  -v, --version           version of this program

Examples:
  ${program} -Ln                                all of it, without waiting for name servers
  ${program} -Ln -t 10.96.0.10:53               where a Service address leads to
  ${program} -Ln --stats --exact                who gets how much traffic
  ${program} -Ln | grep ' 0      [1-9]'         real servers of weight 0 that still have connections: draining
  ${program} -Lnc | grep 10.244.1.7:8080        who is connected to a Pod
  watch -n1 ${program} -Ln --rate -u 10.96.0.10:53

Columns:
  Forward     Masq (address translation), Local, Route (direct routing), Tunnel
  Weight      share of new connections; 0 takes none and keeps those it has
  ActiveConn  established connections; InActConn: all others, such as closing ones and UDP

Exit codes: 0 listed; 1 no such virtual server, or the kernel failed; 2 options that do not go together, or IPVS cannot
be reached (it needs the capability NET_ADMIN and the module ip_vs); 255 a command line that cannot be read.
`;
}
