/** How a client reaches the server and who it is. */
export interface KubeconfigOptions {
  readonly server: string;
  /** PEM. */
  readonly ca?: string | undefined;
  readonly token?: string | undefined;
  /** Path of a file with the token, read by the client. */
  readonly tokenFile?: string | undefined;
  readonly clientCertificate?: { readonly certificate: string; readonly key: string } | undefined;
}

/** The text of a kubeconfig file with one cluster, one user and one context. */
export function kubeconfigText(options: KubeconfigOptions): string {
  const { server, ca, token, tokenFile, clientCertificate } = options;
  const user = [
    ...line('token', token),
    ...line('tokenFile', tokenFile),
    ...line('client-certificate-data', base64(clientCertificate?.certificate)),
    ...line('client-key-data', base64(clientCertificate?.key)),
  ];
  return [
    'apiVersion: v1',
    'kind: Config',
    'current-context: local',
    'contexts:',
    '- name: local',
    '  context: {cluster: local, user: local, namespace: default}',
    'clusters:',
    '- name: local',
    '  cluster:',
    ...line('server', server),
    ...line('certificate-authority-data', base64(ca)),
    'users:',
    '- name: local',
    ...(user.length === 0 ? ['  user: {}'] : ['  user:', ...user]),
    '',
  ].join('\n');
}

function line(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`    ${name}: ${JSON.stringify(value)}`];
}

function base64(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'utf8').toString('base64');
}
