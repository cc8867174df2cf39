import { describe, expect, it } from '@jest/globals';
import { ApiError, ConnectionError, ProtocolError, SilenceError } from '../../../../src/kubernetes/watch/errors.ts';
import { serverFaultOf } from '../../../../src/kubernetes/watch/server-fault.ts';

const status = (code: number, reason = '') => new ApiError('GET /x', code, reason, 'm');

describe('serverFaultOf', () => {
  it.each<[string, Error, string | undefined]>([
    ['no connection', new ConnectionError('r', 'p'), 'unreachable'],
    ['silence', new SilenceError('r', 'p'), 'silent'],
    ['nonsense', new ProtocolError('r', 'p'), 'nonsense'],
    ['401', status(401), 'refused'],
    ['403', status(403), 'refused'],
    ['500', status(500), 'failing'],
    ['503', status(503), 'failing'],
    ['400', status(400), undefined],
    ['404', status(404), undefined],
    ['410', status(410), undefined],
    ['429', status(429), undefined],
    ['a version from the future', status(504, 'ResourceVersionTooLarge'), undefined],
    ['an error of this program', new Error('x'), undefined],
  ])('%s', (_name, error, fault) => {
    expect(serverFaultOf('GET', error)).toBe(fault);
  });

  it('does not count refusals of writes, but connections that they do not get', () => {
    expect(
      [status(403), status(500), new ConnectionError('r', 'p')].map((error) => serverFaultOf('POST', error)),
    ).toEqual([undefined, undefined, 'unreachable']);
  });
});
