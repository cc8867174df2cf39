import { describe, expect, it } from '@jest/globals';
import { type RunGit, sourceState } from '../../../.build/source-state.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const other = 'f'.repeat(40);

/** A repository at the commit, of 2026-11-21, whose files may differ. */
const repository =
  (described: string): RunGit =>
  (command) =>
    command === 'describe' ? described : '1795300496';
const noRepository: RunGit = () => undefined;

describe('the state of the source', () => {
  it('is that of the repository', () => {
    expect(sourceState({}, repository(commit))).toEqual({ commit, treeState: 'clean', date: '2026-11-21T22:34:56Z' });
    expect(sourceState({}, repository(`${commit}-dirty`))).toMatchObject({ commit, treeState: 'dirty' });
  });

  it('is unknown where there is none', () => {
    const unknown = { commit: 'unknown', treeState: '', date: 'unknown' };
    expect(sourceState({}, noRepository)).toEqual(unknown);
    expect(sourceState({ SOURCE_COMMIT: '', SOURCE_DATE_EPOCH: '' }, noRepository)).toEqual(unknown);
  });

  it('is what the environment says, where it says so', () => {
    const environment = { SOURCE_COMMIT: `${other}-dirty`, SOURCE_DATE_EPOCH: '0' };
    const told = { commit: other, treeState: 'dirty', date: '1970-01-01T00:00:00Z' };
    expect(sourceState(environment, noRepository)).toEqual(told);
    expect(sourceState(environment, repository(commit))).toEqual(told);
    expect(sourceState({ SOURCE_DATE_EPOCH: '0' }, repository(commit))).toMatchObject({ commit, date: told.date });
  });

  it.each([
    ['a commit', { SOURCE_COMMIT: 'main' }, 'SOURCE_COMMIT is no commit: main'],
    ['a short commit', { SOURCE_COMMIT: '0123456' }, 'SOURCE_COMMIT is no commit'],
    [
      'a number of seconds',
      { SOURCE_DATE_EPOCH: '2026-11-21' },
      'SOURCE_DATE_EPOCH is no number of seconds: 2026-11-21',
    ],
  ])('is refused for what is not %s', (_name, environment, words) => {
    expect(() => sourceState(environment, noRepository)).toThrow(words);
  });
});
