import { afterAll } from '@jest/globals';
import { Programs } from '../../support/programs.ts';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

const programs = new Programs();
afterAll(() => programs.close());

/** Runs `ip` and returns what it printed. */
export function ip(...parameters: string[]): Promise<string> {
  return programs.output('ip', parameters);
}

/** Runs many `ip` commands in one process. */
export async function ipBatch(...commands: string[]): Promise<void> {
  await programs.output('ip', ['-batch', '-'], `${commands.join('\n')}\n`);
}

/** An address as `ip -json addr` shows it. */
export interface ShownAddress {
  readonly family: 'inet' | 'inet6';
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
  readonly valid_life_time: number;
  readonly label?: string;
  readonly broadcast?: string;
  readonly nodad?: boolean;
  readonly tentative?: boolean;
}

export async function shownAddresses(interfaceName: string): Promise<readonly ShownAddress[]> {
  const [shown] = JSON.parse(await ip('-json', 'addr', 'show', 'dev', interfaceName)) as [
    { addr_info: ShownAddress[] },
  ];
  return shown.addr_info;
}

/** Addresses of an interface as `ip addr` prints them, e.g. `10.96.0.1/32`, in its order. */
export async function addressTexts(interfaceName: string): Promise<string[]> {
  const shown = await shownAddresses(interfaceName);
  return shown.map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}
