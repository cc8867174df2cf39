import type { IpvsOperation } from '../../../src/model/operation.ts';
import { virtualServerFlags } from '../../../src/model/virtual-server.ts';
import { markedVirtualServer, realServer, virtualServer } from '../ipvs-builders.ts';

const { onePacket, schedulerFallback, schedulerPort } = virtualServerFlags;
const web = virtualServer('TCP', '10.96.0.1:80');
const web6 = virtualServer('TCP', '[fd00::1]:443', { scheduler: 'wrr' });
const marked = markedVirtualServer(7, 'IPv4', { scheduler: 'wlc' });
const marked6 = markedVirtualServer(8, 'IPv6');
const gue = (port: number, flags: number) => ({ type: 'gue', port, flags }) as const;

/** What the recorded ipvsadm commands that change virtual servers mean as operations. */
export const virtualServerOperations: readonly (readonly [command: string, operation: IpvsOperation])[] = [
  ['ipvsadm -A -t 10.96.0.1:80 -s rr', add(web)],
  ['ipvsadm -A -u 10.96.0.10:53 -s wlc', add(virtualServer('UDP', '10.96.0.10:53', { scheduler: 'wlc' }))],
  ['ipvsadm -A --sctp-service 10.96.0.1:3868 -s lc', add(virtualServer('SCTP', '10.96.0.1:3868', { scheduler: 'lc' }))],
  ['ipvsadm -A -t [fd00::1]:443 -s wrr', add(web6)],
  ['ipvsadm -A -u [fd00::10]:53 -s rr -o', add(virtualServer('UDP', '[fd00::10]:53', { flags: onePacket }))],
  ['ipvsadm -A -f 7 -s wlc', add(marked)],
  ['ipvsadm -A -f 8 -6 -s rr', add(marked6)],
  [
    'ipvsadm -A -t 10.96.0.2:443 -s rr -p 10800',
    add(virtualServer('TCP', '10.96.0.2:443', { persistenceTimeoutSeconds: 10800 })),
  ],
  [
    'ipvsadm -A -t 10.96.0.3:443 -s wrr -p 360 -M 255.255.255.0',
    add(
      virtualServer('TCP', '10.96.0.3:443', {
        scheduler: 'wrr',
        persistenceTimeoutSeconds: 360,
        persistencePrefixLength: 24,
      }),
    ),
  ],
  [
    'ipvsadm -A -t [fd00::3]:443 -s wrr -p 360 -M 64',
    add(
      virtualServer('TCP', '[fd00::3]:443', {
        scheduler: 'wrr',
        persistenceTimeoutSeconds: 360,
        persistencePrefixLength: 64,
      }),
    ),
  ],
  [
    'ipvsadm -A -t 10.96.0.4:80 -s sh -b sh-fallback,sh-port',
    add(virtualServer('TCP', '10.96.0.4:80', { scheduler: 'sh', flags: schedulerFallback | schedulerPort })),
  ],
  [
    'ipvsadm -A -t 10.96.0.5:80 -s mh -b mh-port',
    add(virtualServer('TCP', '10.96.0.5:80', { scheduler: 'mh', flags: schedulerPort })),
  ],
  [
    'ipvsadm -A -t 10.96.0.6:80 -s mh -b mh-fallback,mh-port',
    add(virtualServer('TCP', '10.96.0.6:80', { scheduler: 'mh', flags: schedulerFallback | schedulerPort })),
  ],
  ['ipvsadm -A -u 10.96.0.7:53 -s rr -o', add(virtualServer('UDP', '10.96.0.7:53', { flags: onePacket }))],
  [
    'ipvsadm -A -u 10.96.0.8:5060 -s rr -p 60 --pe sip',
    add(virtualServer('UDP', '10.96.0.8:5060', { persistenceTimeoutSeconds: 60, persistenceEngine: 'sip' })),
  ],
  [
    'ipvsadm -E -t 10.96.0.1:80 -s wlc -p 600',
    {
      kind: 'setVirtualServer',
      virtualServer: virtualServer('TCP', '10.96.0.1:80', { scheduler: 'wlc', persistenceTimeoutSeconds: 600 }),
    },
  ],
  ['ipvsadm -E -f 7 -s rr', { kind: 'setVirtualServer', virtualServer: markedVirtualServer(7, 'IPv4') }],
  [
    'ipvsadm -E -t [fd00::1]:443 -s sed',
    { kind: 'setVirtualServer', virtualServer: virtualServer('TCP', '[fd00::1]:443', { scheduler: 'sed' }) },
  ],
];

/** Those that add and edit real servers. */
export const realServerOperations: readonly (readonly [command: string, operation: IpvsOperation])[] = [
  [
    'ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.2:8080 -m',
    { kind: 'addRealServer', virtualServer: web, realServer: realServer('10.244.1.2:8080') },
  ],
  [
    'ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.3:8080 -m -w 0',
    { kind: 'addRealServer', virtualServer: web, realServer: realServer('10.244.1.3:8080', { weight: 0 }) },
  ],
  [
    'ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.4:80 -g -w 100 -x 2000 -y 1000',
    {
      kind: 'addRealServer',
      virtualServer: web,
      realServer: realServer('10.244.1.4:80', {
        forwarding: 'directRouting',
        weight: 100,
        upperThreshold: 2000,
        lowerThreshold: 1000,
      }),
    },
  ],
  [
    'ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.5:80 -i',
    { kind: 'addRealServer', virtualServer: web, realServer: realServer('10.244.1.5:80', { forwarding: 'tunnel' }) },
  ],
  [
    'ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.6:80 -i --tun-type gue --tun-port 6080 --tun-csum',
    {
      kind: 'addRealServer',
      virtualServer: web,
      realServer: realServer('10.244.1.6:80', { forwarding: 'tunnel', tunnel: gue(6080, 1) }),
    },
  ],
  [
    'ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.7:80 -i --tun-type gre --tun-nocsum',
    {
      kind: 'addRealServer',
      virtualServer: web,
      realServer: realServer('10.244.1.7:80', { forwarding: 'tunnel', tunnel: { type: 'gre', port: 0, flags: 0 } }),
    },
  ],
  [
    'ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.8:80 -i --tun-type gue --tun-port 6081 --tun-remcsum',
    {
      kind: 'addRealServer',
      virtualServer: web,
      realServer: realServer('10.244.1.8:80', { forwarding: 'tunnel', tunnel: gue(6081, 2) }),
    },
  ],
  [
    'ipvsadm -a -t 10.96.0.1:80 -r [fd00:10:244::9]:80 -i',
    {
      kind: 'addRealServer',
      virtualServer: web,
      realServer: realServer('[fd00:10:244::9]:80', { forwarding: 'tunnel' }),
    },
  ],
  [
    'ipvsadm -a -t [fd00::1]:443 -r [fd00:10:244::2]:8443 -m -w 1',
    { kind: 'addRealServer', virtualServer: web6, realServer: realServer('[fd00:10:244::2]:8443') },
  ],
  [
    'ipvsadm -a -f 7 -r 10.244.1.2:0 -g',
    {
      kind: 'addRealServer',
      virtualServer: marked,
      realServer: realServer('10.244.1.2:0', { forwarding: 'directRouting' }),
    },
  ],
  [
    'ipvsadm -a -f 8 -6 -r [fd00:10:244::2]:0 -g',
    {
      kind: 'addRealServer',
      virtualServer: marked6,
      realServer: realServer('[fd00:10:244::2]:0', { forwarding: 'directRouting' }),
    },
  ],
  [
    'ipvsadm -e -t 10.96.0.1:80 -r 10.244.1.2:8080 -m -w 5',
    { kind: 'setRealServer', virtualServer: web, realServer: realServer('10.244.1.2:8080', { weight: 5 }) },
  ],
  [
    'ipvsadm -e -t 10.96.0.1:80 -r 10.244.1.5:80 -i --tun-type gue --tun-port 6082',
    {
      kind: 'setRealServer',
      virtualServer: web,
      realServer: realServer('10.244.1.5:80', { forwarding: 'tunnel', tunnel: gue(6082, 0) }),
    },
  ],
  [
    'ipvsadm -e -t [fd00::1]:443 -r [fd00:10:244::2]:8443 -m -w 3',
    { kind: 'setRealServer', virtualServer: web6, realServer: realServer('[fd00:10:244::2]:8443', { weight: 3 }) },
  ],
];

/** Those that delete. ipvsadm sends more than the key; the kernel reads the key only. */
export const deleteOperations: readonly (readonly [command: string, operation: IpvsOperation])[] = [
  [
    'ipvsadm -d -t 10.96.0.1:80 -r 10.244.1.3:8080',
    { kind: 'deleteRealServer', virtualServer: web, realServer: realServer('10.244.1.3:8080') },
  ],
  [
    'ipvsadm -d -t [fd00::1]:443 -r [fd00:10:244::2]:8443',
    { kind: 'deleteRealServer', virtualServer: web6, realServer: realServer('[fd00:10:244::2]:8443') },
  ],
  ['ipvsadm -D -f 8 -6', { kind: 'deleteVirtualServer', virtualServer: marked6 }],
  [
    'ipvsadm -D -u [fd00::10]:53',
    { kind: 'deleteVirtualServer', virtualServer: virtualServer('UDP', '[fd00::10]:53') },
  ],
  [
    'ipvsadm -D -t 10.96.0.2:443',
    { kind: 'deleteVirtualServer', virtualServer: virtualServer('TCP', '10.96.0.2:443') },
  ],
];

function add(server: ReturnType<typeof virtualServer>): IpvsOperation {
  return { kind: 'addVirtualServer', virtualServer: server };
}
