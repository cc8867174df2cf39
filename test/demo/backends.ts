import type { KubernetesObject, ObjectInput } from '../support/api-server/objects/kubernetes-object.ts';
import type { StoredObjects } from '../support/api-server/stored-objects.ts';
import type { RunningPod, World } from './world.ts';

export interface BackendsOptions {
  readonly objects: StoredObjects;
  readonly world: World;
  readonly nodeName: string;
}

interface Deployment extends KubernetesObject {
  readonly spec?: { readonly replicas?: number; readonly template?: ObjectInput };
}

/**
 * What a cluster's controllers and the kubelet do for one Deployment: as many pods as it has replicas, each of them a
 * process in a network namespace; a deleted one goes on serving for its grace period, and is replaced.
 */
export class Backends {
  readonly #options: BackendsOptions;
  #started = 0;
  #work: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

  constructor(options: BackendsOptions) {
    this.#options = options;
    const { objects } = options;
    objects.watch('deployments', () => this.#lookAgain());
    objects.watch('pods', ({ type, object }) => {
      if (type === 'DELETED') options.world.stopPod(object.metadata.name); // the server does it after the grace period
      this.#lookAgain();
    });
  }

  /** Names of the pods that are to stay. */
  get names(): readonly string[] {
    return this.#living().map((pod) => pod.metadata.name);
  }

  /** Whether there are as many pods as wanted and none is going. Throws what kept a pod from starting. */
  get isSettled(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#living().length === this.#wanted() && !this.#pods().some(isTerminating);
  }

  #lookAgain(): void {
    this.#work = this.#work
      .then(() => this.#reconcile())
      .catch((error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error));
      });
  }

  async #reconcile(): Promise<void> {
    const { objects, world } = this.#options;
    const living = this.#living();
    for (const pod of living.slice(this.#wanted())) objects.delete('pods', keyOf(pod));
    for (let count = living.length; count < this.#wanted(); count++) {
      this.#started += 1;
      this.#publish(await world.startPod(this.#started));
    }
  }

  #publish({ name, ipv4, ipv6 }: RunningPod): void {
    const template = this.#deployment()?.spec?.template;
    this.#options.objects.apply({
      ...template,
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...template?.metadata, name },
      spec: { ...(template?.['spec'] as object), nodeName: this.#options.nodeName },
      status: {
        phase: 'Running',
        podIP: ipv4,
        podIPs: [{ ip: ipv4 }, { ip: ipv6 }],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    });
  }

  #wanted(): number {
    return this.#deployment()?.spec?.replicas ?? 0;
  }

  #deployment(): Deployment | undefined {
    return this.#options.objects.list('deployments')[0];
  }

  #living(): readonly KubernetesObject[] {
    return this.#pods().filter((pod) => !isTerminating(pod));
  }

  #pods(): readonly KubernetesObject[] {
    return [...this.#options.objects.list('pods')].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }
}

function isTerminating(pod: KubernetesObject): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

function keyOf(pod: KubernetesObject): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}
