import type { Node } from '../../../src/kubernetes/objects/node.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ClusterTables } from '../../../src/cluster/tables.ts';
import { serviceKey } from '../../../src/model/service-key.ts';
import { aService, aSlice, anEndpoint, ip } from '../../support/builders.ts';

const web = serviceKey('default', 'web');
const dns = serviceKey('kube-system', 'dns');
const node = (name: string, zone = ''): Node => ({ name, addresses: [], podCidrs: [], zone, leaving: false });
const slice = (key: string, service = web) => aSlice([anEndpoint('10.244.0.1')], { key, service });

let tables: ClusterTables;
let wakes: number;

beforeEach(() => {
  wakes = 0;
  tables = new ClusterTables(() => wakes++);
});

/** Services that changed since the last time, in order; then forgets them. */
function changed(): string[] {
  return [...tables.takeChangedServices()].sort();
}

describe('ClusterTables, being in sync', () => {
  it('needs both listings, in any order, and not that of Nodes', () => {
    expect(tables.inSync).toBe(false);
    tables.replaceEndpointSlices([]);
    expect(tables.inSync).toBe(false);
    tables.replaceServices([]);
    expect(tables.inSync).toBe(true);
  });

  it('needs the slices after the Services too', () => {
    tables.replaceServices([]);
    expect(tables.inSync).toBe(false);
  });

  it('does not come from single objects', () => {
    tables.updateService(aService());
    tables.updateEndpointSlice(slice('default/web-1'));
    tables.replaceNodes([node('node-1')]);
    expect(tables.inSync).toBe(false);
  });

  it('wakes whoever waits, also when the cluster is empty', () => {
    tables.replaceServices([]);
    tables.replaceEndpointSlices([]);
    expect(wakes).toBe(2);
  });
});

describe('ClusterTables, Services', () => {
  it('marks what came, changed and went', () => {
    tables.updateService(aService());
    expect(tables.service(web)).toEqual(aService());
    expect(changed()).toEqual([web]);
    tables.updateService(aService({ creationTimeMs: 9 }));
    expect(tables.service(web)?.creationTimeMs).toBe(9);
    expect(changed()).toEqual([web]);
    tables.deleteService(web);
    expect(tables.service(web)).toBeUndefined();
    expect(changed()).toEqual([web]);
    expect([...tables.serviceKeys()]).toEqual([]);
  });

  it('has nothing to hand over at first', () => {
    expect(changed()).toEqual([]);
  });

  it('wakes whoever waits at every change', () => {
    tables.updateService(aService());
    expect(wakes).toBe(1);
    tables.updateEndpointSlice(slice('default/web-1'));
    expect(wakes).toBe(2);
    tables.updateNode(node('node-1'));
    expect(wakes).toBe(3);
  });

  it('hands over each change once', () => {
    tables.updateService(aService());
    tables.updateService(aService());
    expect(changed()).toEqual([web]);
    expect(changed()).toEqual([]);
  });

  it('does not let what comes later into changes that were handed over', () => {
    tables.updateService(aService());
    const before = tables.takeChangedServices();
    tables.updateService(aService({ namespace: 'kube-system', name: 'dns' }));
    expect([...before]).toEqual([web]);
    expect(changed()).toEqual([dns]);
  });

  it('does not wake for the deletion of what it does not have', () => {
    tables.deleteService(web);
    tables.deleteEndpointSlice('default/web-1');
    tables.deleteNode('node-1');
    expect(wakes).toBe(0);
    expect(changed()).toEqual([]);
  });

  it('takes what a listing does not name for gone', () => {
    tables.updateService(aService());
    changed();
    tables.replaceServices([aService({ namespace: 'kube-system', name: 'dns' })]);
    expect([...tables.serviceKeys()]).toEqual([dns]);
    expect(changed()).toEqual([web, dns]);
  });
});

describe('ClusterTables, EndpointSlices', () => {
  it('marks the Service that a slice belongs to, also one that is not there yet', () => {
    tables.updateEndpointSlice(slice('default/web-1'));
    expect(changed()).toEqual([web]);
    tables.deleteEndpointSlice('default/web-1');
    expect(changed()).toEqual([web]);
    expect(tables.slicesOf(web)).toEqual([]);
  });

  it('gives the slices of a Service in the order of their names, whatever the order they came in', () => {
    for (const key of ['default/web-2', 'default/web-3', 'default/web-1']) tables.updateEndpointSlice(slice(key));
    tables.updateEndpointSlice(slice('kube-system/dns-1', dns));
    expect(tables.slicesOf(web).map(({ key }) => key)).toEqual(['default/web-1', 'default/web-2', 'default/web-3']);
  });

  it('loses one slice and keeps the others', () => {
    for (const key of ['default/web-1', 'default/web-2']) tables.updateEndpointSlice(slice(key));
    tables.deleteEndpointSlice('default/web-1');
    expect(tables.slicesOf(web).map(({ key }) => key)).toEqual(['default/web-2']);
    expect([tables.slice('default/web-1'), tables.slice('default/web-2')?.key]).toEqual([undefined, 'default/web-2']);
    changed();
    tables.deleteEndpointSlice('default/web-1');
    expect(changed()).toEqual([]);
  });

  it('takes the place of the slice of the same name', () => {
    tables.updateEndpointSlice(slice('default/web-1'));
    const newer = aSlice([anEndpoint('10.244.0.2')], { key: 'default/web-1' });
    tables.updateEndpointSlice(newer);
    expect(tables.slicesOf(web)).toEqual([newer]);
  });

  it('moves a slice that another Service owns now, and marks both', () => {
    tables.updateEndpointSlice(slice('default/x'));
    changed();
    tables.updateEndpointSlice(slice('default/x', dns));
    expect(tables.slicesOf(web)).toEqual([]);
    expect(tables.slicesOf(dns)).toHaveLength(1);
    expect(changed()).toEqual([web, dns]);
    tables.deleteEndpointSlice('default/x');
    expect(tables.slicesOf(dns)).toEqual([]);
  });

  it('takes what a listing does not name for gone', () => {
    tables.updateEndpointSlice(slice('default/web-1'));
    tables.updateEndpointSlice(slice('kube-system/dns-1', dns));
    changed();
    tables.replaceEndpointSlices([slice('default/web-1')]);
    expect(tables.slicesOf(dns)).toEqual([]);
    expect(changed()).toEqual([web, dns]);
  });

  it('stay when their Service goes, for the one that may come in its place', () => {
    tables.updateService(aService());
    tables.updateEndpointSlice(slice('default/web-1'));
    tables.deleteService(web);
    expect(tables.slicesOf(web)).toHaveLength(1);
  });
});

describe('ClusterTables, Nodes', () => {
  it('marks that Nodes changed, and no Service', () => {
    tables.updateNode(node('node-1', 'zone-a'));
    expect(tables.node('node-1')?.zone).toBe('zone-a');
    expect(changed()).toEqual([]);
    const { nodesVersion } = tables;
    tables.deleteNode('node-1');
    expect(tables.nodesVersion).not.toBe(nodesVersion);
    expect(tables.node('node-1')).toBeUndefined();
  });

  it('does not take a Node that says the same again for a change', () => {
    tables.updateNode(node('node-1', 'zone-a'));
    const before = [tables.nodesVersion, wakes];
    tables.updateNode(node('node-1', 'zone-a'));
    expect([tables.nodesVersion, wakes]).toEqual(before);
    tables.updateNode(node('node-1', 'zone-b'));
    expect(tables.nodesVersion).not.toBe(before[0]);
  });

  it('takes what a listing does not name for gone', () => {
    tables.updateNode(node('node-1'));
    const { nodesVersion } = tables;
    tables.replaceNodes([{ ...node('node-2'), addresses: [ip('192.168.0.2')] }]);
    expect([...tables.nodes()].map(({ name }) => name)).toEqual(['node-2']);
    expect(tables.nodesVersion).not.toBe(nodesVersion);
  });
});

describe('ClusterTables, partial listings', () => {
  it('may be partial, and tells when that changes', () => {
    expect(tables.arePartial).toBe(false);
    tables.listingsArePartial(true);
    expect([tables.arePartial, wakes]).toEqual([true, 1]);
    tables.listingsArePartial(false);
    expect([tables.arePartial, wakes]).toEqual([false, 2]);
  });
});
