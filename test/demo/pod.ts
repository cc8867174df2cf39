// A pod of the demo: answers HTTP on 8080 and UDP on 5353 with its name. /slow is answered when SIGUSR2 comes. argv: name
import { createSocket } from 'node:dgram';
import { createServer, type ServerResponse } from 'node:http';

const name = process.argv[2] ?? 'pod';
const held: ServerResponse[] = [];
const server = createServer((request, response) => {
  response.setHeader('connection', 'close');
  if (request.url === '/slow') held.push(response);
  else response.end(name);
});
process.on('SIGUSR2', () => {
  for (const response of held.splice(0)) response.end(name);
});
const socket = createSocket({ type: 'udp6' }, (_message, from) => {
  socket.send(name, from.port, from.address);
});
server.listen(8080, '::', () => socket.bind(5353, '::', () => process.stdout.write('ready\n')));
