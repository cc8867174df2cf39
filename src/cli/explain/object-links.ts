import type { ExplainFacts, ServiceFacts } from './facts.ts';
import { broken, type Link, ok, suspect } from './link.ts';

/** The objects: is there such a Service, and is it one for this proxy? */
export function objectLinks(facts: ExplainFacts): readonly Link[] {
  const { objects, service, asked } = facts;
  const name = 'Service';
  if (objects.failure !== undefined) {
    const remedy =
      'the kernel stays as it is meanwhile; look at the address and certificate of the API server, or give -f';
    return [broken(name, `The objects cannot be had from ${objects.origin} (${objects.failure})`, remedy)];
  }
  const shown = asked.replace(/^(?:svc|services?)\//, '');
  if (service === undefined && objects.unusable !== undefined) {
    return [broken(name, `Service ${shown} cannot be used (${objects.unusable})`, 'correct that field')];
  }
  if (service === undefined) {
    const remedy = 'look at kubectl get services -A for its name, namespace or address';
    return [broken(name, `There is no Service ${shown} in ${objects.origin}`, remedy)];
  }
  const reason = notForUs(service);
  if (reason !== undefined) return [reason];
  const told = service.problems.map((problem) =>
    suspect(name, `Part of Service ${service.key} is not served (${problem})`, 'correct that field'),
  );
  return [ok(name, `${service.key}, type ${service.type}, from ${objects.origin}`), ...told];
}

function notForUs(service: ServiceFacts): Link | undefined {
  const { key, type } = service;
  const name = 'Service';
  if (type === 'ExternalName') {
    return broken(name, `Service ${key} is of type ExternalName`, 'it is a name in DNS only, and no proxy serves it');
  }
  if (service.isHeadless) {
    return broken(
      name,
      `Service ${key} is headless`,
      'its clients get the addresses of its Pods from DNS, and no proxy serves it',
    );
  }
  if (service.proxyName !== '') {
    const remedy = 'that proxy has to serve it, or take the label service.kubernetes.io/service-proxy-name off';
    return broken(name, `Service ${key} is labelled for another proxy, ${service.proxyName}`, remedy);
  }
  return undefined;
}

/** Who serves on this node: us, somebody else, both, or nobody. */
export function proxierLinks(facts: ExplainFacts): readonly Link[] {
  const name = 'proxier';
  const [other] = facts.otherProxies;
  const { operation = 'active' } = facts.daemon;
  if (other !== undefined && operation !== 'active') {
    const remedy = 'look at its log, and at what ipvs-proxier diff finds';
    return [suspect(name, `Another proxy serves on this node while ipvs-proxier only looks on (${other})`, remedy)];
  }
  if (other === undefined && operation === 'observe') {
    return [broken(name, 'ipvs-proxier only observes, and no other proxy is alive here', 'set operation: active')];
  }
  if (other !== undefined) {
    const remedy = 'let one of the two go, then run ipvs-proxier diff';
    return [broken(name, `Another proxy is alive on this node and changes the same things (${other})`, remedy)];
  }
  const [chain] = facts.otherModeChains;
  if (chain !== undefined) {
    const remedy =
      'ipvs-proxier removes them after its first good round; if they come back, look for a kube-proxy that still runs';
    return [
      broken(name, `Rules of kube-proxy in mode iptables take the packets before IPVS does (chain ${chain})`, remedy),
    ];
  }
  const { processId, health, silentPort } = facts.daemon;
  if (processId !== undefined && silentPort !== undefined) {
    const what = `The ipvs-proxier of this node (process ${processId}) does not answer on its health port ${silentPort}`;
    return [suspect(name, what, 'it has only just started, or it hangs: look at its log, and start it anew')];
  }
  if (processId === undefined && health === undefined) {
    return [
      suspect(name, 'No ipvs-proxier is to be seen on this node, so that the kernel follows no change', 'start it'),
    ];
  }
  if (health !== undefined && health.status !== 200) {
    const since = `${health.secondsSinceUpdate} s`;
    const remedy = 'look at its log for the operation that fails';
    return [suspect(name, `The ipvs-proxier of this node has not come to the end of a round for ${since}`, remedy)];
  }
  const who = processId === undefined ? 'answers on its health port' : `process ${processId}`;
  return [ok(name, `ipvs-proxier, ${who}`)];
}

/** Why something in the kernel may not be as wanted, and what to do about it. */
export function repairOf({ daemon, otherProxies }: ExplainFacts): string {
  if (otherProxies.length > 0) return 'another proxy undoes it; let one of the two go';
  const { processId, health, silentPort } = daemon;
  if (processId === undefined && health === undefined) return 'no ipvs-proxier runs on this node; start it';
  if (silentPort !== undefined) return 'ipvs-proxier does not answer; look at its log, and start it anew';
  if (health !== undefined && health.status !== 200) return 'ipvs-proxier is not healthy; look at its log';
  return 'ipvs-proxier repairs it within audit.period (10 s); if it stays, look at its log and at its way to the API server';
}
