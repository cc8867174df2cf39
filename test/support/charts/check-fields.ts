import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** What is wrong with the fields of objects, a line each, by the field tables of the Kubernetes API. */
export function checkFields(manifests: readonly object[]): Promise<readonly string[]> {
  const node = join(__dirname, '..', '..', '..', 'node_modules', '.bin', 'node');
  return new Promise((resolve, reject) => {
    const child = execFile(node, [join(__dirname, 'manifest-fields.ts')], { maxBuffer: 2 ** 24 }, (error, stdout) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(error);
    });
    child.stdin?.end(JSON.stringify(manifests));
  });
}
