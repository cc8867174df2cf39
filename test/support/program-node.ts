import { NodeTracker } from '../../src/app/objects/node-tracker.ts';
import { rulePlanner } from '../../src/app/rounds/rule-planner.ts';
import { readObjects } from '../../src/app/tools/read-objects.ts';
import { noDaemon, toolSettings } from '../../src/app/tools/tool-settings.ts';
import { ipFamilies } from '../../src/model/ip.ts';
import { silentLog } from '../../src/observe/log.ts';
import { Reconciler } from '../../src/reconcile/reconciler.ts';
import type { FakeKernel } from './fake-kernel.ts';
import { ManualClock } from './manual-clock.ts';
import { RecordingObserver } from './recording-observer.ts';

/** One Node, a Service with a node port and two endpoints, and one without any, as kubectl prints them. */
export const objectsYaml = `
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: node-1}
  status: {addresses: [{type: InternalIP, address: 192.168.7.1}]}
- apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: default}
  spec: {type: NodePort, clusterIP: 10.96.0.80, ports: [{name: http, port: 80, nodePort: 30080, protocol: TCP}]}
- apiVersion: v1
  kind: Service
  metadata: {name: empty, namespace: default}
  spec: {type: ClusterIP, clusterIP: 10.96.0.81, ports: [{name: http, port: 80, protocol: TCP}]}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
  addressType: IPv4
  ports: [{name: http, port: 8080, protocol: TCP}]
  endpoints:
  - {addresses: [10.244.1.5], nodeName: node-1}
  - {addresses: [10.244.2.6], nodeName: node-2}
`;

/** Gives the fake kernel what the daemon would give it for these objects. */
export async function programNode(kernel: FakeKernel, yaml: string, flags: readonly string[]): Promise<void> {
  const readFile = () => yaml;
  const tool = toolSettings({ daemonFlags: flags, options: new Map() }, { readFile }, noDaemon);
  const { tables } = await readObjects(tool, ['objects'], { readFile });
  const { config } = tool.settings;
  const { drivers } = kernel;
  const reconciler = new Reconciler({
    tables,
    drivers,
    config,
    families: ipFamilies,
    planRules: rulePlanner({
      config,
      driver: { capabilities: async () => ({ randomFully: true, missing: new Set() }) },
      podCidrs: () => [],
      log: silentLog,
    }),
    clock: new ManualClock(),
    observer: new RecordingObserver(),
    breathe: async () => {},
  });
  const { nodeName } = tool;
  const tracker = new NodeTracker({ tables, driver: drivers.address, config, nodeName, families: ipFamilies });
  await reconciler.plan(tables.serviceKeys(), (await tracker.update()).facts);
  await reconciler.apply();
}
