import { expect, it } from '@jest/globals';
import { sortView } from '../../../../src/cli/services/service-order.ts';
import { view } from './services-world.ts';

it('orders by Service, then by address; what is no Service’s comes last', () => {
  const sorted = sortView(view().toReversed());
  expect(sorted.map(({ key }) => key)).toEqual([
    'UDP/[fd00::a]:53',
    'TCP/10.96.0.1:80',
    'TCP/192.168.0.10:30080',
    'FWM/7/IPv4',
  ]);
  expect(sortView(sorted)).toEqual(sorted);
});

it('orders real servers by number, not by letter', () => {
  const [first] = view();
  const servers = ['10.244.10.1', '10.244.9.1', 'fd00::1', '10.244.9.1'].map((address, index) => ({
    ...(first?.realServers[0] as NonNullable<typeof first>['realServers'][number]),
    address,
    port: 9000 - index * 1000,
  }));
  const [sorted] = sortView([{ ...(first as NonNullable<typeof first>), realServers: servers }]);
  expect(sorted?.realServers.map(({ address, port }) => `${address} ${port}`)).toEqual([
    '10.244.9.1 6000',
    '10.244.9.1 8000',
    '10.244.10.1 9000',
    'fd00::1 7000',
  ]);
});
