import { joinText } from './flat-text.ts';

/** Names a Service: `namespace/name`. Never taken apart; the Service object has both parts. */
export type ServiceKey = string & { readonly brand: 'ServiceKey' };

export function serviceKey(namespace: string, name: string): ServiceKey {
  return joinText(namespace, '/', name) as ServiceKey;
}

/** Transport protocols that a Service port can have. */
export type Protocol = 'TCP' | 'UDP' | 'SCTP';
