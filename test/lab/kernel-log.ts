const keptBytes = 262_144;
const shownLines = 25;

const hints: readonly (readonly [RegExp, string])[] = [
  [
    /check_ptrace|ptrace.*not permitted/i,
    'ptrace is forbidden here (a seccomp profile, or kernel.yama.ptrace_scope=3), and user-mode Linux needs it',
  ],
  [/ran out of space/, "the file system of the guest's memory file is full: use --tmpdir or a smaller --mem"],
  [/must be not mounted noexec/, 'the memory file needs a file system without noexec: use --tmpdir'],
  [/Out of memory|oom-kill/, 'the guest ran out of memory: use a larger --mem'],
];
const warning = /^.*(?:WARNING: CPU|BUG:|refcount_t:|unregister_netdevice: waiting|Out of memory: Killed).*$/m;

/** The end of the guest kernel's log, and what it tells about a failure. */
export class KernelLog {
  #text = '';

  append(chunk: Buffer | string): void {
    this.#text = (this.#text + chunk.toString()).slice(-keptBytes);
  }

  get text(): string {
    return this.#text;
  }

  /** Why the guest ended without a result, as far as the log tells. */
  cause(): string | undefined {
    const fatal = /LAB-FATAL: (.*)/.exec(this.#text)?.[1];
    const panic = /Kernel panic - not syncing: (.*)/.exec(this.#text)?.[1];
    const hint = hints.find(([pattern]) => pattern.test(this.#text))?.[1];
    const parts = [hint, fatal, panic === undefined ? undefined : `kernel panic: ${panic.trim()}`];
    const told = parts.filter((part) => part !== undefined);
    return told.length > 0 ? told.join('; ') : undefined;
  }

  /** A complaint of the kernel worth telling even when the command succeeded. */
  complaint(): string | undefined {
    return warning.exec(this.#text)?.[0].trim();
  }

  lastLines(): string {
    return this.#text.split(/\r?\n/).slice(-shownLines).join('\n');
  }
}
