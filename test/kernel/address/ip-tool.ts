import { execFileSync } from 'node:child_process';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

/** Runs `ip` and returns what it printed. */
export function ip(...parameters: string[]): string {
  return execFileSync('ip', parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs many `ip` commands in one process. */
export function ipBatch(...commands: string[]): void {
  execFileSync('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
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

export function shownAddresses(interfaceName: string): readonly ShownAddress[] {
  const [shown] = JSON.parse(ip('-json', 'addr', 'show', 'dev', interfaceName)) as [{ addr_info: ShownAddress[] }];
  return shown.addr_info;
}

/** Addresses of an interface as `ip addr` prints them, e.g. `10.96.0.1/32`, in its order. */
export function addressTexts(interfaceName: string): string[] {
  return shownAddresses(interfaceName).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}
