// Runs the take-over in the kernel lab and prints what was measured; exit code 1 when a connection was cut or refused,
// an answer was wrong, or a check failed. usage: takeover.ts [--short]
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileTraffic } from './traffic.ts';

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
const here = import.meta.dirname;
const directory = join(here, '../../.cache/takeover');
mkdirSync(directory, { recursive: true });
const story = [process.execPath, join(here, 'story.ts'), '--traffic', compileTraffic(directory)];
if (values.short) story.push('--short');
console.log('Booting a Linux kernel that has IPVS, as a process of this machine ...');
const { status } = spawnSync(
  process.execPath,
  [join(here, '../lab/lab.ts'), 'run', '--timeout', '300', '--', ...story],
  {
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
