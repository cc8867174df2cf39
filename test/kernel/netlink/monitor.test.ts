import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { routeGroup } from '../../../src/netlink/constants.ts';
import type { NetlinkError } from '../../../src/netlink/errors.ts';
import { ignoreAddressesOf } from '../../../src/netlink/interface-filter.ts';
import { MessageReader } from '../../../src/netlink/message-reader.ts';
import { openRouteMonitor, type RouteMonitorOptions } from '../../../src/netlink/monitor.ts';
import type { Monitor } from '../../../src/netlink/transport.ts';
import { Shell } from '../../support/shell.ts';

const addon = loadNetlinkAddon();
const monitors: Monitor[] = [];
const shell = new Shell();

/** What a message is about: its type (16 link, 20 new address, 21 deleted address) and interface. */
interface Seen {
  readonly type: number;
  readonly interfaceIndex: number;
}

/** Runs command lines of `ip`, one after the other. */
async function ip(...lines: readonly string[]): Promise<void> {
  await shell.run(`ip -batch - <<'END'\n${lines.join('\n')}\nEND`);
}

function indexOf(name: string): number {
  return Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8'));
}

/** Adds addresses to `own0` while this process, and with it the delivery of events, stands still. */
function addAtOnce(count: number): void {
  const lines = Array.from({ length: count }, (_, number) => {
    return `address add 10.9.${number >> 8}.${number & 0xff}/32 dev own0`;
  });
  execFileSync('ip', ['-batch', '-'], { input: lines.join('\n') });
}

/** Opens a monitor that writes down what it hears. */
function listen(options: Partial<RouteMonitorOptions> = {}) {
  const heard = { messages: [] as Seen[], overflows: 0, failures: [] as NetlinkError[] };
  const monitor = openRouteMonitor({
    addon,
    onMessages: (bytes) => {
      const reader = new MessageReader(bytes);
      while (reader.next()) {
        const interfaceIndex = reader.view.getInt32(reader.payloadStart + 4, true);
        heard.messages.push({ type: reader.type, interfaceIndex });
      }
    },
    onOverflow: () => {
      heard.overflows++;
    },
    onFailure: (error) => heard.failures.push(error),
    ...options,
  });
  monitors.push(monitor);
  return { heard, monitor };
}

/** Waits until `condition` holds; gives up after a minute, so that what follows shows what came instead. */
async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 6_000 && !condition(); round++) await new Promise((resolve) => setTimeout(resolve, 10));
}

const addressTypes = (seen: readonly Seen[], interfaceIndex: number) =>
  seen.filter((message) => message.interfaceIndex === interfaceIndex && message.type !== 16).map(({ type }) => type);

beforeAll(() => ip('link add own0 type dummy', 'link add other0 type dummy'));

afterEach(async () => {
  for (const monitor of monitors.splice(0)) monitor.close();
  await ip('address flush dev own0', 'address flush dev other0');
});

afterAll(async () => {
  await ip('link del own0', 'link del other0');
  shell.close();
});

describe('openRouteMonitor', () => {
  it('hears of addresses and links', async () => {
    const { heard } = listen();
    const index = indexOf('other0');
    const change = ['address add 192.0.2.1/32 dev other0', 'address del 192.0.2.1/32 dev other0'];
    await ip(...change, 'link set other0 up', 'link set other0 down');
    await until(() => heard.messages.filter((message) => message.type === 16).length >= 2);
    expect(addressTypes(heard.messages, index).slice(0, 2)).toEqual([20, 21]);
    expect(heard.messages).toContainEqual({ type: 16, interfaceIndex: index });
    expect(heard).toMatchObject({ overflows: 0, failures: [] });
  });

  it('does not hear of addresses of the interface that it ignores, only of its links', async () => {
    const [own, other] = [indexOf('own0'), indexOf('other0')];
    const { heard } = listen({ filter: ignoreAddressesOf(own) });
    await ip(
      'address add 192.0.2.1/32 dev own0',
      'address del 192.0.2.1/32 dev own0',
      'link set own0 mtu 1400',
      'address add 192.0.2.2/32 dev other0',
      'address del 192.0.2.2/32 dev other0',
    );
    await until(() => addressTypes(heard.messages, other).length === 2);
    expect(addressTypes(heard.messages, other)).toEqual([20, 21]);
    expect(addressTypes(heard.messages, own)).toEqual([]);
    expect(heard.messages).toContainEqual({ type: 16, interfaceIndex: own });
  });

  it('tells when it missed something, and hears what comes after', async () => {
    const { heard } = listen({ receiveBufferBytes: 4096, groups: [routeGroup.ipv4Address] });
    const index = indexOf('own0');
    addAtOnce(600);
    await until(() => heard.overflows > 0);
    expect(heard.overflows).toBeGreaterThan(0);
    expect(heard.messages.length).toBeLessThan(600);
    await ip('address del 10.9.0.5/32 dev own0');
    await until(() => heard.messages.some(({ type }) => type === 21));
    expect(addressTypes(heard.messages, index).filter((type) => type !== 20)).toEqual([21]);
    expect(heard.failures).toEqual([]);
  });

  it('hears of every one of 2,000 changes with its usual buffer', async () => {
    const { heard } = listen({ groups: [routeGroup.ipv4Address] });
    addAtOnce(2_000);
    await until(() => heard.messages.length === 2000);
    expect(heard.messages).toHaveLength(2000);
    expect(heard.overflows).toBe(0);
  });

  it('hears nothing after it was closed', async () => {
    const { heard, monitor } = listen();
    execFileSync('ip', ['address', 'add', '192.0.2.1/32', 'dev', 'other0']); // nothing is delivered meanwhile
    monitor.close();
    monitor.close();
    await ip('address del 192.0.2.1/32 dev other0');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard.messages).toEqual([]);
  });

  it('turns exceptions of a listener into uncaughtException, and goes on', () => {
    const program = join(__dirname, '..', '..', 'support', 'native', 'throwing-listener.ts');
    expect(execFileSync(process.execPath, [program], { encoding: 'utf8' })).toBe('event 1\nevent 2\n');
  });
});
