import { expect, it } from '@jest/globals';
import { expectSame, openParityWorld, words } from './parity-world.ts';

const world = openParityWorld();

const table = [
  '-A -t 10.0.0.1:80 -s rr',
  '-a -t 10.0.0.1:80 -r 10.1.1.1:8080 -m',
  '-A -t 10.0.0.9:0 -s rr -p 10',
  '-A -u 10.0.0.1:53 -s rr',
  '-A --sctp-service 10.0.0.1:5672 -s rr',
  '-A -t [fd00::1]:443 -s rr',
  '-A -t [::ffff:10.0.0.1]:80 -s rr',
  '-A -t [::10.0.0.1]:80 -s rr',
  '-A -t [::1:0]:80 -s rr',
  '-A -f 7 -s rr',
  '-A -f 7 -6 -s wlc',
];

/** Command lines one a line, as they are typed. */
function lines(text: string): readonly (readonly string[])[] {
  return text.trim().split('\n').map(words);
}

it.each<[string, string]>([
  [
    'the beginning of the command line',
    `
''
-l
-L
--list
-Ln
-nL
-n
--stats
-x
-Ll
-lL
-list
--l
--li -n
-
--
foo
foo -Ln
-L foo
-L foo bar
-L foo -n
-L foo -w x
-L -- foo
-L -- -n
-L -
-L -L
-L -A
-L -S
-L --help
-L --version
-L --set 1 2 3
-L --start-daemon master
-L --stop-daemon backup
-L --start-daemon
-V
--helpx
-L=foo
--list=foo
-Z=foo`,
  ],
  [
    'the way options are written',
    `
-Lnz
-Ln --num
-L --stat
-L -n=3
-L --numeric=3
-L --stats=3
-L -nne
-L -ne
-L -zn
-L -n -n
-Lnn
-L --sort --sort -n
-L --nosort --sort -n
-L --nosort --nosort
-L --exact --exact
-L -c -c
-L --nonesuch=3
-L --
-Lt
-Lnt 10.0.0.1:80
-Lntx 10.0.0.1:80
-Lnf7
-Ln6f7
-Lnf7 -6
-Lnf76
-Lnt=10.0.0.1:80
-Ln --tcp-service=10.0.0.1:80
-Ln --tcp-service
-Ln --tcp-service=
-Ln -t --
-Ln -t -n
-Ln -p -n
-L -p 3 -n
-L -p=3
-L -pn`,
  ],
  [
    'which virtual server is meant',
    `
-Ln -t 10.0.0.1:80
-Ln -t 10.0.0.1:http
-Ln -t 10.0.0.1:81
-Ln -t 10.0.0.1
-Ln -t 10.0.0.9
-Ln -t 10.0.0.1:
-Ln -t :80
-Ln -t ''
-Ln -t 10.0.0.1:80:1
-Ln -t 10.0.0.1:65536
-Ln -t 10.0.0.1:-1
-Ln -t 10.0.0.1:080
-Ln -t 10.0.0.1:+80
-Ln -t 10.0.0.1:0x50
-Ln -t 10.0.0.1:80x
-Ln -t 10.0.0.1:nonesuch
-Ln -t 10.1:80
-Ln -t 10.0.1:80
-Ln -t 167772161:80
-Ln -t 0xa000001:80
-Ln -t 012.0.0.1:80
-Ln -t 10.0.0.256:80
-Ln -t 10.0.0.1.1:80
-Ln -t 08.0.0.1:80
-Ln -t [10.0.0.1]:80
-Ln -t [10.0.0.9]:80
-Ln -t [fd00::1]:443
-Ln -t [fd00:0:0::0001]:https
-Ln -t [fd00::1]
-Ln -t [fd00::1
-Ln -t [fd00::1]443
-Ln -t [fd00::1]:
-Ln -t fd00::1
-Ln -t fd00::1:443
-Ln -t []:80
-Ln -t [::ffff:10.0.0.1]:80
-Ln -t [::10.0.0.1]:80
-Ln -t [::1:0]:80
-Ln -t [fd00::1%lo]:443
-Ln -t nonesuch.invalid:80
-Ln -t localhost:80
-Ln -u 10.0.0.1:domain
-Ln -u 10.0.0.1:http
-Ln --sctp-service 10.0.0.1:amqp
-Ln --sctp-service 10.0.0.1:80
-Ln -t 10.0.0.1:80 -t 10.0.0.1:80
-Ln -t 10.0.0.1:80 -t bogus
-Ln -t 10.0.0.1:80 -f 7
-Ln -t 10.0.0.1:80 -6
-Ln -f 7
-Ln -f 7 -6
-Ln -f 7 -6 -6
-Ln -6 -f 7
-Ln -6
-Ln -f
-Ln -f 0
-Ln -f 07
-Ln -f 0x7
-Ln -f 7x
-Ln -f -1
-Ln -f +7
-Ln -f 4294967295
-Ln -f 4294967296
-Ln -f ''
-Ln -f x`,
  ],
  [
    'options that are not for listing',
    `
-L -s rr
-L -b sh-port
-L -b flag-1
-L -b flag-4
-L -b flag-1,bogus
-L -s sh -b sh-port
-L -s sh -b mh-port
-L -M 255.255.255.0
-L -M x
-L -M 33
-L -M 256.0.0.0
-L -M 255.0
-L -t [fd00::1]:443 -M 64
-L -t [fd00::1]:443 -M 129
-L -t [fd00::1]:443 -M 0
-L --pe sip
-L -p x
-L -r 10.0.0.1:80
-L -r 10.0.0.1
-L -r bogus:80
-L -r
-L -g
-L -g -m
-L -i
-L -o
-L -w 3
-L -w x
-L -w -1
-L -w 2147483647
-L -w 2147483648
-L -x 3
-L -x x
-L -x 2147483648
-L -y 3
-L -y -1
-L --tun-type gue
-L --tun-type x
-L --tun-port 3
-L --tun-port 0
-L --tun-port 65536
-L --tun-nocsum
-L --tun-csum
-L --tun-remcsum
-L -n --syncid 3
-L -n --syncid 3 --syncid 4
-L --syncid 256
-L --syncid x
-L --sync-maxlen 3
-L --sync-maxlen 0
-L --sync-maxlen 65507
-L --sync-maxlen 65508
-L --mcast-interface lo
-L --mcast-group 224.0.0.1
-L --mcast-group 10.0.0.1
-L --mcast-group ff02::1
-L --mcast-group fd00::1
-L --mcast-group x
-L --mcast-port 3
-L --mcast-port 0
-L --mcast-ttl 3
-L --mcast-ttl 256`,
  ],
])(
  'same answer: %s',
  async (_, text) => {
    await world.restore(table);
    await expectSame(world, lines(text));
  },
  120_000,
);

const listingOptions = words(
  '-c --timeout --daemon --stats --rate --thresholds --persistent-conn --tun-info --nosort --exact',
);

it('same answer: every two options of a listing', async () => {
  await world.restore(table);
  const pairs = listingOptions.flatMap((one, index) => listingOptions.slice(index + 1).map((two) => ['-Ln', one, two]));
  await expectSame(world, pairs);
});

it('same answer: which of several mistakes is told', async () => {
  const options = words('-c -t@1.1.1.1 -s@rr -p -M@255.0.0.0 -r@1.1.1.1 -m -w@3 -x@3 -y@3').concat(
    words('--mcast-interface@lo --timeout --daemon --stats --rate --thresholds --persistent-conn --nosort --syncid@3'),
    words('--exact -o --pe@sip --sync-maxlen@3 --mcast-group@224.0.0.1 --mcast-port@3 --mcast-ttl@3 --tun-info'),
    words('--tun-type@gue --tun-port@3 --tun-nocsum --tun-csum --tun-remcsum -b@flag-1'),
  );
  const backwards = options.map((option) => option.split('@')).reverse();
  const growing = backwards.map((_, index) => ['-S', ...backwards.slice(0, index + 1).flat()]);
  const selections = ['-c', '-t 1.1.1.1', '--timeout', '--daemon'];
  const several = ['-c -t 1.1.1.1 --timeout', '-t 1.1.1.1 --timeout --daemon', '-c --timeout --daemon --stats'];
  const listings = [...several, ...selections.map((option) => `${option} --stats -w 3`)].map((text) =>
    words(`-L ${text}`),
  );
  await expectSame(world, [...growing, ...listings]);
});

it('commands that change the table are refused with the exit code of a usage error', async () => {
  const commands = '-A|-E|-D|-a|-e|-d|-C|-R|-Z|--set|--start-daemon master|--stop-daemon master|--clear|-At 1.1.1.1:80';
  for (const command of commands.split('|')) {
    const { output, error, exitCode } = await world.ours(words(command));
    expect([command, output, exitCode]).toEqual([command, '', 2]);
    expect(error).toMatch(/^ipvsadm: --[a-z-]+ is not carried out: ipvs-proxier owns this table.*; .+\n$/);
  }
});
