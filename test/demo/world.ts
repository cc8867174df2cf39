import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { join } from 'node:path';

/** A pod in its own network namespace. */
export interface Pod {
  readonly name: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly process: ChildProcess;
}

export interface ClientRequest {
  readonly url?: string;
  readonly udp?: { readonly host: string; readonly port: number };
  readonly count: number;
}

/** Addresses of the node, on the network that it shares with the outside client. */
export const nodeAddress = { IPv4: '192.168.7.1', IPv6: 'fd00:7::1' };

const here = import.meta.dirname;
const podNetwork = { IPv4: '10.244.1', IPv6: 'fd00:10:244:1:' };

/** Runs a program and returns what it printed; throws with its error text when it fails. */
export function run(program: string, args: readonly string[], input?: string): string {
  return execFileSync(program, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'] });
}

/**
 * The network of the demo, in this (throw-away) world: a bridge with pods behind it, each a network namespace, and one
 * client outside of the cluster, which reaches the node only.
 */
export class World {
  readonly pods: Pod[] = [];
  readonly #clients: Client[] = [];

  /** The bridge, the node's addresses, and forwarding between pods and the outside. */
  setUp(): void {
    run(
      'ip',
      ['-batch', '-'],
      [
        'link add cni0 type bridge',
        `address add ${podNetwork.IPv4}.1/24 dev cni0`,
        `address add ${podNetwork.IPv6}:1/64 dev cni0 nodad`,
        'link set cni0 up',
        'netns add outside',
        'link add eth0 type veth peer name eth0 netns outside',
        `address add ${nodeAddress.IPv4}/24 dev eth0`,
        `address add ${nodeAddress.IPv6}/64 dev eth0 nodad`,
        'link set eth0 up',
      ].join('\n'),
    );
    run(
      'ip',
      ['-n', 'outside', '-batch', '-'],
      [
        'address add 192.168.7.100/24 dev eth0',
        'address add fd00:7::100/64 dev eth0 nodad',
        'link set eth0 up',
        'link set lo up',
      ].join('\n'),
    );
    run('sysctl', ['-qw', 'net.ipv6.conf.all.forwarding=1']);
  }

  /** Starts pods until there are this many. */
  async growTo(count: number): Promise<void> {
    while (this.pods.length < count) this.pods.push(await this.#startPod(this.pods.length + 1));
  }

  /** Ends the pod and removes its network. */
  stopPod(pod: Pod): void {
    this.pods.splice(this.pods.indexOf(pod), 1);
    pod.process.kill('SIGKILL');
    run('ip', ['netns', 'del', pod.name]);
  }

  /** A client on the node itself, in a pod, or outside. */
  client(where: 'node' | 'outside' | Pod): Client {
    const namespace = where === 'node' ? [] : ['ip', 'netns', 'exec', where === 'outside' ? 'outside' : where.name];
    const client = new Client([...namespace, process.execPath, join(here, 'client.ts')]);
    this.#clients.push(client);
    return client;
  }

  stop(): void {
    for (const pod of this.pods) pod.process.kill('SIGKILL');
    for (const client of this.#clients) client.stop();
  }

  async #startPod(index: number): Promise<Pod> {
    const name = `pod-${index}`;
    const ipv4 = `${podNetwork.IPv4}.${10 + index}`;
    const ipv6 = `${podNetwork.IPv6}:${10 + index}`;
    run(
      'ip',
      ['-batch', '-'],
      [
        `netns add ${name}`,
        `link add veth${index} type veth peer name eth0 netns ${name}`,
        `link set veth${index} master cni0 up`,
        `link set veth${index} type bridge_slave hairpin on`,
      ].join('\n'),
    );
    run(
      'ip',
      ['-n', name, '-batch', '-'],
      [
        `address add ${ipv4}/24 dev eth0`,
        `address add ${ipv6}/64 dev eth0 nodad`,
        'link set eth0 up',
        'link set lo up',
        `route add default via ${podNetwork.IPv4}.1`,
        `route add default via ${podNetwork.IPv6}:1`,
      ].join('\n'),
    );
    const child = spawn('ip', ['netns', 'exec', name, process.execPath, join(here, 'pod.ts'), name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', () => reject(new Error(`${name} ended before it was ready`)));
    });
    return { name, ipv4, ipv6, process: child };
  }
}

/** A process that makes requests where it runs. One request at a time. */
export class Client {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(command: readonly string[]) {
    const [program = '', ...args] = command;
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
  }

  /** Makes the requests one after the other; what came back, or `error: CODE`. */
  ask(request: ClientRequest): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the client has ended'));
      this.#child.once('exit', ended);
      this.#lines.once('line', (line) => {
        this.#child.off('exit', ended);
        resolve(JSON.parse(line) as string[]);
      });
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
