/** Exit codes that are the lab's own; every other one is the command's. */
export const labExitCodes = { timeout: 124, labFailed: 125 } as const;

/** The lab cannot do its work: no kernel, bad option, no room. The message is for the user, without a prefix. */
export class LabError extends Error {
  readonly code = 'LAB_FAILED';
  override readonly name = 'LabError';
}

/** One line for the user, apart from the command's own output. */
export function say(message: string): void {
  process.stderr.write(`lab: ${message}\n`);
}
