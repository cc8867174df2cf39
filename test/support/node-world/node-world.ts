import { Programs } from '../programs.ts';
import type { Shell } from '../shell.ts';
import { buildNetwork, type PodName, removeNetwork } from './network.ts';
import { Peer } from './peer.ts';

/** The network with a program in every pod, on the node and outside. */
export class NodeWorld {
  readonly programs: Programs;
  readonly pods: Readonly<Record<PodName, Peer>>;
  /** A process on the node itself. */
  readonly node: Peer;
  readonly outside: Peer;

  private constructor(programs: Programs) {
    this.programs = programs;
    const pod = (name: PodName) => new Peer(name, `pod-${name}`);
    this.pods = { a: pod('a'), b: pod('b'), c: pod('c'), d: pod('d') };
    this.node = new Peer('node');
    this.outside = new Peer('outside', 'outside');
  }

  get shell(): Shell {
    return this.programs.shell;
  }

  /** Builds the network and starts the peers; pods listen on TCP 8080 and UDP 5353. */
  static async open(): Promise<NodeWorld> {
    const programs = new Programs();
    await buildNetwork(programs.shell);
    const world = new NodeWorld(programs);
    await Promise.all(Object.values(world.pods).map((pod) => pod.listen({ tcp: [8080], udp: [5353] })));
    return world;
  }

  /** Ends the peers and takes everything away again. */
  async close(): Promise<void> {
    for (const peer of [...Object.values(this.pods), this.node, this.outside]) peer.stop();
    await removeNetwork(this.shell);
    this.programs.close();
  }
}
