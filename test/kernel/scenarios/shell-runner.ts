import type { CommandRunner } from '../../../src/kernel/rules/run-command.ts';
import type { Shell } from '../../support/shell.ts';

/** Runs programs through a shell that is open already: in the lab starting them from a big process takes long. */
export function shellRunner(shell: Shell): CommandRunner {
  return async ({ file, parameters, input }) => {
    const words = [file, ...parameters].map(quoted).join(' ');
    const source = input === undefined ? '</dev/null' : `<<'END OF INPUT'\n${withNewline(input)}END OF INPUT`;
    const output = await shell.run(
      `LC_ALL=C ${words} 2>/tmp/shell-runner-errors ${source}\nprintf '\\003%s\\003' $?\ncat /tmp/shell-runner-errors`,
    );
    const [stdout = '', exitCode, stderr = ''] = output.split('\x03');
    return { exitCode: Number(exitCode), stdout, stderr };
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
