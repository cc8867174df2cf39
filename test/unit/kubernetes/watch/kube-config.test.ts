import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '../../../../src/observe/log.ts';
import { ApiConnection } from '../../../../src/kubernetes/watch/api-connection.ts';
import { openKubeConfig } from '../../../../src/kubernetes/watch/kube-config.ts';
import { KubeClient } from '../../../../src/kubernetes/watch/kube-client.ts';
import { TokenBucket } from '../../../../src/kubernetes/watch/token-bucket.ts';
import { CertificateAuthority } from '../../../support/api-server/tls/certificate.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { onlyServer } from '../../../support/only-server.ts';
import { answer, refuse, ScriptedServer } from './scripted-server.ts';

let directory = '';
let clock = new ManualClock();
const at = (name: string) => join(directory, name);

beforeEach(async () => {
  clock = new ManualClock();
  directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
}

/** Writes a kubeconfig and opens it. */
async function open(parts: Parts, master = '') {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443/', ...parts.cluster } }],
    users: [{ name: 'u', user: parts.user ?? {} }],
  };
  await writeFile(at('config'), JSON.stringify(config));
  return await openKubeConfig(at('config'), master, clock);
}

const authorities = [new CertificateAuthority('one'), new CertificateAuthority('two')] as const;
const [authority] = authorities;
const pairs = authorities.map((each) => each.issue({ commonName: 'node', usage: 'client' }));
const pair = authority.issue({ commonName: 'node', usage: 'client' });
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('openKubeConfig', () => {
  it('reads what is in the file itself', async () => {
    const source = await open({
      cluster: { 'certificate-authority-data': base64(authority.certificate), 'tls-server-name': 'api.test' },
      user: {
        'client-certificate-data': base64(pair.certificate),
        'client-key-data': base64(pair.key),
        token: 'secret',
      },
    });
    expect(source.server).toBe('https://10.0.0.1:6443');
    expect(await source.read(false)).toEqual({
      ca: authority.certificate,
      cert: pair.certificate,
      key: pair.key,
      serverName: 'api.test',
      verifyServer: true,
      headers: { Authorization: 'Bearer secret' },
    });
  });

  it('reads the files it names each time, relative to itself', async () => {
    const write = async (index: 0 | 1) => {
      await writeFile(at('ca'), authorities[index].certificate);
      await writeFile(at('cert'), pairs[index]?.certificate ?? '');
      await writeFile(at('key'), pairs[index]?.key ?? '');
      await writeFile(at('token'), `token-${index}\n`);
    };
    await write(0);
    const source = await open({
      cluster: { 'certificate-authority': 'ca' },
      user: { 'client-certificate': 'cert', 'client-key': at('key'), tokenFile: 'token' },
    });
    for (const index of [0, 1] as const) {
      await write(index);
      expect(await source.read(false)).toEqual({
        ca: authorities[index].certificate,
        cert: pairs[index]?.certificate,
        key: pairs[index]?.key,
        verifyServer: true,
        headers: { Authorization: `Bearer token-${index}` },
      });
    }
  });

  it.each([
    ['https://other:443', 'https://other:443'],
    ['other:443', 'https://other:443'],
  ])('takes the server from master %s and forgets the name in its certificate', async (master, expected) => {
    const cluster = { 'tls-server-name': 'api.test', 'certificate-authority-data': base64(authority.certificate) };
    const source = await open({ cluster }, master);
    expect(source.server).toBe(expected);
    expect(await source.read(false)).toEqual({ ca: authority.certificate, verifyServer: true, headers: {} });
  });

  it('accepts servers without TLS, and servers that are not checked', async () => {
    expect((await open({ cluster: { server: 'http://10.0.0.1:8080' }, user: { token: 'x' } })).server).toBe(
      'http://10.0.0.1:8080',
    );
    const unchecked = await open({ cluster: { 'insecure-skip-tls-verify': true } });
    expect(await unchecked.read(false)).toEqual({ verifyServer: false, headers: {} });
  });

  it('knows passwords and impersonation', async () => {
    const source = await open({ user: { username: 'me', password: 'pw', as: 'you' } });
    expect((await source.read(false)).headers).toEqual({
      Authorization: `Basic ${base64('me:pw')}`,
      'Impersonate-User': 'you',
    });
  });

  it('runs a credential plugin beside it, keeps its answer, and asks again when that is refused', async () => {
    const script = `#!/bin/sh
echo run >> ${at('runs')}
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t%s-%s"}}' \\
  "$(wc -l < ${at('runs')})" "$(echo "$KUBERNETES_EXEC_INFO" | grep -c https://10.0.0.1:6443)"
`;
    await writeFile(at('plugin'), script);
    await chmod(at('plugin'), 0o755);
    const source = await open({
      user: {
        exec: {
          command: './plugin',
          apiVersion: 'client.authentication.k8s.io/v1',
          interactiveMode: 'Never',
          provideClusterInfo: true,
        },
      },
    });
    const tokens = [await source.read(false), await source.read(false), await source.read(true)];
    expect(tokens.map((credentials) => credentials.headers['Authorization'])).toEqual([
      'Bearer t1-1',
      'Bearer t1-1',
      'Bearer t2-1',
    ]);
  });

  it('rejects when a file is missing later, or a plugin fails', async () => {
    await writeFile(at('token'), 't');
    const source = await open({ user: { tokenFile: 'token' } });
    await rm(at('token'));
    await expect(source.read(false)).rejects.toThrow('token');
    const failing = await open({
      user: { exec: { command: '/bin/false', apiVersion: 'client.authentication.k8s.io/v1' } },
    });
    await expect(failing.read(false)).rejects.toThrow(
      'credential plugin /bin/false: ended with exit code 1: it wrote no reason',
    );
  });

  it.each<[string, string, string | RegExp]>([
    ['no YAML', 'a:\n  b: {c\nd: e\n', /^kubeconfig \S+\/config:3:1: is no YAML: [^\n]*$/],
    ['empty', '', 'is not a YAML mapping'],
    ['without current-context', 'kind: Config\n', 'current-context is not set'],
    ['with a context that is not there', 'current-context: x\n', 'context "x" does not exist'],
    [
      'with a cluster that is not there',
      'current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n',
      'cluster "c" does not exist',
    ],
    [
      'with a user that is not there',
      'current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: a}}]\n',
      'user "u" does not exist',
    ],
  ])('refuses a file that is %s', async (_name, text, problem) => {
    await writeFile(at('config'), text);
    const opening = openKubeConfig(at('config'), '', clock);
    await expect(opening).rejects.toMatchObject({ code: 'API_CLIENT_CONFIG' });
    await expect(openKubeConfig(at('config'), '', clock)).rejects.toThrow(problem);
  });

  it.each<[string, Parts, RegExp]>([
    [
      'a server that is no URL',
      { cluster: { server: 'https://a b' } },
      /server of cluster "c": https:\/\/a b is no URL/,
    ],
    ['a server of another scheme', { cluster: { server: 'ftp://a' } }, /server of cluster "c": ftp:\/\/a is no URL/],
    ['a server with a password', { cluster: { server: 'https://u:p@a' } }, /server of cluster "c": only scheme/],
    [
      'a certificate that is checked and is not',
      { cluster: { 'insecure-skip-tls-verify': true, 'certificate-authority-data': base64(authority.certificate) } },
      /insecure-skip-tls-verify of cluster "c": .*remove one/,
    ],
    ['a certificate without a key', { user: { 'client-certificate-data': 'eA==' } }, /client-key is missing/],
    ['a key without a certificate', { user: { 'client-key-data': 'eA==' } }, /client-certificate is missing/],
    [
      'an authority that is no certificate',
      { cluster: { 'certificate-authority-data': base64('oops') } },
      /certificate-authority is no certificate in PEM format; certificate-authority-data holds the base64/,
    ],
    [
      'a client certificate that is none',
      { user: { 'client-certificate-data': base64('oops'), 'client-key-data': base64(pair.key) } },
      /client-certificate is no certificate in PEM/,
    ],
    [
      'a client key that is none',
      { user: { 'client-certificate-data': base64(pair.certificate), 'client-key-data': base64('oops') } },
      /client-key is no private key in PEM/,
    ],
    [
      'a client key of another certificate',
      {
        user: {
          'client-certificate-data': base64(pair.certificate),
          'client-key-data': base64(pairs[1]?.key ?? ''),
        },
      },
      /client-key does not belong to client-certificate/,
    ],
    [
      'a proxy that is none',
      { cluster: { 'proxy-url': 'socks5://p' } },
      /proxy-url of cluster "c": socks5:\/\/p is no/,
    ],
    ['a plugin without a program', { user: { exec: {} } }, /exec.command of user "u": is missing/],
    ['a plugin of another API', { user: { exec: { command: 'x', apiVersion: 'v1' } } }, /exec.apiVersion .*v1 is not/],
    [
      'a plugin that needs a terminal',
      { user: { exec: { command: 'x', interactiveMode: 'Always' } } },
      /exec.interactiveMode of user "u": Always needs a terminal/,
    ],
  ])('refuses %s', async (_name, parts, problem) => {
    await expect(open(parts)).rejects.toMatchObject({ code: 'API_CLIENT_CONFIG' });
    await expect(open(parts)).rejects.toThrow(problem);
  });

  it.each([
    ['certificate', `${pair.certificate}${pair.key}`],
    ['key', `# of the kubelet\n${pair.key}${pair.certificate}`],
  ])('takes certificate and key from one file, as kubelets write it, the %s first', async (_name, both) => {
    await writeFile(at('both.pem'), both);
    const source = await open({ user: { 'client-certificate': 'both.pem', 'client-key': 'both.pem' } });
    expect(await source.read(false)).toMatchObject({ cert: both, key: both });
  });

  it('knows the proxy of the cluster', async () => {
    expect(await open({ cluster: { 'proxy-url': 'http://u:p@proxy:3128' } })).toMatchObject({
      proxyUrl: 'http://u:p@proxy:3128',
    });
  });

  it('takes an empty file for one that is being written', async () => {
    for (const name of ['ca', 'token']) await writeFile(at(name), name === 'ca' ? authority.certificate : 't');
    const source = await open({ cluster: { 'certificate-authority': 'ca' }, user: { tokenFile: 'token' } });
    await writeFile(at('ca'), '');
    await expect(source.read(false)).rejects.toThrow('certificate-authority is empty');
    await writeFile(at('ca'), authority.certificate);
    await writeFile(at('token'), ' \n');
    await expect(source.read(false)).rejects.toThrow(/token file \S+ is empty/);
  });

  it('refuses a file that is missing', async () => {
    await expect(openKubeConfig(at('none'), '', clock)).rejects.toThrow(/none: does not exist; .*--kubeconfig/);
  });
});

describe('openKubeConfig and the files that it names', () => {
  it.each<[string, Parts, RegExp]>([
    ['certificate-authority', { cluster: { 'certificate-authority': 'no' } }, /cluster "c": \S+\/no does not exist/],
    [
      'client-certificate',
      { user: { 'client-certificate': 'no', 'client-key': 'no' } },
      /user "u": \S+\/no does not exist/,
    ],
    ['client-key', { user: { 'client-key': '.', 'client-certificate-data': 'eA==' } }, /user "u": \S+ is a directory/],
    ['tokenFile', { user: { tokenFile: 'no' } }, /user "u": \S+\/no does not exist/],
  ])('refuses a %s that cannot be read', async (field, parts, problem) => {
    await expect(open(parts)).rejects.toMatchObject({ code: 'API_CLIENT_CONFIG' });
    await expect(open(parts)).rejects.toThrow(field);
    await expect(open(parts)).rejects.toThrow(problem);
  });

  it('does not ask for a file whose content is in the kubeconfig', async () => {
    const cluster = { 'certificate-authority': 'no', 'certificate-authority-data': base64(authority.certificate) };
    expect(await (await open({ cluster })).read(false)).toMatchObject({ ca: authority.certificate });
  });
});

describe('openKubeConfig with a server', () => {
  it('leads to it over TLS with a client certificate, and with a token that was rotated', async () => {
    const serverPair = authority.issue({ commonName: 'api', usage: 'server', subjectAltNames: ['127.0.0.1'] });
    const server = new ScriptedServer(
      [answer(200, {}), refuse(401, 'Unauthorized'), answer(200, { rotated: true })],
      (listener) =>
        createServer(
          {
            cert: serverPair.certificate,
            key: serverPair.key,
            ca: authority.certificate,
            requestCert: true,
            rejectUnauthorized: true,
          },
          listener,
        ),
    );
    const port = await server.listen();
    await writeFile(at('token'), 'old');
    const source = await open({
      cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': base64(authority.certificate) },
      user: {
        'client-certificate-data': base64(pair.certificate),
        'client-key-data': base64(pair.key),
        tokenFile: at('token'),
      },
    });
    const connection = new ApiConnection({ source, clock, log: silentLog });
    const limiter = new TokenBucket({ clock, perSecond: -1, burst: 0 });
    const client = new KubeClient({
      connection,
      servers: onlyServer(source.server),
      clock,
      limiter,
      userAgent: 'test',
    });
    const { signal } = new AbortController();
    await client.getJson('/1', signal);
    await writeFile(at('token'), 'new');
    expect((await client.getJson('/2', signal)).value).toEqual({ rotated: true });
    expect(server.requests.map((request) => request.headers.authorization)).toEqual([
      'Bearer old',
      'Bearer old',
      'Bearer new',
    ]);
    connection.close();
    await server.close();
  });
});
