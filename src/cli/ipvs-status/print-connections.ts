import type { ListedConnection } from '../../kernel/drivers.ts';
import { type EndpointNames, endpointText } from './endpoint-names.ts';

/** The two lines above a listing of connections. */
export function connectionsHeading(withEngines: boolean): string {
  const engines = withEngines ? '        pe name          pe_data' : '';
  return `IPVS connection entries\npro expire state       source             virtual            destination${engines}\n`;
}

/** The line of a connection. */
export function connectionLine(connection: ListedConnection, names: EndpointNames, withEngines: boolean): string {
  const { protocol, state, persistenceEngine, persistenceData = '' } = connection;
  const [source, virtual, destination] = [connection.source, connection.virtual, connection.destination].map((end) =>
    endpointText(names, end, protocol),
  ) as [string, string, string];
  const beginning = `${protocol.padEnd(3)} ${expiryText(connection.expiresSeconds).padEnd(6)} ${state.padEnd(11)}`;
  const ends = `${source.padEnd(18)} ${virtual.padEnd(18)}`;
  if (!withEngines || persistenceEngine === undefined) return `${beginning} ${ends} ${destination}\n`;
  return `${beginning} ${ends} ${destination.padEnd(16)} ${persistenceEngine.padEnd(18)} ${persistenceData}\n`;
}

/** Minutes and seconds; a little more than an hour is `61:05`. */
function expiryText(seconds: number): string {
  const minutes = String(Math.floor(seconds / 60)).padStart(2, '0');
  return `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}
