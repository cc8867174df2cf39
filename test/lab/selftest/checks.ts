import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabBench } from './lab-run.ts';

/** One promise of the lab. `run` throws when it is broken. */
export interface Check {
  readonly name: string;
  readonly run: (bench: LabBench) => Promise<void>;
  /** Promises that only a guest kernel of its own can keep. */
  readonly needsOwnKernel?: true;
  /** Left out by `--quick`. */
  readonly isSlow?: true;
}

const shell = (script: string, ...args: readonly string[]): string[] => ['--', 'bash', '-c', script, 'bash', ...args];

export const commandChecks: readonly Check[] = [
  {
    name: 'exit code, standard output and standard error are those of the command, apart from each other',
    async run(bench) {
      const { exitCode, stdout, stderr } = await bench.run(shell('echo out; echo err >&2; exit 7'));
      deepEqual({ exitCode, stdout, stderr }, { exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
    },
  },
  {
    name: 'arguments, environment, working directory, user and host name',
    async run(bench) {
      const argument = `q'" $z`;
      const script = 'printf "%s|" "$FOO" "$1" "$PWD" "$(id -u)" "$(hostname)" "$LAB"';
      const { stdout } = await bench.run(shell(script, argument), { environment: { FOO: 'a b\nc' } });
      match(stdout, /\|(uml|host)\|$/);
      equal(stdout.replace(/(uml|host)\|$/, ''), `a b\nc|${argument}|${bench.directory}|0|lab|`);
    },
  },
  {
    name: 'outside /tmp the /tmp of the host is hidden, but not the writable directories in it',
    async run(bench) {
      const writable = join(bench.directory, 'results');
      const script = 'ls -A /tmp; ls -A /run; echo written >"$1/file"';
      const { stdout } = await bench.run(['--rw', writable, ...shell(script, writable)], { cwd: '/' });
      const [top, ...run] = stdout.trim().split('\n');
      equal(top, bench.directory.replace(/^\/tmp\//, ''));
      const known = ['lab', 'lab.err', 'lab.out', 'lock', 'mount', 'netns'];
      deepEqual(
        run.filter((name) => !known.includes(name)),
        [],
      );
      equal(readFileSync(join(writable, 'file'), 'utf8'), 'written\n');
    },
  },
  {
    name: '3 MB of binary output arrive as they were',
    async run(bench) {
      const bytes = randomBytes(3_000_000);
      writeFileSync(join(bench.directory, 'random'), bytes);
      const { stdoutBytes } = await bench.run(['--', 'cat', 'random']);
      ok(bytes.equals(stdoutBytes), `${stdoutBytes.length} bytes arrived, or others`);
    },
  },
  {
    name: '--stdin hands over the standard input; without it there is none',
    async run(bench) {
      const [given, withheld] = await Promise.all([
        bench.run(['--stdin', '--', 'cat'], { input: 'input\n' }),
        bench.run(['--', 'cat'], { input: 'input\n' }),
      ]);
      deepEqual([given.stdout, withheld.stdout], ['input\n', '']);
    },
  },
  {
    name: 'nothing that the command writes or removes is seen on the host',
    needsOwnKernel: true,
    async run(bench) {
      writeFileSync(join(bench.directory, 'kept'), '');
      const script = 'set -e; touch leak /etc/lab-leak /usr/bin/lab-leak; mkdir directory; rm kept';
      const { exitCode } = await bench.run(shell(script));
      equal(exitCode, 0);
      const paths = ['leak', 'directory', '/etc/lab-leak', '/usr/bin/lab-leak'].map((path) =>
        path.startsWith('/') ? path : join(bench.directory, path),
      );
      deepEqual(
        paths.filter((path) => existsSync(path)),
        [],
      );
      ok(existsSync(join(bench.directory, 'kept')));
    },
  },
  {
    name: 'files in a writable directory come back',
    async run(bench) {
      const writable = join(bench.directory, 'made', 'here');
      const script = 'echo one >"$1/a"; mkdir "$1/sub"; echo two >"$1/sub/b"';
      await bench.run(['--rw', writable, ...shell(script, writable)]);
      equal(readFileSync(join(writable, 'a'), 'utf8') + readFileSync(join(writable, 'sub/b'), 'utf8'), 'one\ntwo\n');
    },
  },
  {
    name: 'a command that does not exist: 127; one killed by signal 9: 137',
    async run(bench) {
      const [missing, killed] = await Promise.all([
        bench.run(['--', 'no-such-command']),
        bench.run(shell('kill -9 $$')),
      ]);
      deepEqual([missing.exitCode, killed.exitCode], [127, 137]);
      match(missing.stderr, /no-such-command/);
    },
  },
  {
    name: 'the command does not see a terminal',
    async run(bench) {
      const { exitCode } = await bench.run(shell('! test -t 0 && ! test -t 1 && ! test -t 2'));
      equal(exitCode, 0);
    },
  },
  {
    name: 'daemons left behind do not hold up the end',
    async run(bench) {
      const { exitCode, stdout, seconds } = await bench.run(shell('sleep 300 & sleep 300 & echo done'));
      deepEqual([exitCode, stdout], [0, 'done\n']);
      ok(seconds < 120, `it took ${seconds} s`);
    },
  },
  {
    name: 'a command that closes its output still gives its exit code',
    async run(bench) {
      const { exitCode } = await bench.run(shell('exec >/dev/null 2>&1; sleep 1; exit 4'));
      equal(exitCode, 4);
    },
  },
  {
    name: 'bad options and missing commands: 125, and the option is named',
    async run(bench) {
      const results = await Promise.all([
        bench.run(['--no-such-option', '--', 'true']),
        bench.run(['--timeout', 'soon', '--', 'true']),
        bench.run([]),
      ]);
      deepEqual(
        results.map(({ exitCode }) => exitCode),
        [125, 125, 125],
      );
      match(results[0]?.stderr ?? '', /--no-such-option/);
      match(results[1]?.stderr ?? '', /--timeout "soon"/);
      match(results[2]?.stderr ?? '', /no command/);
    },
  },
];

export const kernelChecks: readonly Check[] = [
  {
    name: 'IPVS works',
    async run(bench) {
      const { stdout } = await bench.run(shell('ipvsadm -A -t 10.0.0.1:80 -s rr && ipvsadm -Ln'));
      match(stdout, /TCP {2}10\.0\.0\.1:80 rr/);
    },
  },
  {
    name: 'network namespaces, links, sets and both flavours of iptables work',
    async run(bench) {
      const script = `set -e
        ip netns add a; ip link add v0 type veth peer name eth0 netns a
        ip link add dum0 type dummy; ip link add br0 type bridge
        ipset create s hash:ip,port
        for flavour in legacy nft; do
          iptables-$flavour -t nat -A POSTROUTING -m set --match-set s dst,dst -j MASQUERADE
        done
        nft add table ip t; nft 'add chain ip t c { type nat hook postrouting priority 100 ; }'`;
      const { exitCode, stderr } = await bench.run(shell(script));
      deepEqual([exitCode, stderr.replace(/^# Warning: .*\n/gm, '')], [0, '']);
    },
  },
  {
    name: 'two labs at the same time do not see each other',
    async run(bench) {
      const script =
        'ipvsadm -A -t "10.0.0.$1:80" -s rr; echo "$1" >/etc/lab-mark; sleep 2; ipvsadm -Sn; cat /etc/lab-mark';
      const results = await Promise.all(['1', '2'].map((number) => bench.run(shell(script, number))));
      deepEqual(
        results.map(({ stdout }) => stdout),
        ['-A -t 10.0.0.1:80 -s rr\n1\n', '-A -t 10.0.0.2:80 -s rr\n2\n'],
      );
    },
    needsOwnKernel: true,
  },
];
