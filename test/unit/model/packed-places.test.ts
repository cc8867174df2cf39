import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packPlaces, unpackPlaces } from '../../../src/model/packed-places.ts';

it('keeps once what all names begin with', () => {
  const places = [
    { pod: 'web-6d4b75cb6d-hx2zk', zone: 'europe-1a' },
    { pod: 'web-6d4b75cb6d-p9qlm', zone: 'europe-1b' },
  ];
  expect(packPlaces(places)).toBe('web-6d4b75cb6d-\neurope-1\nhx2zk\na\np9qlm\nb');
  expect(unpackPlaces(packPlaces(places))).toEqual(places);
});

it('is empty where nothing is known', () => {
  expect(packPlaces([])).toBe('');
  expect(packPlaces([{ pod: '', zone: '' }])).toBe('');
  expect(unpackPlaces('')).toEqual([]);
});

it('leaves out names that no pod can have', () => {
  expect(unpackPlaces(packPlaces([{ pod: 'a\nb', zone: 'z' }]))).toEqual([{ pod: '', zone: 'z' }]);
});

it('gives back what it was given', () => {
  const name = fc.oneof(
    fc.constantFrom('', 'web-1', 'web-12', 'web-'),
    fc.string().filter((text) => !text.includes('\n')),
  );
  fc.assert(
    fc.property(fc.array(fc.record({ pod: name, zone: name })), (places) => {
      const known = places.some(({ pod, zone }) => pod !== '' || zone !== '');
      expect(unpackPlaces(packPlaces(places))).toEqual(known ? places : []);
    }),
  );
});
