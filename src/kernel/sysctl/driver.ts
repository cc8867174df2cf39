import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SysctlDriver } from '../drivers.ts';
import { DriverError } from '../errors.ts';
import { missingHint, writeHint } from './hints.ts';

/** What a driver of kernel settings needs. */
export interface SysctlDriverOptions {
  /** Directory that holds the settings as files; default `/proc/sys`. */
  readonly root?: string;
}

/** Settings as files below a directory. */
export function createSysctlDriver(options: SysctlDriverOptions = {}): SysctlDriver {
  return new FileSysctlDriver(options.root ?? '/proc/sys');
}

class FileSysctlDriver implements SysctlDriver {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  read(name: string): string | undefined {
    try {
      return readFileSync(join(this.#root, name), 'utf8').trim();
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT') return undefined;
      throw new DriverError('sysctl', `read ${name}`, { errnoName: code, hint: writeHint(code) }, { cause: error });
    }
  }

  ensure(name: string, value: string): boolean {
    const found = this.read(name);
    const operation = `set ${name} to ${value}`;
    if (found === undefined)
      throw new DriverError('sysctl', operation, { errnoName: 'ENOENT', hint: missingHint(name) });
    if (sameValue(found, value)) return false;
    this.#write(name, value, `${operation} (it is ${found})`);
    return true;
  }

  #write(name: string, value: string, operation: string): void {
    try {
      writeFileSync(join(this.#root, name), value);
    } catch (error) {
      const code = codeOf(error);
      throw new DriverError('sysctl', operation, { errnoName: code, hint: writeHint(code) }, { cause: error });
    }
  }
}

/** Settings of several numbers are printed with tabs between them. */
function sameValue(a: string, b: string): boolean {
  return a.split(/\s+/).join(' ') === b.trim().split(/\s+/).join(' ');
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
