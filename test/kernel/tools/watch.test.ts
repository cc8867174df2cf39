import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasColours, PseudoTerminal } from '../../support/pseudo-terminal.ts';
import { LabNode } from '../daemon/lab-node.ts';

const program = join(import.meta.dirname, '../../../dist/ipvs-status');
const watch = `${program} --services --watch --interval 0.2 --socket /run/nobody.sock`;
/** Prints its process before it becomes the program, how that ended, and what the terminal is like then. */
const run = (before: string) =>
  `sh -c 'echo "pid=$$"; ${before} exec ${watch}'; echo "exit=$?"; printf 'settings='; stty -g`;
const session = [
  'stty rows 24 cols 80',
  'tty',
  "printf 'settings='; stty -g",
  run(''),
  run('NO_COLOR=1; export NO_COLOR;'),
  run(''),
  `sh -c 'echo "pid=$$"; exec ${watch}'`,
].join('; ');

const enter = '\x1b[?1049h';
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';

const node = new LabNode();
let terminal: PseudoTerminal;
/** Where the present run of the program begins in the output. */
let start = 0;

beforeAll(async () => {
  await node.shell.run(`ipvsadm -A -t 10.96.12.40:80 -s rr; ipvsadm -a -t 10.96.12.40:80 -r 10.244.1.7:8080 -m
    ipvsadm -a -t 10.96.12.40:80 -r 10.244.2.8:8080 -m -w 0; ipvsadm -A -u [fd00:96::a]:53 -s rr`);
  terminal = new PseudoTerminal(session);
});
afterAll(async () => {
  terminal.close();
  await node.clear();
  node.close();
});

/** The first frame of the run that begins at `start`, once the table is in it. */
async function drawn() {
  return await terminal.until(() => {
    const screen = terminal.screen(start);
    return screen.some((line) => line.includes('10.96.12.40:80')) && screen;
  });
}

/** Waits for the end of the run; what it wrote last, and the exit code. The next run begins after it. */
async function ended() {
  const settingsAt = await terminal.until(() => {
    const at = terminal.output.indexOf('settings=', start);
    return terminal.output.includes('\n', at) && at > 0 && at;
  });
  const written = terminal.output.slice(start, settingsAt);
  const [, settings] = /settings=(\S+)/.exec(terminal.output.slice(settingsAt)) ?? [];
  start = settingsAt + 'settings='.length;
  return { written, settings, exitCode: Number(/exit=(\d+)/.exec(written)?.[1]) };
}

describe('the live view on a terminal', () => {
  let settings: string | undefined;

  it('fills the screen, follows its size, and gives it back after q', async () => {
    ({ settings } = await ended());
    const narrow = await drawn();
    expect(narrow).toHaveLength(24);
    expect(narrow[0]).toMatch(/^ipvs-status .* every 0\.2s {2}\d\d:\d\d:\d\d$/);
    expect(Math.max(...narrow.map((line) => line.length))).toBe(80);
    expect(narrow.some((line) => /TCP 10\.96\.12\.40:80 +1\+1 /.test(line))).toBe(true);
    expect(narrow.some((line) => line.includes('UDP [fd00:96::a]:53'))).toBe(true);

    const [, path = ''] = /(\/dev\/pts\/\d+)/.exec(terminal.output) ?? [];
    await node.shell.run(`stty -F ${path} rows 50 cols 200`);
    // stty sets one after the other
    await terminal.until(() => {
      const wide = terminal.screen(start);
      return wide.length === 50 && Math.max(...wide.map((line) => line.length)) === 200;
    });

    terminal.type('r');
    await terminal.until(() => terminal.screen(start).some((line) => line.includes('-> 10.244.2.8:8080 weight 0')));
    terminal.type('q');
    const end = await ended();
    expect(end.exitCode).toBe(0);
    expect(end.settings).toBe(settings);
    expect(hasColours(end.written)).toBe(true);
    expectGivenBack(end.written);
  });

  it('has no colours with NO_COLOR, and ends with Ctrl-C', async () => {
    await drawn();
    terminal.type('\x03');
    const end = await ended();
    expect(end.exitCode).toBe(0);
    expect(end.settings).toBe(settings);
    expect(hasColours(end.written)).toBe(false);
    expectGivenBack(end.written);
  });

  it('gives the terminal back when it is told to end', async () => {
    await drawn();
    const [, processId = ''] = /pid=(\d+)/.exec(terminal.output.slice(start)) ?? [];
    await node.shell.run(`kill -TERM ${processId}`);
    const end = await ended();
    expect(end.exitCode).toBe(143);
    expect(end.settings).toBe(settings);
    expectGivenBack(end.written);
  });

  it('ends when its terminal is taken away', async () => {
    await drawn();
    const [, processId = ''] = /pid=(\d+)/.exec(terminal.output.slice(start)) ?? [];
    terminal.close();
    const waited = `for i in $(seq 450); do [ -e /proc/${processId} ] || exit 0; sleep 0.1; done; exit 1`;
    expect((await node.shell.attempt(`sh -c '${waited}'`)).exitCode).toBe(0);
  });
});

/** The other screen was entered once and left last. */
function expectGivenBack(written: string): void {
  expect(written.split(enter)).toHaveLength(2);
  const [before = '', after, ...more] = written.split(leave);
  expect(more).toEqual([]);
  expect(before).toContain('\x1b[J');
  expect(after).toMatch(/^exit=\d+\r\n$/);
}
