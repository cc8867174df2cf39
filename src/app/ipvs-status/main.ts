import { runIpvsStatus } from '../../cli/ipvs-status/run-ipvs-status.ts';
import { programVersion } from '../version.ts';
import { openNameSource } from './name-source.ts';
import { openStatusKernel } from './open-status-kernel.ts';
import { writeAll } from './write-all.ts';

const program = 'ipvs-status';

void runIpvsStatus(process.argv.slice(2), {
  program,
  versionText: `${program} ${programVersion} (prints what ipvsadm v1.31 prints)\n`,
  openKernel: openStatusKernel,
  openNames: openNameSource,
  // names and data of the kernel are bytes, each read as one letter
  writeOutput: (text) => writeAll(1, Buffer.from(text, 'latin1')),
  writeBytes: (bytes) => writeAll(1, bytes),
  writeError: (text) => writeAll(2, Buffer.from(text, 'utf8')),
}).then((exitCode) => process.exit(exitCode));
