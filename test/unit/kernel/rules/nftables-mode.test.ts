import { expect, it } from '@jest/globals';
import { removeNftablesMode } from '../../../../src/kernel/rules/nftables-mode.ts';
import { type Command, CommandError } from '../../../../src/kernel/rules/run-command.ts';

const answer = (stdout: string, exitCode = 0, stderr = '') => ({ exitCode, stdout, stderr });

it('removes the tables of kube-proxy, and no others', async () => {
  const runs: string[] = [];
  const run = async ({ parameters }: Command) => {
    runs.push(parameters.join(' '));
    return answer(
      runs.length === 1 ? 'table ip nat\ntable ip kube-proxy\ntable ip6 kube-proxy\ntable inet kube-proxy\n' : '',
    );
  };
  expect(await removeNftablesMode(run)).toEqual(['table ip kube-proxy', 'table ip6 kube-proxy']);
  expect(runs).toEqual(['list tables', 'delete table ip kube-proxy', 'delete table ip6 kube-proxy']);
});

it('does nothing where nft is not installed', async () => {
  const run = () => Promise.reject(new CommandError('COMMAND_NOT_FOUND', 'nft: not found'));
  expect(await removeNftablesMode(run)).toEqual([]);
});

it('throws what nft says', async () => {
  const run = async () => answer('', 1, 'Error: Operation not permitted\n');
  await expect(removeNftablesMode(run)).rejects.toThrow(/nft list tables.*Operation not permitted/);
});
