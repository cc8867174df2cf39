import type * as z from 'zod/mini';
import { apiServerFields, apiServerProblems, apiServerSettings } from './api-server-settings.ts';
import type { ProxierSettings } from './config.ts';
import { ConfigError, type ConfigProblem, positionPrefix } from './errors.ts';
import { decodeFile, pathSteps } from './decode-file.ts';
import { parsePortRange } from '../model/port-range.ts';
import { defaultStatusSocket } from '../model/status-protocol.ts';
import { type Nanoseconds, parseGoDuration, toMilliseconds } from './go-duration.ts';
import { notPossible } from './field-problems.ts';
import {
  bool,
  choice,
  nullableDuration,
  nullableInteger,
  nullableText,
  section,
  strictMap,
  text,
} from './schema-fields.ts';
import type { YamlSource } from './yaml-source.ts';

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
  ipvs: section('Virtual servers.', {
    hashSourcePort: choice(
      'Whether the schedulers sh and mh look at the source port: then the connections of one client are spread over endpoints. `byScheduler`: mh does, sh does not, as in kube-proxy.',
      ['byScheduler', 'always', 'never'],
    ),
  }),
  knownNodes: choice(
    'Whose Node objects are watched: the own one, or `all`, so that no address of any Node is ever bound. `all` brings 10 to 20 KB for each Node at the start, and again whenever it reports its status, every five minutes or less.',
    ['own', 'all'],
  ),
  audit: section('Comparison of the kernel with what is wanted.', {
    period: nullableDuration('How often; 0 never, else 1s to 24h.', '10s'),
  }),
  traffic: section('Traffic of Services in the metrics, as of the last comparison of the kernel (`audit.period`).', {
    metrics: choice('Nothing, Service ports and their virtual servers, or their endpoints too.', [
      'off',
      'service',
      'endpoint',
    ]),
    maxSeries: nullableInteger(
      'Most series with labels: 5 for a Service port, 2 for a virtual server and for an endpoint. Service ports that do not fit are added up as one, with empty labels. 100 to 50000, about 0.7 KB of memory each.',
      10_000,
    ),
  }),
  apiServer: apiServerFields,
  statusSocket: nullableText(
    'Local socket on which `ipvs-status` and other tools ask for names of Services and pods, for root alone; blank for none. An absolute path of at most 107 bytes.',
    defaultStatusSocket,
  ),
  keepPrivileges: bool(
    'Whether the daemon keeps capabilities that it was started with and does not need. Where it does not, it reads only files that user 0 may read without them, and a credential plugin that it starts has NET_ADMIN, NET_RAW and NET_BIND_SERVICE at most.',
  ),
  iptables: section('Packet filter rules.', {
    flavour: choice(
      'Which iptables programs are used: `auto` takes those that already hold rules, else the default of the system.',
      ['auto', 'legacy', 'nft'],
    ),
    answerPing: bool('Whether addresses of Services answer ping, which says that the node is there, not the Service.'),
    masqueradePorts: text(
      'Source ports for masqueraded connections, `FIRST-LAST`: where they leave out the range of node ports, none of them meets a node port. At least 1,024 of them; blank leaves the choice to the kernel.',
    ),
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
export function readProxierConfiguration(content: string, file: string): ProxierSettings {
  const identity = { apiVersion: proxierApiVersion, kind: proxierKind };
  const { configuration, strictProblems, positionOf } = decodeFile(content, file, identity, schema);
  if (strictProblems.length > 0) throw new ConfigError('complete', strictProblems);
  const problems = [
    ...bounded(file, 'drain.deadline', configuration.drain.deadline, '0s', '168h'),
    ...bounded(file, 'drain.udpGrace', configuration.drain.udpGrace, '0s', '1h'),
    ...(configuration.audit.period === 0n
      ? []
      : bounded(file, 'audit.period', configuration.audit.period, '1s', '24h', ', or 0s for never')),
    ...portRange(file, 'iptables.masqueradePorts', configuration.iptables.masqueradePorts),
    ...trafficProblems(file, configuration),
    ...apiServerProblems(file, configuration.apiServer),
    ...socketPath(file, 'statusSocket', configuration.statusSocket),
    ...port(file, 'waiting.healthzPort', configuration.waiting.healthzPort),
    ...port(file, 'waiting.metricsPort', configuration.waiting.metricsPort),
  ];
  if (problems.length > 0) {
    throw new ConfigError(
      'validate',
      problems.map((each) => located(each, file, positionOf)),
    );
  }
  return settingsOf(configuration);
}

/** A problem whose field begins with the file, with the place in the file instead. */
function located(found: ConfigProblem, file: string, positionOf: YamlSource['positionOf']): ConfigProblem {
  const start = `${file}: `.length;
  const field = found.field.slice(start);
  const position = positionOf(pathSteps(field));
  return { ...found, field, position, message: positionPrefix(position) + found.message.slice(start) };
}

function bounded(file: string, field: string, value: Nanoseconds, least: string, most: string, more = '') {
  if (value >= parseGoDuration(least) && value <= parseGoDuration(most)) return [];
  return [notPossible(`${file}: ${field}`, value, `${least} to ${most}${more}`)];
}

function port(file: string, field: string, value: number) {
  if (value >= 0 && value <= 65_535) return [];
  return [notPossible(`${file}: ${field}`, value, '0 to 65535')];
}

/** With fewer ports a node soon has none left for one more connection to the same endpoint. */
const fewestMasqueradePorts = 1_024;

function portRange(file: string, field: string, value: string) {
  if (value === '') return [];
  const range = parsePortRange(value);
  if (range !== undefined && range.last - range.first + 1 >= fewestMasqueradePorts) return [];
  const allowed = `FIRST-LAST from 1 to 65535 with at least ${fewestMasqueradePorts} ports, or blank`;
  return [notPossible(`${file}: ${field}`, value, allowed)];
}

/** Longest path of a socket, in bytes. Source: linux/un.h, `UNIX_PATH_MAX` less the end of the text. */
const longestSocketPath = 107;

function socketPath(file: string, field: string, value: string) {
  if (value === '') return [];
  const fits = new TextEncoder().encode(value).length <= longestSocketPath;
  if (fits && /^\/[^\0]*[^/\0]$/.test(value)) return [];
  const allowed = `an absolute path of at most ${longestSocketPath} bytes that does not end in /, or blank`;
  return [notPossible(`${file}: ${field}`, value, allowed)];
}

function trafficProblems(file: string, { traffic, audit }: ProxierFile) {
  const problems = [];
  const { metrics, maxSeries } = traffic;
  if (maxSeries < 100 || maxSeries > 50_000) {
    problems.push(notPossible(`${file}: traffic.maxSeries`, maxSeries, '100 to 50000'));
  }
  if (metrics !== 'off' && audit.period === 0n) {
    problems.push(notPossible(`${file}: traffic.metrics`, metrics, 'off, or an audit.period other than 0'));
  }
  return problems;
}

function settingsOf(file: ProxierFile): ProxierSettings {
  return {
    drainDeadlineMs: toMilliseconds(file.drain.deadline),
    drainUdpGraceMs: toMilliseconds(file.drain.udpGrace),
    externalPolicyFallback: file.externalPolicyFallback,
    auditPeriodMs: toMilliseconds(file.audit.period),
    iptablesFlavour: file.iptables.flavour,
    hashSourcePort: file.ipvs.hashSourcePort,
    knownNodes: file.knownNodes,
    answerPing: file.iptables.answerPing,
    masqueradePorts: parsePortRange(file.iptables.masqueradePorts),
    operation: {
      mode: file.operation,
      otherProxy: file.otherProxy,
      waitingHealthzPort: file.waiting.healthzPort,
      waitingMetricsPort: file.waiting.metricsPort,
    },
    traffic: { level: file.traffic.metrics, maxSeries: file.traffic.maxSeries },
    apiServer: apiServerSettings(file.apiServer),
    statusSocket: file.statusSocket,
    keepPrivileges: file.keepPrivileges,
  };
}
