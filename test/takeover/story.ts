// The take-over, in the kernel lab. usage: story.ts --traffic PROGRAM [--short]
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { handOver } from './hand-over.ts';
import { isAsPromised, reportText } from './report.ts';

const { values } = parseArgs({ options: { traffic: { type: 'string' }, short: { type: 'boolean', default: false } } });
if (values.traffic === undefined) throw new Error('--traffic PROGRAM is missing');
const phases = await handOver({
  traffic: values.traffic,
  directory: mkdtempSync(join(tmpdir(), 'takeover-')),
  short: values.short,
  tell: (text) => console.log(`==> ${text}`),
});
console.log(`\n${reportText(phases)}`);
const isKept = isAsPromised(phases);
console.log(isKept ? '\nno connection cut, none refused, no wrong answer' : '\nnot as promised');
process.exit(isKept ? 0 : 1);
