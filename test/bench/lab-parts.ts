import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabOptions } from './lab-options.ts';
import { coldStart } from './parts/cold-start.ts';
import { explain } from './parts/explain.ts';
import { listing } from './parts/listing.ts';
import { memory } from './parts/memory.ts';
import { programServers } from './parts/program-servers.ts';
import { start } from './parts/start.ts';
import { steadyState } from './parts/steady-state.ts';
import type { Row } from './row.ts';
import { tableOf } from './row.ts';

// The parts that need a kernel with IPVS; `bench.ts` starts this in the lab and reads the rows from a file.
//   node lab-parts.ts OPTIONS, as JSON

/** Parts by name. */
const parts: ReadonlyMap<string, (options: LabOptions) => Promise<readonly Row[]>> = new Map([
  ['program-servers', programServers],
  ['cold-start', coldStart],
  ['steady-state', steadyState],
  ['memory', memory],
  ['listing', listing],
  ['start', start],
  ['explain', explain],
]);

const options = JSON.parse(process.argv[2] ?? '') as LabOptions; // written by bench.ts
const rows: Row[] = [];
for (const [name, measure] of parts) {
  if (!options.parts.includes(name)) continue;
  console.error(`==> ${name}`);
  const measured = await measure(options);
  console.error(tableOf(measured));
  rows.push(...measured);
}
writeFileSync(join(options.directory, 'lab-rows.json'), JSON.stringify(rows));
