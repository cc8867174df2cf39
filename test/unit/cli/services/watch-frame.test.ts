import { describe, expect, it } from '@jest/globals';
import type { Terminal } from '../../../../src/cli/terminal.ts';
import { TrafficMeter } from '../../../../src/cli/services/traffic-rates.ts';
import { type FrameInput, sparkline, watchFrame } from '../../../../src/cli/services/watch-frame.ts';
import { afterKey, initialState, keysOf, type WatchState } from '../../../../src/cli/services/watch-state.ts';
import { told, view } from './services-world.ts';

const terminal = (width: number, colours = false): Terminal => ({ width, colours });

/** The table two seconds after it was first seen. */
function rated() {
  const meter = new TrafficMeter();
  meter.take(view(), 1_000);
  const counters = [
    { connections: 10n, incomingPackets: 40n, incomingBytes: 4_000n, outgoingBytes: 2_000_000n },
    {},
    { connections: 400n, incomingBytes: 200n },
  ];
  return meter.take(view(told, counters), 3_000);
}

function frame(state: Partial<WatchState> = {}, changes: Partial<FrameInput> = {}) {
  return watchFrame({
    rated: rated(),
    state: { ...initialState, ...state },
    terminal: terminal(110),
    rows: 12,
    node: 'n1',
    time: '10:22:31',
    intervalMs: 1000,
    notice: '',
    ...changes,
  });
}

describe('a frame', () => {
  it('shows who has the most traffic', () => {
    expect(frame().lines).toEqual([
      `ipvs-status  n1${' '.repeat(77)}every 1s  10:22:31`,
      '4 virtual servers  6 real servers  205 conn/s  in 2.1kB/s  out 1.0MB/s',
      'SERVICE               VIRTUAL SERVER          REAL  ACTIVE  CONN/S  PKT/S  IN B/S  OUT B/S',
      expect.stringMatching(/^shop\/web:http {9}TCP 10\.96\.0\.1:80 {9}1\+2 {6}15 {7}5 {5}20 {4}2\.0k {5}1\.0M {17}█$/),
      expect.stringMatching(/^kube-system\/kube-dns {2}UDP \[fd00::a\]:53 {11}1 {7}0 {5}200 {6}0 {5}100 {8}0 +█$/),
      expect.stringContaining('TCP 192.168.0.10:30080   1+1'),
      expect.stringMatching(/^- +firewall mark 7 IPv4/),
      '',
      '',
      '',
      '',
      '1-4 of 4  by traffic  s order  r real servers  p pause  ? help  q quit',
    ]);
  });

  it.each([
    ['connections', ['kube-system/kube-dns', 'shop/web:http', 'shop/web:http', '-']],
    ['active', ['shop/web:http', 'kube-system/kube-dns', 'shop/web:http', '-']],
    ['name', ['kube-system/kube-dns', 'shop/web:http', 'shop/web:http', '-']],
  ] as const)('in the order of %s', (order, expected) => {
    const rows = frame({ order }).lines.slice(3, 7);
    expect(rows.map((row) => row.split(' ')[0])).toEqual(expected);
  });

  it('shows real servers, what they do, and where they are', () => {
    const rows = frame({ withRealServers: true }, { rows: 20, terminal: terminal(140) }).lines;
    expect(rows[4]).toMatch(/^ {2}web-6d4b75cb6d-hx2zk on n1 {2}-> 10\.244\.1\.2:8080 +12$/);
    expect(rows[5]).toMatch(/-> 10\.244\.1\.3:8080 waiting for 1m15s +1$/);
  });

  it('has as many lines as the screen, none wider, whatever its size', () => {
    for (const rows of [1, 2, 3, 5, 24, 80]) {
      for (const width of [20, 30, 40, 60, 80, 132, 250]) {
        for (const state of [{}, { withRealServers: true }, { help: true }, { top: 99 }]) {
          const { lines } = frame(state, { rows, terminal: terminal(width) });
          expect([rows, width, lines.length]).toEqual([rows, width, rows]);
          expect([rows, width, Math.max(...lines.map(({ length }) => length))]).toEqual([
            rows,
            width,
            expect.any(Number),
          ]);
          expect(lines.filter(({ length }) => length > width)).toEqual([]);
        }
      }
    }
  });

  it('keeps names on a narrow screen, and gives up numbers', () => {
    const [, , heading] = frame({}, { terminal: terminal(60) }).lines;
    expect(heading).toContain('SERVICE');
    expect(heading).toContain('CONN/S');
    expect(heading).not.toContain('PKT/S');
  });

  it('scrolls, and no further than there is something', () => {
    const scrolled = frame({ top: 99 }, { rows: 6 });
    expect(scrolled.state.top).toBe(2);
    expect(scrolled.lines[3]).toContain('192.168.0.10:30080');
    expect(scrolled.lines[5]).toMatch(/^3-4 of 4 /);
  });

  it('says why names are missing, that it is paused, and what the keys do', () => {
    expect(frame({ paused: true }, { notice: 'nobody is there' }).lines[0]).toContain('paused  every 1s');
    expect(frame({}, { notice: 'nobody is there' }).lines.at(-1)).toBe('q quit  nobody is there');
    expect(frame({ help: true }, { rows: 24 }).lines.join('\n')).toContain('space, b        one page');
    expect(frame({}, { rated: [] }).lines.at(-1)).toMatch(/^0-0 of 0 /);
  });

  it('has colours only where the terminal has', () => {
    expect(frame().lines.join('')).not.toContain('\x1b');
    expect(frame({}, { terminal: terminal(110, true) }).lines[3]?.startsWith('\x1b[33mshop/web')).toBe(true);
  });
});

it.each([
  [[], ''],
  [[0, 0], ''],
  [[0, 1, 4, 8], '             ▁▄█'.slice(1)],
])('bars of %j', (history, bars) => expect(sparkline(history).trimStart()).toBe(bars.trimStart()));

it('rates are those since the picture before, and none for what was made anew', () => {
  const meter = new TrafficMeter();
  meter.take(view(told, [{ connections: 100n }]), 0);
  expect(meter.take(view(told, [{ connections: 150n }]), 500)[0]?.rates.connections).toBe(100);
  expect(meter.take(view(told, [{ connections: 5n }]), 1000)[0]).toMatchObject({
    rates: { connections: 0 },
    history: [100, 0],
  });
});

it('rates are over two seconds, as the kernel counts', () => {
  const meter = new TrafficMeter();
  // 100 connections per second, which show every other second
  const seen = [0n, 0n, 200n, 200n, 400n, 400n, 600n, 600n].map(
    (connections, second) => meter.take(view(told, [{ connections }]), second * 1000)[0]?.rates.connections,
  );
  expect(seen).toEqual([0, 0, 100, 100, 100, 100, 100, 100]);
});

describe('keys', () => {
  it('that come at once are told apart', () => {
    expect(keysOf('q\x1b[A\x1b[5~\x1bOBs\x1b')).toEqual(['q', '\x1b[A', '\x1b[5~', '\x1bOB', 's', '\x1b']);
    expect(keysOf('')).toEqual([]);
  });

  it.each([['q'], ['Q'], ['\x03'], ['\x04'], ['\x1b']])('%j ends', (key) =>
    expect(afterKey(initialState, key, 10)).toBe('quit'),
  );

  it.each([
    ['j', { top: 6 }],
    ['\x1b[A', { top: 4 }],
    [' ', { top: 15 }],
    ['b', { top: 0 }],
    ['g', { top: 0 }],
    ['s', { top: 0, order: 'connections' }],
    ['r', { top: 0, withRealServers: true }],
    ['p', { paused: true }],
    ['?', { help: true }],
    ['x', {}],
  ])('%j', (key, changes) =>
    expect(afterKey({ ...initialState, top: 5 }, key, 10)).toEqual({ ...initialState, top: 5, ...changes }),
  );

  it('go through all orders and come back', () => {
    let state: WatchState | 'quit' = initialState;
    const orders: string[] = [];
    for (let count = 0; count < 4 && state !== 'quit'; count++) {
      orders.push(state.order);
      state = afterKey(state, 's', 1);
    }
    expect(orders).toEqual(['traffic', 'connections', 'active', 'name']);
    expect(state).toEqual(initialState);
  });
});
