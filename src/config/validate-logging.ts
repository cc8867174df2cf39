import type { ConfigProblem } from './errors.ts';
import { forbidden, invalidValue, required, unsupportedValue } from './field-problems.ts';
import type { FoldedConfiguration } from './folded-configuration.ts';

const largestVerbosity = 2147483647;

/** The rules of the logging section, which are looked at before all others. Paths begin with `logging.` */
export function validateLogging(
  logging: FoldedConfiguration['logging'],
  gates: Readonly<Record<string, boolean>>,
): ConfigProblem[] {
  const betaMissing = logging.format === 'json' && gates.LoggingBetaOptions === false;
  return [
    ...(logging.flushFrequency.nanoseconds > 0n
      ? []
      : [invalidValue('logging.flushFrequency', logging.flushFrequency.nanoseconds, 'must be greater than zero')]),
    ...(['text', 'json'].includes(logging.format)
      ? []
      : [unsupportedValue('logging.format', logging.format, ['json', 'text'])]),
    ...verbosityProblems('logging.verbosity', logging.verbosity),
    ...vmoduleProblems(logging),
    ...optionProblems(logging, gates.LoggingAlphaOptions === true),
    ...(betaMissing ? [forbidden('logging.format', 'json needs the feature gate LoggingBetaOptions')] : []),
  ];
}

function verbosityProblems(field: string, verbosity: number): ConfigProblem[] {
  return verbosity <= largestVerbosity ? [] : [invalidValue(field, verbosity, `must be <= ${largestVerbosity}`)];
}

function vmoduleProblems(logging: FoldedConfiguration['logging']): ConfigProblem[] {
  const misplaced = logging.vmodule.length > 0 && logging.format !== 'text';
  return [
    ...(misplaced ? [forbidden('logging.vmodule', 'only works for the text format')] : []),
    ...logging.vmodule.flatMap(({ filePattern, verbosity }, index) => [
      ...(filePattern === '' ? [required(`logging.vmodule[${index}]`, 'the file pattern must not be empty')] : []),
      ...(/[=,]/.test(filePattern)
        ? [
            invalidValue(
              `logging.vmodule[${index}]`,
              filePattern,
              'the file pattern must not have equal signs or commas',
            ),
          ]
        : []),
      ...verbosityProblems(`logging.vmodule[${index}]`, verbosity),
    ]),
  ];
}

function optionProblems(logging: FoldedConfiguration['logging'], allowed: boolean): ConfigProblem[] {
  if (allowed) return [];
  const reason = 'the feature LoggingAlphaOptions is disabled, so it must be left out';
  return (['text', 'json'] as const).flatMap((format) => {
    const options = logging.options[format];
    const path = `logging.options.${format}`;
    return [
      ...(options.splitStream ? [forbidden(`${path}.splitStream`, reason)] : []),
      ...(isZero(options.infoBufferSize) ? [] : [forbidden(`${path}.infoBufferSize`, reason)]),
    ];
  });
}

/** Whether a quantity is zero, whatever its suffix. */
function isZero(quantity: string): boolean {
  return Number.parseFloat(quantity) === 0;
}
