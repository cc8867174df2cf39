import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { loadConfig } from '../../../src/config/effective-config.ts';
import { ConfigError, UsageError } from '../../../src/config/errors.ts';
import { flagTable } from '../../../src/config/flag-table.ts';
import { DurationError, formatGoDuration, parseGoDuration } from '../../../src/config/go-duration.ts';
import { kubeProxyFields } from '../../../src/config/kube-proxy-configuration.ts';

const version = { major: 1, minor: 36, patch: 0, text: 'v1.36.0' };
const identity = { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' };

/** Runs, and lets only the errors pass that a user is meant to see. */
function loadsOrRefuses(argv: readonly string[], file: string): void {
  try {
    loadConfig({ argv, readFile: () => file, version });
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof UsageError)) throw error;
    if (error.exitCode !== 1 || error.message === '') throw new Error('an error that tells nothing', { cause: error });
  }
}

describe('durations', () => {
  const nanoseconds = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

  it('read back as what was printed', () => {
    fc.assert(fc.property(nanoseconds, (value) => parseGoDuration(formatGoDuration(value)) === value));
  });

  it('are either read or refused', () => {
    const pieces = fc.constantFrom(
      '1',
      '9223372036',
      '.',
      '5',
      'h',
      'm',
      's',
      'ms',
      'us',
      'ns',
      '\u00b5s',
      '-',
      '+',
      ' ',
      'd',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 10 }).map((each) => each.join('')),
    );
    fc.assert(
      fc.property(text, (each) => {
        try {
          const value = parseGoDuration(each);
          return value >= -(2n ** 63n) && value < 2n ** 63n;
        } catch (error) {
          return error instanceof DurationError;
        }
      }),
      { numRuns: 500 },
    );
  });
});

const yamlPieces =
  'mode·ipvs·logging·null·0x10·1e999·~·\t·\n·\n  ·#·:·: ·- ·[·]·{·}·, ·"·\'·|·>·? ·&a ·*a·<<·!!set ·!!binary ·---\n·...\n·%YAML 1.2\n'.split(
    '·',
  );

describe('files', () => {
  it('of any text are read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => loadsOrRefuses(['--config=c'], text)),
      { numRuns: 300 },
    );
  });

  it('of text that resembles YAML are read or refused', () => {
    const token = fc.constantFrom(...yamlPieces);
    const text = fc.array(token, { maxLength: 30 }).map((each) => each.join(''));
    const head = `apiVersion: ${identity.apiVersion}\nkind: ${identity.kind}\n`;
    fc.assert(
      fc.property(text, fc.boolean(), (each, withHead) =>
        loadsOrRefuses(['--config=c'], withHead ? head + each : each),
      ),
      { numRuns: 500 },
    );
  });

  it('of any values at the known fields are read or refused', () => {
    const anything = fc.anything({ withBigInt: false, withDate: false, withMap: false, withSet: false });
    const fields = fc.dictionary(fc.constantFrom(...Object.keys(kubeProxyFields)), anything);
    fc.assert(
      fc.property(fields, (each) => loadsOrRefuses(['--config=c'], JSON.stringify({ ...each, ...identity }))),
      { numRuns: 300 },
    );
  });
});

describe('command lines', () => {
  it('of any words are read or refused', () => {
    const name = fc.constantFrom(...flagTable.map((flag) => `--${flag.name}`), '-v', '--', '-h', '--help');
    const word = fc.oneof(
      name,
      fc.tuple(name, fc.string()).map((each) => each.join('=')),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (argv) => loadsOrRefuses(argv, '')),
      { numRuns: 500 },
    );
  });
});
