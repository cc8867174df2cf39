import { familyOf } from '../../model/ip.ts';
import type { ServiceLine } from '../../model/status-protocol.ts';
import { askDaemon } from '../ipvs-status/status-client.ts';
import type { AskedAddress, HolderAt } from './find-service.ts';

/** A local socket answers at once; without an answer the API server is asked for all Services. */
const patienceMs = 500;

/** The Service that the daemon on this socket serves at an address; of several protocols any. Never rejects. */
export async function askHolder(socket: string, { address, port, protocol }: AskedAddress): ReturnType<HolderAt> {
  if (socket === '') return undefined;
  const host = familyOf(address) === 'IPv6' ? `[${address}]` : address;
  const answer = await askDaemon({ socket, service: '', namespace: '', virtualServer: `${host}:${port}` }, patienceMs);
  if (answer.kind === 'away') return undefined;
  const services = answer.lines.filter((line): line is ServiceLine => line.kind === 'service');
  const speaks = ({ ports }: ServiceLine) =>
    ports.some((each) => each.protocol === protocol && (each.port === port || each.nodePort === port));
  return protocol === undefined ? services[0] : services.find(speaks);
}
