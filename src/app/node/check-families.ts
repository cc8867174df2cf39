import type { ProxyConfig } from '../../config/config.ts';
import { familyAdvice } from '../../config/family-advice.ts';
import type { Node } from '../../kubernetes/objects/node.ts';
import type { IpFamily } from '../../model/ip.ts';
import type { Log } from '../../observe/log.ts';
import { detectLocal } from '../../plan/rules-local-detector.ts';

/** The configuration and the families of the node do not fit, so that Services cannot be served. */
class FamilyError extends Error {
  readonly code = 'FAMILY_UNSUPPORTED';
}

/**
 * Compares the configuration with the families of the node, once its Node is known. What is probably not meant so is
 * logged; what the program cannot run with is returned.
 */
export function checkFamilies(options: {
  readonly config: ProxyConfig;
  readonly families: readonly IpFamily[];
  readonly node: Node | undefined;
  readonly log: Log;
}): Error | undefined {
  const { config, families, node, log } = options;
  const podCidrs = node?.podCidrs ?? [];
  const { primary, fatal, complaints } = familyAdvice(config, {
    supported: families,
    nodeAddresses: node?.addresses ?? [],
    podCidrs,
  });
  if (complaints.length > 0) log.error('Configuration may be incomplete or incorrect', complaints.join('; '));
  if (fatal === undefined && detectLocal(config.localDetection, primary, podCidrs) === undefined) {
    const effect = 'of the traffic to cluster IPs only what the node sends itself is masqueraded';
    const { mode } = config.localDetection;
    log.info('Local traffic cannot be told apart', { family: primary, detectLocalMode: mode, effect });
  }
  return fatal === undefined ? undefined : new FamilyError(fatal);
}
