import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runHelm } from '../../support/charts/helm.ts';

jest.setTimeout(60_000);

/** A copy of the chart whose notes are an object, for helm shows notes only when it installs. */
const directory = mkdtempSync(join(tmpdir(), 'chart-notes-'));

beforeAll(() => {
  cpSync(join(__dirname, '../../../charts/ipvs-proxier'), directory, { recursive: true });
  const text = readFileSync(join(directory, 'templates/NOTES.txt'), 'utf8');
  writeFileSync(join(directory, 'templates/_notes.tpl'), `{{ define "notes" }}${text}{{ end }}`);
  writeFileSync(join(directory, 'templates/notes.yaml'), 'notes: {{ include "notes" . | toJson }}\n');
  rmSync(join(directory, 'templates/NOTES.txt'));
});

afterAll(() => rmSync(directory, { recursive: true }));

async function notes(...set: readonly string[]): Promise<string> {
  const { stdout, stderr } = await runHelm([
    'template',
    'services',
    directory,
    '--namespace=kube-system',
    '--kube-version=1.36.0',
    '--show-only=templates/notes.yaml',
    ...set.flatMap((assignment) => ['--set', assignment]),
  ]);
  const [, text] = /^notes: (".*")$/m.exec(stdout) ?? [];
  if (text === undefined) throw new Error(stderr);
  return JSON.parse(text);
}

const address = 'apiServer.host=10.0.0.10';

describe('the notes say what to do next', () => {
  it('in mode active: wait, test, look', async () => {
    const text = await notes(address);
    expect(text).toContain('kubectl -n kube-system rollout status daemonset/services-ipvs-proxier\n');
    expect(text).toContain('helm test services --namespace kube-system\n');
    expect(text).toContain('exec ds/services-ipvs-proxier -- ipvs-status -Ln\n');
    expect(text).not.toMatch(/mode=active|every node has to be prepared|keep that ConfigMap/);
  });

  it('in mode observe: read, then take over', async () => {
    const text = await notes(address, 'mode=observe');
    expect(text).toContain('It writes nothing');
    expect(text).toContain('--set mode=takeover\n');
    expect(text).not.toContain('helm test');
  });

  it('in mode takeover: take kube-proxy away without cleaning up, then go active', async () => {
    const text = await notes(address, 'mode=takeover');
    expect(text).toContain('docs/migrating.md');
    expect(text).toContain('Do not run kube-proxy --cleanup');
    expect(text).toContain('--set mode=active\n');
  });

  it('and what is left to the user', async () => {
    const text = await notes('apiServer.kubeProxyConfigMap.name=kube-proxy', 'init.enabled=false');
    expect(text).toContain('every node has to be prepared otherwise');
    expect(text).toContain('ConfigMap kube-proxy: keep that ConfigMap');
  });

  it('and which settings of a pasted configuration are left out', async () => {
    const pasted = (...lines: readonly string[]) => `kubeProxyConfiguration=${lines.join('\n')}`;
    const text = await notes(address, pasted('mode: ipvs', 'clusterCIRD: x', 'ipvs: {strictArp: true}'));
    expect(text).toMatch(/WARNING: kubeProxyConfiguration has .*: clusterCIRD, ipvs\.strictArp\.\nCorrect/);
    expect(await notes(address, pasted('mode: ipvs', 'ipvs: {strictARP: true}'))).not.toContain('WARNING');
  });

  it('the migration guide has the step that they name', () => {
    const page = readFileSync(join(__dirname, '../../../docs/migrating.md'), 'utf8');
    expect(page).toMatch(/^### .*Take kube-proxy away$/m);
  });
});
