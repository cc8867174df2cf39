import type { ServiceKey } from '../model/service-key.ts';
import type { VirtualServerIdentity } from '../model/virtual-server.ts';
import { serviceKey } from '../model/service-key.ts';

const apiService = serviceKey('default', 'kubernetes');
const dnsPort = 53;

/**
 * Whether everything else on a node waits for this: the API, and name servers, whatever the Services are called that
 * they are behind.
 */
export function isServedFirst(identity: VirtualServerIdentity, holder: ServiceKey | undefined): boolean {
  return holder === apiService || (identity.kind === 'address' && identity.port === dnsPort);
}
