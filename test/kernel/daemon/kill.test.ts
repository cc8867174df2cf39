import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import { DaemonProcess } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';
import { list, service } from './manifests.ts';

jest.setTimeout(300_000);

/** Where and when the daemon is killed follows from this number: set it to see the same again. */
const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000);
const kills = 3;
/** Services in each generation. */
const count = 80;
/** Kills spread over so long after a daemon has begun to work: in the lab, about what its first round takes. */
const spreadMs = 2_500;

const node = new LabNode();
afterEach(() => node.clear());
afterAll(() => node.close());

const path = node.write('objects.json', list());
const start = () => new DaemonProcess({ args: [`--manifests=${path}`] });

/** Services with an endpoint each, some of them on node ports; other ones in each generation, but for a third. */
function objects(generation: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index % 3 === 0 ? index : index + generation * count;
    const name = `s${number}`;
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: 'default', name, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: [{ addresses: [`10.244.${generation}.${index + 1}`], conditions: { ready: true } }],
    };
    return [service(name, clusterIp(number)), slice];
  }).flat();
}

const clusterIp = (number: number) => `10.96.${number >> 8}.${number & 255}`;

/** What the kernel is to have of a generation, as the tools print it. */
function expected(generation: number) {
  const numbers = Array.from({ length: count }, (_, index) => (index % 3 === 0 ? index : index + generation * count));
  const sorted = (lines: readonly string[]) => lines.toSorted();
  return {
    servers: sorted(
      numbers.flatMap((number, index) => [
        `-A -t ${clusterIp(number)}:80 -s rr`,
        `-a -t ${clusterIp(number)}:80 -r 10.244.${generation}.${index + 1}:8080 -m -w 1`,
      ]),
    ),
    addresses: sorted(numbers.map((number) => `${clusterIp(number)}/32`)),
    members: sorted(numbers.map((number) => `add KUBE-CLUSTER-IP ${clusterIp(number)},tcp:80`)),
  };
}

async function inKernel() {
  const lines = async (command: string) => (await node.shell.run(command)).split('\n').filter(Boolean).toSorted();
  return {
    servers: await lines('ipvsadm -Sn'),
    addresses: await lines("ip -o -4 addr show dev kube-ipvs0 | sed 's/.* inet \\([^ ]*\\) .*/\\1/'"),
    members: await lines('ipset save KUBE-CLUSTER-IP | grep ^add'),
  };
}

/** Numbers from 0 to 1 that follow from the seed. */
function randomNumbers(): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

it(`comes to the same end when it is killed at any moment and started again (KILL_SEED=${seed})`, async () => {
  const random = randomNumbers();
  for (let generation = 0; generation < kills; generation += 1) {
    node.write('objects.json', list(...objects(generation)));
    const daemon = start();
    await daemon.line(/"Starting ipvs-proxier"/);
    await sleep(random() * spreadMs);
    expect(await daemon.kill()).toBe('SIGKILL');
  }
  const last = start();
  await last.line(new RegExp(`"Round finished" services=${count}`));
  // Endpoints that have gone may drain for a moment.
  for (let look = 0; look < 60 && (await inKernel()).servers.length > 2 * count; look += 1) await sleep(500);
  expect(await inKernel()).toEqual(expected(kills - 1));
  expect(await last.stop()).toMatchObject({ exit: 0 });
  // What the last one has left is complete: the next one finds nothing to write.
  const next = start();
  await next.line(new RegExp(`"Round finished" services=${count}`));
  expect((await next.stop()).output).not.toMatch(/"Applied operations"/);
});
