import { runIpvsStatus } from '../../cli/ipvs-status/run-ipvs-status.ts';
import { isForServices } from '../../cli/services/services-options.ts';
import { type Terminal, terminalOf } from '../../cli/terminal.ts';
import { programVersion } from '../version.ts';
import { openNameSource } from './name-source.ts';
import { openStatusKernel } from './open-status-kernel.ts';
import { programName } from './program-name.ts';
import { writeAll } from './write-all.ts';

const program = programName(process.argv[1]);

/** Asking for the output loads the modules of terminals, which a listing does not need. */
function standardTerminal(): Terminal {
  const { isTTY, columns } = process.stdout;
  return terminalOf({ isTerminal: isTTY === true, columns, environment: process.env });
}

/** What listings like those of ipvsadm do not need is loaded only when it is asked for. */
async function main(argv: readonly string[]): Promise<number> {
  const [first = '', second] = argv;
  if (/^--completion(?:=|$)/.test(first)) {
    const { printCompletion } = await import('./print-completion.ts');
    return printCompletion(first.includes('=') ? first.slice(first.indexOf('=') + 1) : (second ?? ''), program);
  }
  if (isForServices(argv) && !argv.some((word) => word === '--help' || word === '-h')) {
    const { showServices } = await import('./show-services.ts');
    return await showServices(argv, program);
  }
  return await runIpvsStatus(isForServices(argv) ? ['--help'] : argv, {
    program,
    versionText: `ipvs-status ${programVersion} (prints what ipvsadm v1.31 prints)\n`,
    terminal: standardTerminal,
    openKernel: openStatusKernel,
    openNames: openNameSource,
    // names and data of the kernel are bytes, each read as one letter
    writeOutput: (text) => writeAll(1, Buffer.from(text, 'latin1')),
    writeBytes: (bytes) => writeAll(1, bytes),
    writeError: (text) => writeAll(2, Buffer.from(text, 'utf8')),
  });
}

void main(process.argv.slice(2)).then((exitCode) => process.exit(exitCode));
