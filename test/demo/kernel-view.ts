import { run } from './world.ts';

/** One backend as ipvsadm prints it. */
export interface RealServerLine {
  /** Address and port. */
  readonly address: string;
  readonly weight: number;
  readonly activeConnections: number;
}

/** The real servers of a virtual server, e.g. `10.96.0.80:80`; empty when there is none. */
export function realServersOf(virtualServer: string): readonly RealServerLine[] {
  const blocks = run('ipvsadm', ['-Ln']).split(/\n(?=TCP|UDP)/);
  const block = blocks.find((text) => text.split(/\s+/)[1] === virtualServer) ?? '';
  const lines = block.split('\n').map((line) => line.trim().split(/\s+/));
  return lines
    .filter(([arrow]) => arrow === '->')
    .map(([, address = '', , weight, active]) => ({
      address,
      weight: Number(weight),
      activeConnections: Number(active),
    }));
}

/** Addresses on the dummy interface. */
export function boundAddresses(): readonly string[] {
  const [, , ...addresses] = run('ip', ['-brief', 'address', 'show', 'kube-ipvs0']).trim().split(/\s+/);
  return addresses.map((address) => address.replace(/\/\d+$/, ''));
}

/** All that the proxier programs, as the classic tools save it, without counters and in a fixed order. */
export function kernelState(): string {
  const parts = [
    run('ipvsadm', ['-Sn']),
    run('ip', ['-o', 'address', 'show', 'kube-ipvs0']),
    run('ipset', ['save']),
    run('iptables-save', []),
    run('ip6tables-save', []),
  ];
  return parts.map((text) => withoutCounters(text).sort().join('\n')).join('\n\n');
}

function withoutCounters(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines.map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
}
