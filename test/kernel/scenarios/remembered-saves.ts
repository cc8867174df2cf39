import type { Command, CommandResult, CommandRunner } from '../../../src/kernel/rules/run-command.ts';

/**
 * Runs programs, but for iptables-save when nothing can have changed the rules since it ran last: reading rules takes
 * longer in the lab than all the rest of a scenario. Who changes them in another way has to say so.
 */
export class RememberedSaves {
  readonly #run: CommandRunner;
  readonly #results = new Map<string, CommandResult>();

  constructor(run: CommandRunner) {
    this.#run = run;
  }

  readonly run = async (command: Command): Promise<CommandResult> => {
    const { file, parameters } = command;
    if (file.endsWith('-restore')) this.forget(file.replace(/-restore$/, '-save'));
    if (!file.endsWith('-save')) return await this.#run(command);
    const text = [file, ...parameters].join(' ');
    const result = this.#results.get(text) ?? (await this.#run(command));
    this.#results.set(text, result);
    return result;
  };

  /** What one of the programs prints may be another text now; without a program, what any of them prints. */
  forget(program = ''): void {
    for (const text of this.#results.keys()) if (text.startsWith(program)) this.#results.delete(text);
  }
}
