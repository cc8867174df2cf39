import { describe, expect, it } from '@jest/globals';
import { NetlinkError } from '../../../src/netlink/errors.ts';
import { resolveGenericFamily } from '../../../src/netlink/generic-family.ts';
import { MalformedMessageError } from '../../../src/netlink/message-reader.ts';
import type { MessageWriter } from '../../../src/netlink/message-writer.ts';
import type { Transport } from '../../../src/netlink/transport.ts';

function transportThat(request: (batch: MessageWriter) => Promise<Uint8Array>): Transport {
  return { request, exchange: () => Promise.reject(new Error('not expected')), close: () => undefined };
}

const answer = (...attributes: string[]) => {
  const body = Buffer.from(['01020000', ...attributes].join(''), 'hex');
  const header = Buffer.from('00000000100000000100000000000000', 'hex');
  header.writeUInt32LE(16 + body.length, 0);
  return new Uint8Array(Buffer.concat([header, body]));
};

describe('resolveGenericFamily', () => {
  it('asks the controller for the name', async () => {
    let asked = '';
    const transport = transportThat(async (batch) => {
      asked = Buffer.from(batch.bytes).toString('hex');
      return answer('0900020049505653', '00000000', '0600010027000000');
    });
    expect(await resolveGenericFamily(transport, 'IPVS')).toBe(39);
    expect(asked).toBe(
      '20000000' + '1000' + '0100' + '01000000' + '00000000' + '03010000' + '090002004950565300000000',
    );
  });

  it('says which module is missing', async () => {
    const transport = transportThat(() => Promise.reject(new NetlinkError('netlink generic request', 2)));
    const failure = resolveGenericFamily(transport, 'IPVS');
    await expect(failure).rejects.toMatchObject({ errnoName: 'ENOENT', message: expect.stringContaining('ip_vs') });
    await expect(resolveGenericFamily(transport, 'other')).rejects.toThrow('generic netlink family other');
  });

  it('passes other failures on', async () => {
    const failure = new NetlinkError('netlink generic request', 1);
    await expect(
      resolveGenericFamily(
        transportThat(() => Promise.reject(failure)),
        'IPVS',
      ),
    ).rejects.toBe(failure);
  });

  it('does not take a reply without a number', async () => {
    const transport = transportThat(async () => answer('0900020049505653', '00000000'));
    await expect(resolveGenericFamily(transport, 'IPVS')).rejects.toThrow(MalformedMessageError);
  });
});
