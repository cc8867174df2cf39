import type * as z from 'zod/mini';
import type { ProxierSettings } from './config.ts';
import { ConfigError } from './errors.ts';
import { decodeFile } from './decode-file.ts';
import { type Nanoseconds, parseGoDuration, toMilliseconds } from './go-duration.ts';
import { invalidValue } from './field-problems.ts';
import { choice, nullableDuration, nullableInteger, section, strictMap } from './schema-fields.ts';

export const proxierApiVersion = 'ipvs-proxier.io/v1alpha1';
export const proxierKind = 'ProxierConfiguration';

/** `ProxierConfiguration`: the settings that kube-proxy does not have. */
export const proxierFields = {
  operation: choice(
    'What the daemon does: `active` serves; `observe` only tells what it would change, beside another Service proxy; `takeover` observes until the other one has gone, then serves.',
    ['active', 'observe', 'takeover'],
  ),
  otherProxy: choice(
    'What `active` does when another Service proxy is at work on the node: it refuses to start, or ignores it.',
    ['refuse', 'ignore'],
  ),
  waiting: section(
    'Ports in `observe` and `takeover`, where the usual ones may be those of the other proxy; served as long as the process lives, on the same addresses. `takeover` opens the usual ones too once it serves.',
    {
      healthzPort: nullableInteger('Port of the health server; 0 for none. 0 to 65535.', 10356),
      metricsPort: nullableInteger('Port of the metrics server; 0 for none. 0 to 65535.', 10349),
    },
  ),
  drain: section('How real servers leave after their endpoint is gone.', {
    deadline: nullableDuration(
      'Longest time that the connections of a removed real server may live; 0 for no limit. 0s to 168h.',
      '10m0s',
    ),
    udpGrace: nullableDuration('How long a removed UDP real server keeps its flows. 0s to 1h.', '5s'),
  }),
  externalPolicyFallback: choice(
    'Where external traffic goes when its policy is Local and the node has no endpoint: to the cluster, or nowhere.',
    ['cluster', 'drop'],
  ),
  audit: section('Comparison of the kernel with what is wanted.', {
    period: nullableDuration('How often; 0 never, else 1s to 24h.', '10s'),
  }),
  iptables: section('Which iptables programs are used.', {
    flavour: choice('`auto` takes the one that already holds rules, else the default of the system.', [
      'auto',
      'legacy',
      'nft',
    ]),
  }),
};

const schema = strictMap(proxierFields);
type ProxierFile = z.output<typeof schema>;

/** What holds without `--proxier-config`. */
export const defaultProxierSettings: ProxierSettings = settingsOf(schema.parse({}));

/**
 * Reads a `ProxierConfiguration`. Unlike the file of kube-proxy it is strict: unknown and repeated keys are errors.
 * Throws `ConfigError`.
 */
export function readProxierConfiguration(text: string, file: string): ProxierSettings {
  const identity = { apiVersion: proxierApiVersion, kind: proxierKind };
  const { configuration, strictProblems } = decodeFile(text, file, identity, schema);
  if (strictProblems.length > 0) throw new ConfigError('complete', strictProblems);
  const problems = [
    ...bounded(file, 'drain.deadline', configuration.drain.deadline, '0s', '168h'),
    ...bounded(file, 'drain.udpGrace', configuration.drain.udpGrace, '0s', '1h'),
    ...(configuration.audit.period === 0n
      ? []
      : bounded(file, 'audit.period', configuration.audit.period, '1s', '24h')),
    ...port(file, 'waiting.healthzPort', configuration.waiting.healthzPort),
    ...port(file, 'waiting.metricsPort', configuration.waiting.metricsPort),
  ];
  if (problems.length > 0) throw new ConfigError('validate', problems);
  return settingsOf(configuration);
}

function bounded(file: string, field: string, value: Nanoseconds, least: string, most: string) {
  if (value >= parseGoDuration(least) && value <= parseGoDuration(most)) return [];
  return [invalidValue(`${file}: ${field}`, value, `must be within the range [${least}, ${most}]`)];
}

function port(file: string, field: string, value: number) {
  if (value >= 0 && value <= 65_535) return [];
  return [invalidValue(`${file}: ${field}`, value, 'must be within the range [0, 65535]')];
}

function settingsOf(file: ProxierFile): ProxierSettings {
  return {
    drainDeadlineMs: toMilliseconds(file.drain.deadline),
    drainUdpGraceMs: toMilliseconds(file.drain.udpGrace),
    externalPolicyFallback: file.externalPolicyFallback,
    auditPeriodMs: toMilliseconds(file.audit.period),
    iptablesFlavour: file.iptables.flavour,
    operation: {
      mode: file.operation,
      otherProxy: file.otherProxy,
      waitingHealthzPort: file.waiting.healthzPort,
      waitingMetricsPort: file.waiting.metricsPort,
    },
  };
}
