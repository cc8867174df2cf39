import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { DaemonProcess, runDaemon } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';

const node = new LabNode();
afterEach(() => DaemonProcess.killAll());
afterAll(() => node.close());

const good = `apiVersion: v1
kind: Config
current-context: here
contexts:
- name: here
  context: {cluster: c, user: u}
clusters:
- name: c
  cluster: {server: "https://127.0.0.1:6443"}
users:
- name: u
  user: {token: secret}
`;

describe('a kubeconfig that cannot be used ends the daemon with exit code 1 and one line', () => {
  it.each<[string, string, RegExp]>([
    ['is no YAML', good.replace('user: u}', 'user: u'), /kubeconfig \S+\/config:\d+:\d+: is no YAML: [^\n]+"$/],
    ['is empty', '', /kubeconfig \S+\/config: is not a YAML mapping/],
    ['names a context that is not there', good.replace(': here', ': there'), /context \\"there\\" does not exist/],
    ['names a user that is not there', good.replace('name: u', 'name: x'), /user \\"u\\" does not exist/],
    ['names a cluster that is not there', good.replace('name: c', 'name: x'), /cluster \\"c\\" does not exist/],
    [
      'names a certificate authority that is not there',
      good.replace('{server', '{certificate-authority: no.crt, server'),
      /certificate-authority of cluster \\"c\\": \S+\/no\.crt does not exist/,
    ],
  ])('when it %s', async (_name, text, words) => {
    const { exit, errors } = await runDaemon({ args: [`--kubeconfig=${node.write('config', text)}`] });
    expect({ exit, errors }).toEqual({ exit: 1, errors: [expect.stringMatching(words)] });
    expect(await node.isUntouched()).toBe(true);
  });

  it('when it is missing', async () => {
    const { exit, errors } = await runDaemon({ args: ['--kubeconfig=/none/config'] });
    const words =
      'kubeconfig /none/config: does not exist; it is what --kubeconfig or clientConnection.kubeconfig names';
    expect({ exit, errors }).toEqual({ exit: 1, errors: [expect.stringContaining(words)] });
  });

  it('when none is given, outside of a pod', async () => {
    const environment = { KUBERNETES_SERVICE_HOST: '', KUBERNETES_SERVICE_PORT: '' };
    const { exit, errors } = await runDaemon({ args: [], environment });
    const words = 'neither a kubeconfig nor --master is given, and this is not a pod';
    expect({ exit, errors }).toEqual({ exit: 1, errors: [expect.stringContaining(words)] });
  });
});
