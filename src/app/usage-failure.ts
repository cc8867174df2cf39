import type { UsageError } from '../config/errors.ts';
import { helpText } from '../config/help-text.ts';

/**
 * What is printed of a command line that cannot be read: all flags, and last what is wrong. A word that is no flag is
 * mostly a tool that was mistyped: for that one line says where tools are listed.
 */
export function usageFailure({ argument, message }: UsageError): string {
  if (/^\w/.test(argument)) return `Error: ${message}; see ipvs-proxier help\n`;
  return `${helpText()}\nError: ${message}\n`;
}
