import type { IpAddress, IpFamily } from '../model/ip.ts';
import type { PlanNote } from './service-plan.ts';

/** What is told of addresses of Services. Those that are not served begin with the address. */
export const addressNotes = {
  notBindable: (address: IpAddress, reason: string): PlanNote => ({
    code: 'addressNotBindable',
    message: `${address} is ${reason}: not served`,
  }),
  ofOthers: (address: IpAddress): PlanNote => ofOthers(address, 'an address of another Node or of the API server'),
  ofEndpoint: (address: IpAddress): PlanNote => ofOthers(address, 'the address of an endpoint of the Service'),
  /** Somebody chose the address. That may be meant so, but it takes ports away from what runs on the Node. */
  ofNode: (address: IpAddress): PlanNote => ({
    code: 'addressOfNode',
    message: `${address} is an address of a Node: it is served there, before the own programs of that Node, and not bound`,
  }),
  clusterIpOfNode: (address: IpAddress): PlanNote => ({
    code: 'addressTaken',
    message: `cluster IP ${address} is also an address of this node: the networks of Services and nodes overlap`,
  }),
  withoutFamily: (address: IpAddress, family: IpFamily): PlanNote => ({
    code: 'addressWithoutFamily',
    message: `${address} is ${family}, and the Service has no ${family} cluster IP: not served`,
  }),
  withoutSourceRange: (address: IpAddress, family: IpFamily): PlanNote => ({
    code: 'sourceRangesWithoutFamily',
    message: `loadBalancerSourceRanges has no ${family} range: ${address} lets everybody in`,
  }),
} as const;

function ofOthers(address: IpAddress, owner: string): PlanNote {
  return { code: 'addressOfOthers', message: `${address} is ${owner}: nodes that do not have it do not serve it` };
}
