import fc from 'fast-check';

/** Lines that ipvsadm restores: a table of all that it can make. */
export const generatedTable: fc.Arbitrary<readonly string[]> = fc
  .uniqueArray(virtualServer(), { selector: ({ service }) => service, minLength: 1, maxLength: 24 })
  .map((virtualServers) => virtualServers.flatMap(linesOf));

interface GeneratedVirtualServer {
  readonly service: string;
  readonly settings: string;
  readonly realServers: readonly { readonly address: string; readonly settings: string }[];
}

function linesOf({ service, settings, realServers }: GeneratedVirtualServer): string[] {
  const added = realServers.map(({ address, settings: how }) => `-a ${service} -r ${address} ${how}`);
  return [`-A ${service} ${settings}`, ...added];
}

/** Far apart and near to each other, so that every comparison of the order is needed. */
const ipv4 = fc
  .oneof(
    fc.tuple(
      fc.constantFrom(1, 2, 10, 60, 100, 126, 128, 150, 172, 192, 200, 223),
      fc.constantFrom(0, 1),
      fc.nat(2),
      fc.integer({ min: 1, max: 4 }),
    ),
    fc.tuple(fc.constantFrom(10, 150), fc.constantFrom(0, 255), fc.nat(255), fc.integer({ min: 1, max: 254 })),
  )
  .map((parts) => parts.join('.'));

const ipv6 = fc
  .tuple(
    fc.constantFrom('2001', 'fd00', 'fd01', '3fff', 'a000'),
    fc.array(fc.constantFrom('0', '1', 'ffff', 'abc', '8000'), { minLength: 6, maxLength: 6 }),
    fc.constantFrom('1', '2', 'fffe', '80'),
  )
  .map(([first, middle, last]) => [first, ...middle, last].join(':'));

const port = fc.oneof(fc.constantFrom(1, 53, 80, 443, 8080, 5060, 5672, 65535), fc.integer({ min: 1, max: 65535 }));

const scheduler = fc.oneof(
  fc.constantFrom('rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'dh', 'fo', 'ovf'),
  fc.tuple(fc.constantFrom('sh', 'mh'), fc.subarray(['fallback', 'port', '3'])).map(([name, flags]) =>
    withFlags(
      name,
      flags.map((flag) => (flag === '3' ? 'flag-3' : `${name}-${flag}`)),
    ),
  ),
  fc
    .tuple(fc.constantFrom('rr', 'wlc'), fc.subarray(['flag-1', 'flag-2', 'flag-3']))
    .map(([name, flags]) => withFlags(name, flags)),
);

function withFlags(name: string, flags: readonly string[]): string {
  return flags.length === 0 ? name : `${name} -b ${flags.join(',')}`;
}

function persistence(netmasks: fc.Arbitrary<string>, withEngine: boolean): fc.Arbitrary<string> {
  const timeout = fc.oneof(fc.constant(''), fc.constantFrom('1', '10', '300', '10800', '86400'));
  const netmask = fc.option(netmasks, { nil: '' }).map((mask) => (mask === '' ? '' : `-M ${mask}`));
  const engine = fc.constantFrom(...(withEngine ? ['', '--pe sip'] : ['']));
  return fc.tuple(timeout, netmask, engine).map((parts) => `-p ${parts.join(' ')}`);
}

const netmasks = {
  IPv4: fc.constantFrom('255.255.255.0', '255.255.0.0', '255.0.255.0', '255.255.255.255', '0.0.0.0', '128.0.0.0'),
  IPv6: fc.integer({ min: 1, max: 128 }).map(String),
} as const;

type Family = 'IPv4' | 'IPv6';

function virtualServer(): fc.Arbitrary<GeneratedVirtualServer> {
  return fc.constantFrom<Family>('IPv4', 'IPv4', 'IPv6').chain((family) => {
    const address = family === 'IPv4' ? ipv4 : ipv6.map((text) => `[${text}]`);
    const addressed = fc
      .tuple(fc.constantFrom('-t', '-u', '--sctp-service'), address, port)
      .map(([option, host, number]) => ({ service: `${option} ${host}:${number}`, option }));
    const mark = fc
      .oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4_294_967_295 }))
      .map((number) => ({ service: `-f ${number}${family === 'IPv6' ? ' -6' : ''}`, option: '-f' }));
    return fc.oneof({ weight: 4, arbitrary: addressed }, { weight: 1, arbitrary: mark }).chain(({ service, option }) =>
      fc.record({
        service: fc.constant(service),
        settings: settingsOf(family, option),
        realServers: fc.uniqueArray(realServer(family), { selector: (server) => server.address, maxLength: 6 }),
      }),
    );
  });
}

function settingsOf(family: Family, option: string): fc.Arbitrary<string> {
  const persistent = fc.option(persistence(netmasks[family], option === '-u'), { nil: '' });
  const onePacket = option === '-u' || option === '-f' ? fc.constantFrom('', '-o') : fc.constant('');
  return fc.tuple(scheduler, persistent, onePacket).map(([name, ...rest]) => ['-s', name, ...rest].join(' '));
}

function realServer(family: Family): fc.Arbitrary<GeneratedVirtualServer['realServers'][number]> {
  const own = family === 'IPv4' ? ipv4 : ipv6.map((text) => `[${text}]`);
  const other = family === 'IPv4' ? ipv6.map((text) => `[${text}]`) : ipv4;
  const settings = fc
    .tuple(
      fc.oneof(fc.nat(3), fc.constantFrom(100, 65535, 65536, 2147483647)),
      fc.option(fc.tuple(fc.nat(65535), fc.nat(65535)), { nil: undefined }),
    )
    .map(([weight, thresholds]) => `-w ${weight}${thresholds === undefined ? '' : thresholdOptions(thresholds)}`);
  const direct = fc.tuple(own, port, fc.constantFrom('-m', '-g', tunnel('ipip')), settings);
  const tunnelled = fc.tuple(fc.oneof(own, other), port, tunnels, settings);
  return fc.oneof(direct, tunnelled).map(([address, number, forwarding, rest]) => ({
    address: `${address}:${number}`,
    settings: `${forwarding} ${rest}`,
  }));
}

function thresholdOptions([one, two]: readonly [number, number]): string {
  return ` -x ${Math.max(one, two)} -y ${Math.min(one, two)}`;
}

function tunnel(type: string): string {
  return `-i --tun-type ${type}`;
}

const tunnels = fc.oneof(
  fc.constant(tunnel('ipip')),
  fc
    .tuple(fc.integer({ min: 1, max: 65535 }), fc.constantFrom('', '--tun-nocsum', '--tun-csum', '--tun-remcsum'))
    .map(([number, checksum]) => `${tunnel('gue')} --tun-port ${number} ${checksum}`),
  fc.constantFrom('', '--tun-nocsum', '--tun-csum').map((checksum) => `${tunnel('gre')} ${checksum}`),
);
