import { familyOf, type IpAddress, ipBytes } from '../../model/ip.ts';
import type { ShownVirtualServer } from './service-view.ts';

/** By Service, then as addresses and ports go; what is no Service's comes last. Real servers by address and port. Pure. */
export function sortView(view: readonly ShownVirtualServer[]): readonly ShownVirtualServer[] {
  return sortByText(view, nameOf).map((shown) => ({
    ...shown,
    realServers: sortByText(shown.realServers, ({ address, port }) => endpointText(address as IpAddress, port)),
  }));
}

/** Names of Services have no such letter, so that a shorter name comes first. */
const separator = '\u0001';
const last = '\uffff';

function nameOf({ owner, identity }: ShownVirtualServer): string {
  const name = owner === undefined ? [last] : [owner.namespace, owner.name];
  if (identity.kind === 'firewallMark') return [...name, last, numberText(identity.firewallMark)].join(separator);
  return [...name, endpointText(identity.address, identity.port), identity.protocol].join(separator);
}

/** A text in whose order addresses are: IPv4 first, each by its numbers, then ports. */
function endpointText(address: IpAddress, port: number): string {
  return `${familyOf(address)} ${String.fromCharCode(...ipBytes(address))} ${numberText(port)}`;
}

function numberText(number: number): string {
  return String(number).padStart(10, '0');
}

function sortByText<T>(values: readonly T[], textOf: (value: T) => string): readonly T[] {
  const texts = values.map((value) => ({ value, text: textOf(value) }));
  return texts.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)).map(({ value }) => value);
}
