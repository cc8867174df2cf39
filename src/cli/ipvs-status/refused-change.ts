import type { CommandName } from './options.ts';

/** Why a command that changes the table is not carried out, and what to do instead: one line. */
export function refusedChange(program: string, command: CommandName): string {
  return (
    `${program}: --${command} is not carried out: ipvs-proxier owns this table and would undo it; ` +
    `${remedies[command] ?? changeObjects}\n`
  );
}

const changeObjects = 'change the Service or its endpoints instead (kubectl edit service NAME)';

const remedies: Partial<Record<CommandName, string>> = {
  set: 'set ipvs.tcpTimeout, ipvs.tcpFinTimeout and ipvs.udpTimeout in its configuration instead',
  zero: 'counters go on; compare two listings with --stats --exact instead',
  'start-daemon': 'synchronization daemons are not used with Services',
  'stop-daemon': 'synchronization daemons are not used with Services',
  clear: 'stop ipvs-proxier and run ipvs-proxier --cleanup instead',
  restore: 'create the Services instead (kubectl apply -f FILE)',
};
