import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEndpointController } from '../support/endpoint-controller/start-endpoint-controller.ts';
import { startApiServer } from '../support/api-server/start-api-server.ts';
import { Backends } from './backends.ts';
import type { Report } from './report.ts';
import { nodeAddress, World } from './world.ts';

export const nodeName = 'demo-node';

/** The cluster of the demo: an API server with its controllers, one node, its pods, and kubectl. */
export class Cluster {
  readonly directory = mkdtempSync(join(tmpdir(), 'demo-'));
  readonly kubeconfig = join(this.directory, 'kubeconfig');
  readonly world = new World();
  readonly backends: Backends;
  readonly #report: Report;

  private constructor(server: Awaited<ReturnType<typeof startApiServer>>, report: Report) {
    const { objects } = server;
    this.#report = report;
    this.world.setUp();
    writeFileSync(this.kubeconfig, server.kubeconfig);
    const addresses = Object.values(nodeAddress).map((address) => ({ type: 'InternalIP', address }));
    objects.apply({ kind: 'Node', metadata: { name: nodeName }, status: { addresses } });
    startEndpointController({ objects });
    this.backends = new Backends({ objects, world: this.world, nodeName });
  }

  static async start(report: Report): Promise<Cluster> {
    const serviceCidrs = ['10.96.0.0/16', 'fd00:10:96::/112'];
    return new Cluster(await startApiServer({ tokens: ['demo-token'], serviceCidrs }), report);
  }

  /** Runs kubectl and shows it with what it prints. It runs beside this process, which is its API server. */
  kubectl(...args: string[]): Promise<void> {
    this.#report.command(`kubectl ${args.map(quoted).join(' ')}`);
    return new Promise((resolve, reject) => {
      const child = spawn('kubectl', ['--kubeconfig', this.kubeconfig, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let printed = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
      child.once('error', (error) => reject(new Error(`kubectl: ${error.message}`)));
      child.once('close', (code) => {
        this.#report.output(printed);
        if (code === 0) resolve();
        else reject(new Error(`kubectl ${args[0]} ended with ${code}`));
      });
    });
  }

  stop(): void {
    this.world.stop();
  }
}

function quoted(argument: string): string {
  return /[^\w./=,-]/.test(argument) ? `'${argument}'` : argument;
}
