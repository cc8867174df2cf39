import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ClientProcess } from './client-process.ts';

/** A pod that runs in its own network namespace. */
export interface RunningPod {
  readonly name: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly process: ChildProcess;
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
  readonly #pods = new Map<string, RunningPod>();
  readonly #clients: ClientProcess[] = [];

  /** The bridge, the node's addresses, and forwarding between pods and the outside. */
  setUp(): void {
    const outsideLink = ['link add eth0 type veth peer name eth0 netns outside', 'link set eth0 up'];
    ip([], ['link add cni0 type bridge', 'link set cni0 up', 'netns add outside', ...outsideLink]);
    ip(
      [],
      [
        `address add ${podNetwork.IPv4}.1/24 dev cni0`,
        `address add ${podNetwork.IPv6}:1/64 dev cni0 nodad`,
        `address add ${nodeAddress.IPv4}/24 dev eth0`,
        `address add ${nodeAddress.IPv6}/64 dev eth0 nodad`,
      ],
    );
    ip(
      ['-n', 'outside'],
      ['address add 192.168.7.100/24 dev eth0', 'address add fd00:7::100/64 dev eth0 nodad', 'link set eth0 up'],
    );
    // As every node with a bridge for its pods has it: answers from pod to pod pass through the packet filter and IPVS.
    run('modprobe', ['br_netfilter']);
    run('sysctl', ['-qw', 'net.ipv6.conf.all.forwarding=1']);
  }

  /** Starts a pod; resolves when it answers. The index gives it its name and addresses. */
  async startPod(index: number): Promise<RunningPod> {
    const name = `pod-${index}`;
    const ipv4 = `${podNetwork.IPv4}.${10 + index}`;
    const ipv6 = `${podNetwork.IPv6}:${10 + index}`;
    connectPod(name, index, [`${ipv4}/24`, `${ipv6}/64`]);
    const child = spawn('ip', ['netns', 'exec', name, process.execPath, join(here, 'pod.ts'), name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', () => reject(new Error(`${name} ended before it was ready`)));
    });
    const pod = { name, ipv4, ipv6, process: child };
    this.#pods.set(name, pod);
    return pod;
  }

  /** Lets the pods answer the slow requests that they hold. */
  answerSlowRequests(): void {
    for (const pod of this.#pods.values()) pod.process.kill('SIGUSR2');
  }

  /** Ends the pod at once and removes its network. */
  stopPod(name: string): void {
    this.#pods.get(name)?.process.kill('SIGKILL');
    if (this.#pods.delete(name)) run('ip', ['netns', 'del', name]);
  }

  /** A client on the node itself, outside of the cluster, or in the pod of this name. */
  client(where: string): ClientProcess {
    const namespace = where === 'node' ? [] : ['ip', 'netns', 'exec', where];
    const client = new ClientProcess([...namespace, process.execPath, join(here, 'client.ts')]);
    this.#clients.push(client);
    return client;
  }

  stop(): void {
    for (const pod of this.#pods.values()) pod.process.kill('SIGKILL');
    for (const client of this.#clients) client.stop();
  }
}

function connectPod(name: string, index: number, addresses: readonly string[]): void {
  const link = `veth${index}`;
  const joined = [`link set ${link} master cni0 up`, `link set ${link} type bridge_slave hairpin on`];
  ip([], [`netns add ${name}`, `link add ${link} type veth peer name eth0 netns ${name}`, ...joined]);
  const assigned = addresses.map(
    (address) => `address add ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`,
  );
  const routes = [podNetwork.IPv4 + '.1', podNetwork.IPv6 + ':1'].map((gateway) => `route add default via ${gateway}`);
  ip(['-n', name], [...assigned, 'link set eth0 up', 'link set lo up', ...routes]);
}

function ip(options: readonly string[], commands: readonly string[]): void {
  run('ip', [...options, '-batch', '-'], commands.join('\n'));
}
