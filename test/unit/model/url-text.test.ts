import { expect, it } from '@jest/globals';
import { withoutCredentials } from '../../../src/model/url-text.ts';

it.each([
  ['http://user:secret@proxy:3128', 'http://proxy:3128'],
  ['https://secret@10.0.0.1:6443/path?a=b@c', 'https://10.0.0.1:6443/path?a=b@c'],
  ['https://user:sec@ret@host', 'https://host'],
  ['user:secret@host:1', 'host:1'],
  ['https://user:secret@host:not-a-port', 'https://host:not-a-port'],
  ['https://host/a@b', 'https://host/a@b'],
  ['10.0.0.1', '10.0.0.1'],
  ['', ''],
])('shows %s as %s', (url, shown) => {
  expect(withoutCredentials(url)).toBe(shown);
});
