import { UsageError } from './errors.ts';

/** The Kubernetes release that the program stands for, e.g. `v1.36.0`, with whatever follows the three numbers. */
export interface ProgramVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** The whole text, with its leading `v`. */
  readonly text: string;
}

/** What `--version` asks for. */
export type VersionRequest =
  | { readonly kind: 'none'; readonly version: ProgramVersion }
  | { readonly kind: 'print'; readonly raw: boolean };

/** Reads `v1.36.0-rc.1`; undefined for anything else. */
function parseProgramVersion(text: string): ProgramVersion | undefined {
  const match = /^v(\d+)\.(\d+)\.(\d+)([-+].*)?$/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]), text };
}

/**
 * Settles `--version`: print and end, or go on, with another text for the same release if one was given. Throws
 * `UsageError` for anything else.
 */
export function versionRequest(value: string, built: ProgramVersion): VersionRequest {
  if (['true', 'True', 'TRUE', 't', 'T', '1'].includes(value)) return { kind: 'print', raw: false };
  if (value === 'raw') return { kind: 'print', raw: true };
  if (['false', 'False', 'FALSE', 'f', 'F', '0'].includes(value)) return { kind: 'none', version: built };
  const version = parseProgramVersion(value);
  const same = version?.major === built.major && version.minor === built.minor && version.patch === built.patch;
  if (version === undefined || !same) {
    const bound = `true, false, raw or v${built.major}.${built.minor}.${built.patch} with a suffix`;
    throw new UsageError(
      '--version',
      `invalid argument ${JSON.stringify(value)} for "--version" flag, allowed: ${bound}`,
    );
  }
  return { kind: 'none', version };
}
